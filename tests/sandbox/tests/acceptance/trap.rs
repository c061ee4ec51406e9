//! Stops a worker at one exact point: a state's effect has been done, and the commit that would record it is
//! caught on its way to the table. Must never catch anything else.

use std::sync::Mutex;

use tokio::sync::Notify;

use crate::between::{Call, Fate, Rule};
use crate::stage::Stage;

/// Catches the commits that leave one state for another.
#[derive(Default)]
pub(crate) struct Trap {
    armed: Mutex<Option<Armed>>,
    /// What is caught goes on once this is notified; without it, never.
    release: Option<Notify>,
}

/// Every commit that leaves the state is caught, and not the first only: a process may look at a deployment twice
/// at once, and what is not claimed either look may do.
struct Armed {
    state: &'static str,
    caught: bool,
}

impl Trap {
    /// A trap that lets what it caught go on when told to.
    pub(crate) fn that_lets_go() -> Self {
        Self { release: Some(Notify::new()), ..Self::default() }
    }

    /// From now on the commits that leave this state are caught, and no others.
    pub(crate) fn arm(&self, state: &'static str) {
        *self.armed.lock().unwrap() = Some(Armed { state, caught: false });
    }

    /// From now on nothing is caught.
    pub(crate) fn disarm(&self) {
        *self.armed.lock().unwrap() = None;
    }

    /// Waits until something was caught since the trap was armed.
    pub(crate) async fn until_caught(&self, stage: &Stage) {
        let state = self.armed.lock().unwrap().as_ref().unwrap().state;
        let caught = async || self.armed.lock().unwrap().as_ref().unwrap().caught;
        stage.until(&format!("a caught commit that leaves {state}"), caught).await;
    }

    /// Lets what was caught go on, and catches nothing more.
    pub(crate) fn let_go(&self) {
        self.disarm();
        self.release.as_ref().unwrap().notify_one();
    }

    fn catches(&self, call: &Call) -> bool {
        let mut armed = self.armed.lock().unwrap();
        let Some(armed) = armed.as_mut().filter(|armed| call.leaves() == Some(armed.state)) else {
            return false;
        };
        armed.caught = true;
        true
    }
}

impl Rule for Trap {
    async fn meet(&self, call: Call) -> Fate {
        if !self.catches(&call) {
            return Fate::Pass;
        }
        let Some(release) = &self.release else { return Fate::Swallow };
        release.notified().await;
        Fate::Pass
    }
}
