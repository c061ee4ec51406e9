//! `status` as a person reads it: every environment on one screen, a hundred columns wide. Must never cut what a next
//! command needs: ids and digests are there in full.

use jiff::Timestamp;

use super::place::word;
use super::report;
use super::status::{Environment, UnderWay};
use super::table::Table;
use crate::engine::hold;
use crate::ports::{HealthyRelease, Summary};
use crate::timeline::{Line, Tone, ago};

/// How many deployments of each environment are shown.
const NEWEST: usize = 5;

/// All environments.
pub(super) fn lines(environments: &[Environment], now: Timestamp) -> Vec<Line> {
    let shown: Vec<_> = environments.iter().map(|environment| one(environment, now)).collect();
    shown.join(&Line::default())
}

fn one(environment: &Environment, now: Timestamp) -> Vec<Line> {
    let Environment { application, environment: name, kind, under_way, hold, frozen, record, deployments } =
        environment;
    let title = format!("{name} of {application} ({})", word(*kind));
    let mut lines = vec![Line::default().and(Tone::Active, title)];
    match &record.current {
        Some(release) => lines.extend(release_lines("runs", release, now)),
        None => lines.push(label("runs").and(Tone::Caution, "not known to Lockstep")),
    }
    lines.extend(record.dirty.iter().map(|why| label("unverified").and(Tone::Bad, why.clone())));
    if record.last_healthy != record.current {
        lines.extend(record.last_healthy.iter().flat_map(|last| release_lines("last healthy", last, now)));
    }
    match under_way {
        Some(holder) => lines.extend(holder_lines(holder, now)),
        None => lines.push(label("lock").and(Tone::Good, "free")),
    }
    let in_force = hold.iter().filter(|hold| !hold.ended);
    lines.extend(in_force.map(|on| label("on hold").and(Tone::Caution, hold::in_words(&on.hold))));
    lines.extend(frozen.iter().map(|frozen| label("frozen").and(Tone::Caution, frozen.clone())));
    lines.extend(newest(deployments, now));
    lines
}

fn release_lines(what: &str, release: &HealthyRelease, now: Timestamp) -> Vec<Line> {
    let definition = release.task_definition.rsplit('/').next().unwrap_or(&release.task_definition);
    let commit = release.commit.as_ref().map(|commit| format!("commit {commit}, ")).unwrap_or_default();
    vec![
        label(what)
            .and(Tone::Good, release.image_tag.clone())
            .and(Tone::Plain, format!(", healthy since {:.0} ({})", release.at, ago(release.at, now))),
        Line::default().and(Tone::Quiet, format!("    {}, {definition}", release.digest)),
        Line::default().and(Tone::Quiet, format!("    {commit}deployment {}", release.deployment)),
    ]
}

fn holder_lines(holder: &UnderWay, now: Timestamp) -> Vec<Line> {
    let since =
        holder.locked_since.map(|at| format!(" since {at:.0} ({})", ago(at, now))).unwrap_or_default();
    let actor = holder.actor.as_deref().unwrap_or("somebody");
    vec![
        label("lock")
            .and(Tone::Active, holder.id.to_string())
            .and(Tone::Plain, format!(" by {actor}{since}")),
        Line::plain(format!("    {}", holder.standing)),
    ]
}

/// The newest deployments, each with why it did not become healthy.
fn newest(deployments: &[Summary], now: Timestamp) -> Vec<Line> {
    let shown = deployments.get(..NEWEST).unwrap_or(deployments);
    let mut table = Table::new(["TAKEN UP", "OUTCOME", "WHAT", "BY", "DEPLOYMENT"]);
    for summary in shown {
        let outcome = summary.outcome.as_deref().unwrap_or("under way");
        table.row([
            ago(summary.at, now),
            outcome.to_owned(),
            summary.target.clone(),
            summary.actor.clone(),
            summary.id.to_string(),
        ]);
        table.tint(1, report::tone(outcome));
    }
    let mut rows = table.toned(2).into_iter();
    let mut lines: Vec<Line> = rows.next().into_iter().collect();
    for (row, summary) in rows.zip(shown) {
        lines.push(row);
        // What a healthy one has to say stands above, or has been replaced since.
        let reason = summary.reason.iter().filter(|_| summary.outcome.as_deref() != Some("healthy"));
        lines.extend(reason.map(|why| Line::plain("    ").and(Tone::Quiet, why.clone())));
    }
    lines
}

fn label(what: &str) -> Line {
    Line::plain(format!("  {what}: "))
}

#[cfg(test)]
mod tests {
    use super::super::status::OnHold;
    use super::*;
    use crate::config::Kind;
    use crate::ports::{EnvironmentRecord, Hold};

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

