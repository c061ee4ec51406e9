//! What a rehearsal comes to, as it comes: what was looked at and seen, what would have been changed, and after which
//! of the deployment's steps. Must never leave anything out that was asked of a port: it is what a person reads to
//! know what was checked.

use std::sync::{Mutex, MutexGuard, PoisonError};

use lockstep_events::{BetaTag, CommitSha, ImageDigest, Version};
use serde::Serialize;

use super::unbuilt;
use crate::faults::Fault;
use crate::ports::{Answer, Entry};

/// Something that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Look {
    /// What.
    pub what: String,
    /// What was seen there, in words.
    pub seen: String,
}

/// Something that would be changed outside of the deployment's own record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// The environment's lock is taken.
    TakeLock {
        /// The fencing token that comes with it.
        token: u64,
    },
    /// The build workflow is started.
    StartBuild {
        /// Its file.
        workflow: String,
        /// The branch whose file runs.
        reference: String,
        /// Its inputs, by name.
        inputs: Vec<(String, String)>,
    },
    /// A version is bound for ever.
    BindVersion {
        /// The version.
        version: Version,
        /// To which commit.
        commit: CommitSha,
        /// And to which image.
        digest: ImageDigest,
        /// The beta that is promoted.
        beta: BetaTag,
    },
    /// An image tag is put, or moved.
    PointTag {
        /// The tag.
        tag: String,
        /// What it names now; `None`: there is no such tag.
        from: Option<ImageDigest>,
        /// What it will name; `None`: what the build pushes.
        to: Option<ImageDigest>,
    },
    /// A release or prerelease is created.
    CreateRelease {
        /// Its git tag.
        tag: String,
        /// Where the git tag is put, unless it is there already.
        commit: CommitSha,
        /// Whether it is a prerelease.
        prerelease: bool,
        /// Whether it becomes the latest.
        latest: bool,
        /// What its notes begin with.
        notes: String,
    },
    /// A release is made the latest, or its notes are replaced.
    ChangeRelease {
        /// GitHub's id of it.
        id: u64,
        /// Whether it becomes the latest.
        latest: Option<bool>,
        /// Its new notes.
        notes: Option<String>,
    },
    /// A revision of a task definition is registered: as its base, but for what is named here.
    RegisterRevision {
        /// Which.
        revision: String,
        /// The task definition that it is made from.
        base: String,
        /// Everything that differs from the base.
        differences: Vec<Difference>,
    },
    /// A service is updated.
    UpdateService {
        /// The cluster.
        cluster: String,
        /// The service.
        service: String,
        /// The task definition before, and after.
        task_definition: Option<(String, String)>,
        /// The number of tasks before, and after.
        desired: Option<(u32, u32)>,
    },
}

/// One member of a task definition that a new revision has otherwise than its base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which.
    pub member: String,
    /// Its value in the base; `None`: the base does not have it.
    pub from: Option<String>,
    /// Its value in the revision.
    pub to: String,
}

/// A history item that the deployment would get, with what was looked at and what would be changed before it.
#[derive(Debug, Clone)]
pub(super) struct Noted {
    pub(super) entry: Entry,
    pub(super) looked_at: Vec<Look>,
    pub(super) changes: Vec<Change>,
    /// What was supposed and not seen, if this item is the rehearsal's own.
    pub(super) supposed: Option<String>,
}

impl Noted {
    /// Whether it only says who carries the step out.
    pub(super) fn is_claim(&self) -> bool {
        matches!(self.entry.event.as_str(), "claimed" | "claim-renewed")
    }
}

#[derive(Default)]
struct Pages {
    looked_at: Vec<Look>,
    changes: Vec<Change>,
    history: Vec<Noted>,
    /// What was met since the last item.
    fault: Option<Fault>,
    /// What the first item about a fault is about: the deployment goes another way from there.
    recorded_fault: Option<Fault>,
    not_knowable: Vec<String>,
}

/// The journal that all ports of a rehearsal write to.
#[derive(Default)]
pub(super) struct Journal(Mutex<Pages>);

impl Journal {
    fn pages(&self) -> MutexGuard<'_, Pages> {
        // Each change of the pages is whole by itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what was seen, or the fault that was met instead.
    pub(super) fn looked<T>(
        &self,
        what: impl Into<String>,
        answer: Answer<T>,
        seen: impl FnOnce(&T) -> String,
    ) -> Answer<T> {
        let mut pages = self.pages();
        match &answer {
            Ok(value) => {
                let look = Look { what: in_words(&what.into()), seen: in_words(&seen(value)) };
                if !pages.looked_at.contains(&look) {
                    pages.looked_at.push(look);
                }
            }
            Err(fault) => pages.fault = Some(fault.clone()),
        }
        answer
    }

    /// Notes the fault of a read that is no look of the deployment's own, if it met one.
    pub(super) fn met<T>(&self, answer: Answer<T>) -> Answer<T> {
        if let Err(fault) = &answer {
            self.pages().fault = Some(fault.clone());
        }
        answer
    }

    /// Notes what would be changed.
    pub(super) fn would(&self, change: Change) {
        self.pages().changes.push(change);
    }

    /// Notes what only a write could tell.
    pub(super) fn cannot_know(&self, what: String) {
        self.pages().not_knowable.push(what);
    }

    /// Puts a history item, with everything that was noted since the last. A claim is no step: what was noted before
    /// it belongs to the step that it is for.
    pub(super) fn record(&self, entry: &Entry, supposed: Option<String>) {
        let mut pages = self.pages();
        let met = pages.fault.take();
        if super::is_fault(entry) && pages.recorded_fault.is_none() {
            pages.recorded_fault = met;
        }
        let mut noted = Noted { entry: entry.clone(), looked_at: Vec::new(), changes: Vec::new(), supposed };
        if !noted.is_claim() {
            noted.looked_at = std::mem::take(&mut pages.looked_at);
            noted.changes = std::mem::take(&mut pages.changes);
        }
        pages.history.push(noted);
    }

    /// The newest history item.
    pub(super) fn newest(&self) -> Option<Entry> {
        self.pages().history.last().map(|noted| noted.entry.clone())
    }

    /// All of them.
    pub(super) fn history(&self) -> Vec<Noted> {
        self.pages().history.clone()
    }

    /// What has been looked at since the last of them.
    pub(super) fn looked_at_since(&self) -> Vec<Look> {
        self.pages().looked_at.clone()
    }

    /// The fault that an item is about, if one is: what follows is not what the deployment would do.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.pages().recorded_fault.clone()
    }

    /// What only a write could tell.
    pub(super) fn not_knowable(&self) -> Vec<String> {
        self.pages().not_knowable.clone()
    }
}

/// A text without the digest that stands for an image that is not built yet.
pub(super) fn in_words(text: &str) -> String {
    text.replace(unbuilt().as_str(), "(the digest that the build pushes)")
}

/// What is there, or that there is nothing.
pub(super) fn or_none<T>(found: Option<&T>, words: impl FnOnce(&T) -> String) -> String {
    found.map_or_else(|| "none".to_owned(), words)
}
