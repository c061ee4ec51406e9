//! The recent past of the world, for reads that lag behind.
//!
//! Holds nothing while no lag is set, so that an unlagged simulator copies nothing.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::model::{Millis, World};

/// Snapshots, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    snapshots: VecDeque<(Millis, Arc<World>)>,
}

impl History {
    /// Remembers how the world is at `now`, as far back as `lag` needs.
    pub(crate) fn remember(&mut self, now: Millis, lag: Millis, world: &Arc<World>) {
        if lag == 0 {
            self.snapshots.clear();
            return;
        }
        self.snapshots.push_back((now, Arc::clone(world)));
        let horizon = now.saturating_sub(lag);
        while self.snapshots.get(1).is_some_and(|(at, _)| *at <= horizon) {
            self.snapshots.pop_front();
        }
    }

    /// Makes sure there is a past to show: what is now becomes the oldest that can be seen.
    pub(crate) fn begin(&mut self, now: Millis, lag: Millis, world: &Arc<World>) {
        if lag > 0 && self.snapshots.is_empty() {
            self.snapshots.push_back((now, Arc::clone(world)));
        }
    }

    /// The world as it was `lag` before `now`; `current` without a lag or a past.
    pub(crate) fn seen(&self, now: Millis, lag: Millis, current: &Arc<World>) -> Arc<World> {
        if lag == 0 {
            return Arc::clone(current);
        }
        let horizon = now.saturating_sub(lag);
        let seen =
            self.snapshots.iter().rev().find(|(at, _)| *at <= horizon).or_else(|| self.snapshots.front());
        Arc::clone(seen.map_or(current, |(_, world)| world))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::History;
    use crate::model::{Arns, World};

    fn world(clusters: &[&str]) -> Arc<World> {
        let mut world = World::new(Arns { region: "us-east-1".into(), account_id: "1".into() }, 1);
        clusters.iter().for_each(|name| world.ensure_cluster(name));
        Arc::new(world)
    }

    #[test]
    fn a_read_sees_the_world_of_that_long_ago() {
        let (empty, one, two) = (world(&[]), world(&["a"]), world(&["a", "b"]));
        let mut history = History::default();
        history.begin(1_000, 100, &empty);
        history.remember(1_010, 100, &one);
        history.remember(1_050, 100, &two);
        let seen_at = |now| history.seen(now, 100, &two).clusters.len();
        assert_eq!(
            [seen_at(1_020), seen_at(1_100), seen_at(1_110), seen_at(1_149), seen_at(1_150)],
            [0, 0, 1, 1, 2]
        );
        assert_eq!(history.seen(1_020, 0, &two).clusters.len(), 2);
    }

    #[test]
    fn nothing_is_kept_without_a_lag_and_old_snapshots_go() {
        let mut history = History::default();
        history.begin(1, 0, &world(&[]));
        history.remember(2, 0, &world(&[]));
        assert_eq!(history.snapshots.len(), 0);
        for at in 0..100 {
            history.remember(1_000 + at * 10, 50, &world(&[]));
        }
        assert!(history.snapshots.len() <= 7, "{}", history.snapshots.len());
    }
}
