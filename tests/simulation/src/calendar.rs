//! What happens when, in virtual time. Deeds of one moment happen in the order in which they were entered. Must
//! never look at a real clock.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::universe::Universe;

/// Something that happens at a moment.
pub(crate) type Deed = Box<dyn FnOnce(&mut Universe) + Send>;

/// Deeds to come.
#[derive(Default)]
pub(crate) struct Calendar {
    entered: u64,
    deeds: BTreeMap<(Duration, u64), Deed>,
}

impl Calendar {
    /// Enters a deed at a moment since the beginning.
    pub(crate) fn enter(&mut self, at: Duration, deed: impl FnOnce(&mut Universe) + Send + 'static) {
        self.entered += 1;
        self.deeds.insert((at, self.entered), Box::new(deed));
    }

    /// The next deed and its moment.
    pub(crate) fn next(&mut self) -> Option<(Duration, Deed)> {
        self.deeds.pop_first().map(|((at, _), deed)| (at, deed))
    }
}
