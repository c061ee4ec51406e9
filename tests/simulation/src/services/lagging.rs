//! A value whose readers may be shown an older picture of it, for a bounded time. Each read is as old as it
//! happens to be: a later one may be older. Must never show a picture that never was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::dice::Dice;
use crate::plan::Plan;

/// The pictures of a value, the present one last.
pub(crate) struct Lagging<T> {
    pictures: VecDeque<(Duration, Arc<T>)>,
}

impl<T: Clone + Default> Default for Lagging<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: Clone> Lagging<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { pictures: VecDeque::from([(Duration::ZERO, Arc::new(value))]) }
    }

    /// The value as it is.
    pub(crate) fn now(&self) -> &T {
        &self.pictures[self.pictures.len() - 1].1
    }

    /// Changes the value.
    pub(crate) fn change<R>(&mut self, now: Duration, lag: Duration, change: impl FnOnce(&mut T) -> R) -> R {
        let mut value = self.now().clone();
        let result = change(&mut value);
        self.pictures.push_back((now, Arc::new(value)));
        // The picture before the oldest moment that may be shown is still needed, those before it are not.
        let oldest = now.saturating_sub(lag);
        while self.pictures.len() > 1 && self.pictures[1].0 <= oldest {
            self.pictures.pop_front();
        }
        result
    }

    /// The value as a reader is shown it.
    pub(crate) fn read(&self, now: Duration, plan: &Plan, dice: &mut Dice) -> Arc<T> {
        let age = if now < plan.calm && dice.lucky(plan.trouble.stale) {
            plan.lag.mul_f64(dice.fraction())
        } else {
            Duration::ZERO
        };
        let seen = now.saturating_sub(age);
        let picture = self.pictures.iter().rev().find(|(at, _)| *at <= seen);
        Arc::clone(&picture.unwrap_or(&self.pictures[0]).1)
    }
}
