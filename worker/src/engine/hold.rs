//! Putting an environment on hold and releasing it. Needs the table alone: no worker, and none of its secrets.
//! Must never put a hold in the place of one that its author was not shown, nor release such a one; and never
//! touch a deployment that is under way.

use jiff::Timestamp;
use lockstep_events::{ApplicationName, DeploymentId, EnvironmentName};
use uuid::Uuid;

use crate::config::freeze::moment;
use crate::ports::{Answer, Hold, HoldChanged, HoldRecord, HoldRelease, Holding, Releasing, Store};

/// What an operator asks for.
#[derive(Debug, Clone)]
pub struct HoldWish {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The hold.
    pub hold: Hold,
    /// Put it in the place of the one that stands.
    pub replace: bool,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// The hold stands.
    Set {
        /// The one in whose place it was put; it had not ended by itself.
        replaced: Option<Hold>,
        /// The deployment that was under way when the hold stood; it goes on.
        under_way: Option<DeploymentId>,
    },
    /// Refused; nothing was done.
    Refused(HoldRefused),
}

/// What an operator asks for, to end a hold.
#[derive(Debug, Clone)]
pub struct ReleaseWish {
    /// Which application.
    pub application: ApplicationName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// The hold that the operator was shown; without it, the one that stands.
    pub shown: Option<Uuid>,
    /// Who releases, when and why.
    pub release: HoldRelease,
}

/// What it came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// There was no hold; nothing was done.
    NotOnHold,
    /// Refused; nothing was done.
    Refused(HoldRefused),
    /// This hold is over.
    Done(Hold),
}

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoldRefused {
    /// A hold stands already.
    #[error("it is on hold already, {}; --replace puts this one in its place", in_words(.0))]
    Standing(Hold),
    /// The hold changed while this was being done, or since the operator was shown it.
    #[error("by now it is {}; look again", .0.as_ref().map_or_else(|| "not on hold".to_owned(), |hold| format!("on hold {}", in_words(hold))))]
    Changed(Option<Hold>),
}

impl HoldRefused {
    /// The hold that stands instead.
    #[must_use]
    pub fn standing(self) -> Option<Hold> {
        match self {
            Self::Standing(hold) => Some(hold),
            Self::Changed(hold) => hold,
        }
    }
}

/// Sets a hold.
///
/// # Errors
/// The table failed. Doing it again with the same id is the same hold.
pub async fn hold(store: &dyn Store, wish: &HoldWish) -> Answer<Held> {
    let lock = store.environment(&wish.application, &wish.environment).await?.lock;
    let standing = lock.hold;
    if standing.as_ref().is_some_and(|hold| hold.id == wish.hold.id) {
        return Ok(Held::Set { replaced: None, under_way: lock.holder });
    }
    let in_force = standing.as_ref().filter(|hold| !hold.is_over(wish.hold.since));
    if let Some(hold) = in_force.filter(|_| !wish.replace) {
        return Ok(Held::Refused(HoldRefused::Standing(hold.clone())));
    }
    let replaced = in_force.cloned();
    let holding = Holding {
        application: wish.application.clone(),
        environment: wish.environment.clone(),
        hold: wish.hold.clone(),
        replaces: standing.map(|hold| replaced_by(hold, &wish.hold)),
    };
    if let HoldChanged::Moved(by_now) = store.hold(&holding).await? {
        return Ok(Held::Refused(HoldRefused::Changed(by_now)));
    }
    // Read once it stands: whoever took the lock before that is under way.
    let under_way = store.environment(&wish.application, &wish.environment).await?.lock.holder;
    Ok(Held::Set { replaced, under_way })
}

/// The record of a hold in whose place another is put: released by that one, unless it had ended by itself.
fn replaced_by(old: Hold, new: &Hold) -> HoldRecord {
    let released = (!old.is_over(new.since)).then(|| HoldRelease {
        by: new.by.clone(),
        at: new.since,
        reason: format!("replaced by hold {}", new.id).parse().ok(),
    });
    HoldRecord { hold: old, released }
}

/// Ends a hold.
///
/// # Errors
/// The table failed.
pub async fn release(store: &dyn Store, wish: &ReleaseWish) -> Answer<Released> {
    let standing = store.environment(&wish.application, &wish.environment).await?.lock.hold;
    if wish.shown.is_some() && standing.as_ref().map(|hold| hold.id) != wish.shown {
        return Ok(Released::Refused(HoldRefused::Changed(standing)));
    }
    let Some(hold) = standing.filter(|hold| !hold.is_over(wish.release.at)) else {
        return Ok(Released::NotOnHold);
    };
    let releasing = Releasing {
        application: wish.application.clone(),
        environment: wish.environment.clone(),
        hold: hold.clone(),
        release: wish.release.clone(),
    };
    Ok(match store.release_hold(&releasing).await? {
        HoldChanged::Written => Released::Done(hold),
        HoldChanged::Moved(by_now) => Released::Refused(HoldRefused::Changed(by_now)),
    })
}

/// A hold in one line.
#[must_use]
pub fn in_words(hold: &Hold) -> String {
    let Hold { by, reason, since, .. } = hold;
    format!("{}: {reason} (by {by} since {})", end_in_words(hold), moment(*since))
}

/// When a hold ends.
fn end_in_words(hold: &Hold) -> String {
    match hold.until {
        Some(until) => format!("until {}", moment(until)),
        None => "until somebody releases it".to_owned(),
    }
}

/// What a request is told that meets a hold.
pub(super) fn refusal(environment: &EnvironmentName, hold: &Hold) -> String {
    format!(
        "{environment} is on hold {}. Ask again once it has ended; `lockstep release {environment}` ends it.",
        in_words(hold)
    )
}

/// The standing hold if its time is over: the one thing about a hold that a clock decides, and only this way.
pub(super) fn ended(hold: Option<&Hold>, now: Timestamp) -> Option<Uuid> {
    hold.filter(|hold| hold.is_over(now)).map(|hold| hold.id)
}