    fn at(time: &str) -> Timestamp {
        format!("2026-11-23T{time}Z").parse().unwrap()
    }

    fn release() -> HealthyRelease {
        HealthyRelease {
            deployment: ID.parse().unwrap(),
            version: "0.1.0".parse().unwrap(),
            image_tag: "0.1.0".to_owned(),
            commit: Some("abcdef0123456789abcdef0123456789abcdef01".parse().unwrap()),
            digest: format!("sha256:{}", "9".repeat(64)).parse().unwrap(),
            task_definition: "arn:aws:ecs:eu-west-1:1:task-definition/shop:9".to_owned(),
            at: at("09:00:00"),
        }
    }

    fn summary(outcome: Option<&str>) -> Summary {
        Summary {
            id: ID.parse().unwrap(),
            target: "0.2.0-abcdef0.beta".to_owned(),
            actor: "alice".to_owned(),
            at: at("09:30:00"),
            outcome: outcome.map(str::to_owned),
            reason: outcome.map(|outcome| format!("because it is {outcome}")),
        }
    }

    fn environment() -> Environment {
        Environment {
            application: "shop".parse().unwrap(),
            environment: "production".parse().unwrap(),
            kind: Kind::Production,
            under_way: None,
            hold: None,
            frozen: None,
            record: EnvironmentRecord {
                current: Some(release()),
                last_healthy: Some(release()),
                dirty: None,
                desired: Some(1),
            },
            deployments: Vec::new(),
        }
    }

    fn texts(environments: &[Environment]) -> Vec<String> {
        lines(environments, at("11:30:00")).iter().map(Line::text).collect()
    }

    #[test]
    fn an_environment_at_rest_is_what_runs_and_since_when_within_a_hundred_columns() {
        let mut quiet = environment();
        quiet.deployments = vec![summary(Some("rolled-back")), summary(Some("healthy"))];
        let shown = texts(&[quiet, environment()]);
        assert_eq!(
            shown[..9],
            [
                "production of shop (production)".to_owned(),
                "  runs: 0.1.0, healthy since 2026-11-23T09:00:00Z (2 h ago)".to_owned(),
                format!("    sha256:{}, shop:9", "9".repeat(64)),
                format!("    commit abcdef0123456789abcdef0123456789abcdef01, deployment {ID}"),
                "  lock: free".to_owned(),
                "  TAKEN UP  OUTCOME      WHAT                BY     DEPLOYMENT".to_owned(),
                format!("  2 h ago   rolled-back  0.2.0-abcdef0.beta  alice  {ID}"),
                "    because it is rolled-back".to_owned(),
                format!("  2 h ago   healthy      0.2.0-abcdef0.beta  alice  {ID}"),
            ]
        );
        assert_eq!(shown[9], "", "the environments are apart");
        assert!(shown.iter().all(|line| line.chars().count() <= 100), "{shown:#?}");
    }

    #[test]
    fn what_is_in_the_way_is_there_and_no_more_than_five_deployments() {
        let mut busy = environment();
        busy.under_way = Some(UnderWay {
            id: ID.parse().unwrap(),
            actor: Some("bob".to_owned()),
            locked_since: Some(at("11:25:00")),
            fencing_token: 7,
            state: None,
            since: None,
            deadline: None,
            standing: "deploying/rolling-out-candidate since then".to_owned(),
        });
        let hold = Hold {
            id: uuid::Uuid::now_v7(),
            by: "carol".to_owned(),
            reason: "audit".parse().unwrap(),
            since: at("11:00:00"),
            until: None,
        };
        busy.hold = Some(OnHold { hold, ended: false });
        busy.frozen = Some("until 2026-11-24 06:00 UTC (nights)".to_owned());
        busy.record.current = None;
        busy.record.dirty = Some("the rollout was left".to_owned());
        busy.deployments = vec![summary(None); 9];
        let shown = texts(&[busy]);
        for line in [
            "  runs: not known to Lockstep",
            "  unverified: the rollout was left",
            "  last healthy: 0.1.0, healthy since 2026-11-23T09:00:00Z (2 h ago)",
            &format!("  lock: {ID} by bob since 2026-11-23T11:25:00Z (5 min ago)"),
            "    deploying/rolling-out-candidate since then",
            "  frozen: until 2026-11-24 06:00 UTC (nights)",
        ] {
            assert!(shown.iter().any(|shown| shown == line), "{line:?} in {shown:#?}");
        }
        assert!(shown.iter().any(|line| line.starts_with("  on hold: until somebody releases it: audit")));
        assert_eq!(shown.iter().filter(|line| line.contains("under way")).count(), 5);
    }
}
