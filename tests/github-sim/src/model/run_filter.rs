//! Which runs a listing shows: GitHub's filters for workflow runs.
//!
//! Two habits of GitHub's are kept: an empty filter value is no filter, and a shortened hash matches nothing.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::refusal::Refusal;
use super::repository::Repository;
use super::runs::Run;

/// The filters of a listing, as they come in the query.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct RunFilter {
    pub(crate) actor: Option<String>,
    pub(crate) branch: Option<String>,
    pub(crate) event: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) head_sha: Option<String>,
    pub(crate) check_suite_id: Option<String>,
}

/// The event of every run here: all of them were dispatched.
pub(crate) const EVENT: &str = "workflow_dispatch";

impl RunFilter {
    fn admits(&self, run: &Run, created: &Created) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_deref().is_none_or(|wanted| wanted.is_empty() || wanted == found)
        };
        let current = run.current();
        is(&self.actor, &run.actor)
            && is(&self.branch, run.head_branch.as_deref().unwrap_or_default())
            && is(&self.event, EVENT)
            && is(&self.head_sha, &run.head_sha)
            && is(&self.check_suite_id, &run.check_suite.to_string())
            && (is(&self.status, current.status.word())
                || is(&self.status, current.conclusion.as_deref().unwrap_or_default()))
            && created.admits(run.created_at)
    }
}

impl Repository {
    /// The runs created before `listed_before` that the filter admits, newest first.
    pub(crate) fn runs_listed(
        &self,
        workflow: Option<u64>,
        filter: &RunFilter,
        listed_before: Timestamp,
    ) -> Result<Vec<&Run>, Refusal> {
        let created = Created::parse(filter.created.as_deref().unwrap_or_default())?;
        Ok(self
            .runs
            .iter()
            .rev()
            .filter(|run| workflow.is_none_or(|id| run.workflow == id))
            .filter(|run| run.created_at <= listed_before && filter.admits(run, &created))
            .collect())
    }
}

/// A range of whole seconds, as GitHub's search syntax for dates writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Created {
    from: i64,
    to: i64,
}

impl Created {
    const ALL: Self = Self { from: i64::MIN, to: i64::MAX };

    /// Reads `>=T`, `>T`, `<=T`, `<T`, `T..T`, `T..*`, `*..T` or one date or time.
    fn parse(text: &str) -> Result<Self, Refusal> {
        let bad = || Refusal::new(422, format!("`{text}` is not a date range for `created`"));
        let at = |text: &str| seconds(text).ok_or_else(bad);
        if text.is_empty() {
            return Ok(Self::ALL);
        }
        if let Some((from, to)) = text.split_once("..") {
            return Ok(Self {
                from: if from == "*" { i64::MIN } else { at(from)?.0 },
                to: if to == "*" { i64::MAX } else { at(to)?.1 },
            });
        }
        for (sign, parse) in [
            (">=", (|first, _| Self { from: first, to: i64::MAX }) as fn(i64, i64) -> Self),
            ("<=", |_, last| Self { from: i64::MIN, to: last }),
            (">", |_, last| Self { from: last + 1, to: i64::MAX }),
            ("<", |first, _| Self { from: i64::MIN, to: first - 1 }),
        ] {
            if let Some(rest) = text.strip_prefix(sign) {
                let (first, last) = at(rest)?;
                return Ok(parse(first, last));
            }
        }
        let (from, to) = at(text)?;
        Ok(Self { from, to })
    }

    fn admits(self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at.as_second())
    }
}

/// The first and last second that a date or a time stands for.
fn seconds(text: &str) -> Option<(i64, i64)> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some((time.as_second(), time.as_second()));
    }
    let midnight = text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second();
    Some((midnight, midnight + 86_399))
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::started;
    use super::*;

    #[test]
    fn created_is_read_in_all_its_forms() {
        let day = seconds("2026-11-23").unwrap().0;
        let cases = [
            ("2026-11-23", (day, day + 86_399)),
            (">=2026-11-23T00:00:05Z", (day + 5, i64::MAX)),
            (">2026-11-23T00:00:05Z", (day + 6, i64::MAX)),
            ("<=2026-11-23T00:00:05+00:00", (i64::MIN, day + 5)),
            ("<2026-11-23", (i64::MIN, day - 1)),
            ("2026-11-23..2026-11-24", (day, day + 2 * 86_400 - 1)),
            ("2026-11-23T00:00:01Z..*", (day + 1, i64::MAX)),
            ("", (i64::MIN, i64::MAX)),
        ];
        for (text, (from, to)) in cases {
            assert_eq!(Created::parse(text).unwrap(), Created { from, to }, "{text}");
        }
        assert_eq!(Created::parse("yesterday").unwrap_err().status, 422);
    }

    #[test]
    fn filters_are_those_of_github() {
        let (repository, id) = started();
        let run = repository.run(id.run).unwrap();
        let count =
            |filter: RunFilter| repository.runs_listed(None, &filter, Timestamp::UNIX_EPOCH).unwrap().len();
        let filter = RunFilter::default;
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(count(filter()), 1);
        assert_eq!(count(RunFilter { event: some("workflow_dispatch"), ..filter() }), 1);
        assert_eq!(count(RunFilter { event: some("push"), ..filter() }), 0);
        assert_eq!(count(RunFilter { branch: some("main"), status: some("queued"), ..filter() }), 1);
        assert_eq!(count(RunFilter { status: some("success"), ..filter() }), 0);
        assert_eq!(count(RunFilter { head_sha: some(&run.head_sha), ..filter() }), 1);
        assert_eq!(count(RunFilter { head_sha: some(&run.head_sha[..7]), ..filter() }), 0);
        assert_eq!(count(RunFilter { head_sha: some(""), ..filter() }), 1);
        assert_eq!(count(RunFilter { created: some(">1970-01-01"), ..filter() }), 0);
        let before = Timestamp::from_second(-1).unwrap();
        assert!(repository.runs_listed(None, &filter(), before).unwrap().is_empty(), "not listed yet");
    }
}
