//! By what right a deployment was asked for, as evidence: facts that the shell has checked, kept with the deployment for
//! ever. Must never be decided on here: whether it is enough is settled before it is recorded.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A comment of a review is kept up to this many characters.
const LONGEST_COMMENT: usize = 300;

/// What showed that whoever asked may.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warrant {
    /// Who sent the request, as the queue names senders: for a role `<role id>:<session>`, of which only the id counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The workflow run that asked; `None` for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<WarrantedRun>,
}

/// A workflow run that may ask.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarrantedRun {
    /// The forge's id of it.
    pub id: u64,
    /// Its attempt, from 1.
    pub attempt: u32,
    /// Where a person can look at it.
    pub url: String,
    /// The file name of its workflow.
    pub workflow: String,
    /// Who started it.
    pub actor: String,
    /// Who started this attempt, if that is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub again_by: Option<String>,
    /// Who approved it for the environment; none where no approval is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
}

/// An approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// By whom.
    pub by: String,
    /// In whose words, cut to 300 characters; often empty.
    pub comment: String,
}

impl Approval {
    /// An approval, its comment cut to what is kept.
    #[must_use]
    pub fn new(by: String, comment: &str) -> Self {
        Self { by, comment: comment.chars().take(LONGEST_COMMENT).collect() }
    }
}

impl fmt::Display for Warrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.run {
            Some(run) => run.fmt(f)?,
            None => f.write_str("asked for by a person, without a workflow run")?,
        }
        match &self.sender {
            Some(sender) => write!(f, "; sent by {sender}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for WarrantedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, attempt, url, workflow, actor, again_by, approvals } = self;
        let again = again_by.as_ref().map(|by| format!(", started by {by}")).unwrap_or_default();
        write!(f, "asked for by {actor} in run {id} (attempt {attempt}{again}) of {workflow}, {url}")?;
        for (position, approval) in approvals.iter().enumerate() {
            f.write_str(if position == 0 { "; approved by " } else { " and " })?;
            f.write_str(&approval.by)?;
            if !approval.comment.is_empty() {
                write!(f, " ({:?})", approval.comment)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_who_asked_and_who_approved_and_who_sent() {
        let approvals = vec![Approval::new("bob".into(), "looks \"good\""), Approval::new("eve".into(), "")];
        let run = WarrantedRun {
            id: 42,
            attempt: 2,
            url: "https://forge.test/42".into(),
            workflow: "deploy.yml".into(),
            actor: "alice".into(),
            again_by: Some("carol".into()),
            approvals,
        };
        let by_run = Warrant { sender: Some("AROA:run-42".into()), run: Some(run) };
        assert_eq!(
            by_run.to_string(),
            "asked for by alice in run 42 (attempt 2, started by carol) of deploy.yml, https://forge.test/42; approved by bob (\"looks \\\"good\\\"\") and eve; sent by AROA:run-42"
        );
        assert_eq!(Warrant::default().to_string(), "asked for by a person, without a workflow run");
    }

    #[test]
    fn a_comment_is_cut() {
        assert_eq!(Approval::new("bob".into(), &"é".repeat(1000)).comment.chars().count(), LONGEST_COMMENT);
    }
}
