//! News for pages that are open: one loop looks at the table for all of them, and only while there is one. What is sent is
//! a mark; a page whose mark is another fetches itself again. Must never hold anything that a page shows, so that news
//! can be lost and doubled without harm.

use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use futures::stream::{self, Stream, StreamExt as _};
use lockstep_events::DeploymentId;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::marks::Marks;
use super::read;
use super::server::{Dashboard, LISTENERS, LOOK_EVERY};

/// What the last look came to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    /// Nobody has looked since somebody listens.
    Nothing,
    /// These marks.
    Marks(Arc<Marks>),
    /// The table cannot be read.
    Trouble,
}

/// The loop's side and the listeners'.
pub(super) struct Live {
    seen: watch::Sender<Seen>,
    wanted: Notify,
}

impl Live {
    pub(super) fn new() -> Self {
        Self { seen: watch::Sender::new(Seen::Nothing), wanted: Notify::new() }
    }

    /// Looks while somebody listens, until the shutdown.
    pub(super) async fn look(&self, dashboard: &Dashboard, shutdown: &CancellationToken) {
        loop {
            if self.seen.receiver_count() == 0 {
                // What was seen before may be old by the time that somebody listens again.
                self.seen.send_replace(Seen::Nothing);
                tokio::select! {
                    () = self.wanted.notified() => {}
                    () = shutdown.cancelled() => return,
                }
            }
            let seen = match read::look(dashboard).await {
                Ok(marks) => Seen::Marks(Arc::new(marks)),
                Err(fault) => {
                    tracing::warn!(%fault, "the table cannot be read for news");
                    Seen::Trouble
                }
            };
            self.seen.send_if_modified(|last| {
                let is_news = *last != seen;
                *last = seen;
                is_news
            });
            tokio::select! {
                () = dashboard.clock.sleep(LOOK_EVERY) => {}
                () = shutdown.cancelled() => return,
            }
        }
    }

    /// The news of one page: of a deployment, or of the overview. `None` when too many listen.
    pub(super) fn listen(
        &self,
        about: Option<DeploymentId>,
        shutdown: CancellationToken,
    ) -> Option<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>> {
        if self.seen.receiver_count() >= LISTENERS {
            return None;
        }
        let mut seen = self.seen.subscribe();
        seen.mark_changed();
        self.wanted.notify_one();
        let news = stream::unfold((seen, None), move |(mut seen, last)| async move {
            loop {
                seen.changed().await.ok()?;
                let words = words(&seen.borrow_and_update(), about);
                if words.is_some() && words != last {
                    let (name, data) = words.clone()?;
                    return Some((Ok(Event::default().event(name).data(data)), (seen, words)));
                }
            }
        });
        let news = news.take_until(async move { shutdown.cancelled().await });
        Some(Sse::new(news).keep_alive(KeepAlive::default()))
    }
}

/// An event's name and data; `None` when there is nothing to say.
fn words(seen: &Seen, about: Option<DeploymentId>) -> Option<(&'static str, String)> {
    match (seen, about) {
        (Seen::Nothing, _) => None,
        (Seen::Trouble, _) => Some(("trouble", "the table cannot be read".to_owned())),
        (Seen::Marks(marks), None) => Some(("mark", marks.overview.clone())),
        (Seen::Marks(marks), Some(id)) => Some(("mark", marks.of(id).to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_hears_its_own_mark_and_that_a_deployment_has_ended() {
        let id: DeploymentId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        let marks = Marks { overview: "o".to_owned(), under_way: [(id, "7".to_owned())].into() };
        let seen = Seen::Marks(Arc::new(marks));
        assert_eq!(words(&seen, None), Some(("mark", "o".to_owned())));
        assert_eq!(words(&seen, Some(id)), Some(("mark", "7".to_owned())));
        let ended = Seen::Marks(Arc::default());
        assert_eq!(words(&ended, Some(id)), Some(("mark", "ended".to_owned())));
        assert_eq!(words(&Seen::Nothing, None), None);
        assert_eq!(words(&Seen::Trouble, None).unwrap().0, "trouble");
    }
}
