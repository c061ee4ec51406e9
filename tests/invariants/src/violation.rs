//! What a broken invariant is reported as. Must name the deployment or environment that it was seen in: a
//! violation that is found by a machine is read by a person.

use std::error::Error;
use std::fmt;

/// An invariant does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's name.
    pub name: &'static str,
    /// What was seen instead, for people.
    pub text: String,
}

impl Violation {
    pub(crate) fn new(name: &'static str, text: String) -> Self {
        Self { name, text }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.text)
    }
}

impl Error for Violation {}
