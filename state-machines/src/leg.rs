//! The legs of a deployment: each is one revision of one service's task definition, rolled out once. Must
//! never grow a leg without its place in [`Leg::is_restoring`] and [`Leg::is_database`].

use serde::{Deserialize, Serialize};

/// One rollout of a deployment. Its name marks the revision, so each leg of a deployment happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// A fresh database (staging).
    Database,
    /// The release that runs in production, so that the candidate's migrations meet real tables (staging).
    Baseline,
    /// What was asked for.
    Candidate,
    /// A second fresh database, on the way back (staging).
    RestoredDatabase,
    /// The last known healthy task definition, on the way back.
    Restored,
}

impl Leg {
    /// The leg's name in marks and states.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
            Self::RestoredDatabase => "restored-database",
            Self::Restored => "restored",
        }
    }

    /// Whether this leg is about the database's service and not the application's.
    #[must_use]
    pub fn is_database(self) -> bool {
        matches!(self, Self::Database | Self::RestoredDatabase)
    }

    /// Whether this leg belongs to the way back.
    #[must_use]
    pub fn is_restoring(self) -> bool {
        matches!(self, Self::RestoredDatabase | Self::Restored)
    }

    /// The leg in a sentence.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Database => "the fresh database",
            Self::Baseline => "the baseline release",
            Self::Candidate => "the candidate",
            Self::RestoredDatabase => "the fresh database for going back",
            Self::Restored => "the last healthy release",
        }
    }
}
