//! The `events` of a service: what DescribeServices shows, newest first, the latest hundred.
//!
//! The sentences are those that ECS writes ("Amazon ECS service event messages" and recorded output of real
//! services). Nothing reads them back: they are for people.

use serde::{Deserialize, Serialize};

use super::ids::IdSource;
use super::{Millis, Service};

const KEPT: usize = 100;

/// One line of a service's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceEvent {
    /// A UUID.
    pub id: String,
    /// When it was written.
    pub created_at: Millis,
    /// The sentence.
    pub message: String,
}

impl Service {
    /// Writes one line `(service NAME) …`.
    pub(crate) fn note(&mut self, ids: &mut IdSource, now: Millis, rest: &str) {
        let message = format!("(service {}) {rest}", self.name);
        self.events.push_front(ServiceEvent { id: ids.uuid(), created_at: now, message });
        self.events.truncate(KEPT);
    }
}

/// `(task a) (task b)`.
pub(crate) fn task_list(ids: &[String]) -> String {
    ids.iter().map(|id| format!("(task {id})")).collect::<Vec<_>>().join(" ")
}
