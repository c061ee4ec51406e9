//! Findings as a person reads them: grouped by place, a line for each, the remedy below.

use serde::Serialize;

use super::finding::{Finding, Group, Outcome, Tally};

/// What `doctor --json` prints for each check.
#[derive(Serialize)]
#[serde(tag = "type", rename = "check")]
pub(super) struct Shown<'a> {
    place: &'a str,
    #[serde(flatten)]
    finding: &'a Finding,
}

impl<'a> Shown<'a> {
    /// A finding with its place.
    pub(super) fn new(place: &'a str, finding: &'a Finding) -> Self {
        Self { place, finding }
    }
}

/// The lines of one place.
pub(super) fn lines(group: &Group) -> Vec<String> {
    let mut lines = vec![group.place.clone()];
    for finding in &group.findings {
        let Finding { check, outcome, seen, remedy } = finding;
        lines.push(format!("  {:<16}{:<27}{seen}", word(*outcome), check.id()));
        lines.extend(remedy.iter().map(|remedy| format!("  {:<16}→ {remedy}", "")));
    }
    lines
}

/// The last line.
pub(super) fn sum(tally: Tally) -> String {
    let Tally { ok, warnings, problems, unseen } = tally;
    format!("{problems} problems, {warnings} warnings, {unseen} could not be looked at, {ok} ok")
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Warning => "warning",
        Outcome::Problem => "PROBLEM",
        Outcome::CouldNotLook => "could not look",
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Check;
    use super::*;

    #[test]
    fn a_finding_is_a_line_and_its_remedy_the_next() {
        let found = Finding::ok(Check::TableFound, "lockstep is ACTIVE");
        let keys = Finding::problem(Check::TableKeys, "id (S, HASH)", "make another table");
        let group = Group { place: "table lockstep".into(), findings: vec![found, keys.clone()] };
        assert_eq!(
            lines(&group),
            [
                "table lockstep",
                "  ok              table-found                lockstep is ACTIVE",
                "  PROBLEM         table-keys                 id (S, HASH)",
                "                  → make another table",
            ]
        );
        assert_eq!(
            serde_json::to_string(&Shown::new("table lockstep", &keys)).unwrap(),
            r#"{"type":"check","place":"table lockstep","check":"table-keys","outcome":"problem","seen":"id (S, HASH)","remedy":"make another table"}"#
        );
        let tally = Tally::of(&[group]);
        assert_eq!(sum(tally), "1 problems, 0 warnings, 0 could not be looked at, 1 ok");
    }
}
