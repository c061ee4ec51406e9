//! Stored snapshots stay readable. The files in `snapshots-v1` were written by this version's first build
//! and are never renewed: when one cannot be read any more, the format needs a new version.

#![expect(clippy::unwrap_used, reason = "a panic is how a test reports")]

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use lockstep_state_machines::table::{Scenario, outcomes, policy};
use lockstep_state_machines::{Event, FaultReport, Leg, Machine, SNAPSHOT_VERSION, SnapshotError, State};

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots-v1").join(format!("{name}.json"))
}

fn stored(name: &str) -> Machine {
    Machine::restore(&std::fs::read_to_string(file(name)).unwrap()).unwrap()
}

/// The machines whose snapshots were checked in, made anew: a stored one must ask for the same and mean the
/// same, whatever facts are added later.
fn samples() -> Vec<(&'static str, Machine)> {
    let staging = Scenario::staging().with_database().with_baseline().with_previous();
    let production = Scenario::production().with_previous();
    let candidate = State::RollingOut { leg: Leg::Candidate };
    let restored = State::Verifying { leg: Leg::Restored };
    vec![
        ("checking-source", staging.begin(&policy(), Timestamp::UNIX_EPOCH)),
        ("awaiting-build", at(&staging, State::AwaitingBuild, None)),
        ("moving-tags-to-be-cancelled", cancelled(at(&production, State::MovingTags, None))),
        ("draining", at(&staging, State::Draining { restoring: false }, None)),
        ("rolling-out-candidate", at(&staging, candidate, None)),
        ("rolling-out-candidate-throttled", faulty(at(&production, candidate, None), true)),
        ("checking-restored", at(&staging, restored, Some(candidate))),
        ("healthy", at(&production, State::Healthy, None)),
        ("rolled-back", at(&staging, State::RolledBack, Some(candidate))),
        ("failed", at(&Scenario::production(), State::Failed, Some(candidate))),
    ]
}

/// The machine in this state, after everything went well but (at most) this one state.
fn at(scenario: &Scenario, state: State, failing: Option<State>) -> Machine {
    let (policy, now) = (policy(), Timestamp::UNIX_EPOCH);
    let mut machine = scenario.begin(&policy, now);
    while machine.state() != state {
        if Some(machine.state()) == failing {
            machine = faulty(machine, false);
            continue;
        }
        let effect = machine.effect().unwrap().unwrap();
        machine.handle(&outcomes(&effect, scenario)[0], now, &policy).unwrap();
    }
    machine
}

fn faulty(mut machine: Machine, transient: bool) -> Machine {
    let fault = FaultReport {
        service: "Amazon ECS".to_owned(),
        message: "throttled".to_owned(),
        transient,
        wait: jiff::SignedDuration::from_secs(2),
        ambiguous: false,
    };
    machine.handle(&Event::Fault(fault), Timestamp::UNIX_EPOCH, &policy()).unwrap();
    machine
}

fn cancelled(mut machine: Machine) -> Machine {
    let cancel = Event::Cancel {
        actor: "ben".to_owned(),
        sender: None,
        reason: Some("wrong commit".parse().unwrap()),
    };
    machine.handle(&cancel, Timestamp::UNIX_EPOCH, &policy()).unwrap();
    machine
}

#[test]
fn snapshots_of_version_1_are_still_restored() {
    for (name, machine) in samples() {
        let restored = stored(name);
        assert_eq!(restored.state(), machine.state(), "{name}");
        assert_eq!(restored.effect().unwrap(), machine.effect().unwrap(), "{name}");
        assert_eq!(restored.ending(), machine.ending(), "{name}");
    }
}

#[test]
fn a_restored_machine_goes_on() {
    let mut machine = stored("rolling-out-candidate");
    let scenario = Scenario::staging().with_database().with_baseline().with_previous();
    let effect = machine.effect().unwrap().unwrap();
    machine.handle(&outcomes(&effect, &scenario)[0], Timestamp::UNIX_EPOCH, &policy()).unwrap();
    assert_eq!(machine.state(), State::Verifying { leg: Leg::Candidate });
}

#[test]
fn an_unknown_version_is_refused_by_its_name() {
    let newer = std::fs::read_to_string(file("healthy")).unwrap().replacen("\"v\": 1", "\"v\": 2", 1);
    assert_eq!(Machine::restore(&newer), Err(SnapshotError::UnknownVersion { found: 2 }));
    let refusal = SnapshotError::UnknownVersion { found: 2 }.to_string();
    assert!(refusal.starts_with("snapshot version 2 is unknown to this worker, which reads version 1"));
    let foreign = r#"{"v":3,"whatever":"a later version may hold anything"}"#;
    assert_eq!(Machine::restore(foreign), Err(SnapshotError::UnknownVersion { found: 3 }));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let whole = std::fs::read_to_string(file("draining")).unwrap();
    let unknown_state = whole.replace("\"at\": \"draining\"", "\"at\": \"dreaming\"");
    assert_ne!(unknown_state, whole);
    let cut = whole[..whole.len() / 2].to_owned();
    for garbage in ["", "null", "[]", "{}", r#"{"v":1}"#, r#"{"v":"one"}"#, &unknown_state, &cut] {
        let refused = Machine::restore(garbage);
        assert!(matches!(refused, Err(SnapshotError::Unreadable(_))), "{garbage}: {refused:?}");
    }
}

#[test]
fn a_snapshot_without_a_needed_fact_says_which() {
    let whole: serde_json::Value = serde_json::from_str(&at_rollout().snapshot().unwrap()).unwrap();
    for (fact, name) in [("revisions", "revision of the leg"), ("rollouts", "rollout of the leg")] {
        let mut broken = whole.clone();
        broken["deployment"].as_object_mut().unwrap().remove(fact).unwrap();
        let missing = Machine::restore(&broken.to_string()).unwrap().effect().unwrap_err();
        assert_eq!(missing.fact, name);
        assert!(missing.to_string().contains("deploying/rolling-out-candidate"));
    }
}

fn at_rollout() -> Machine {
    at(&Scenario::staging(), State::RollingOut { leg: Leg::Candidate }, None)
}

/// Writes the files of a version that has none yet; an existing file is never changed.
#[test]
fn every_sample_has_its_file() {
    assert_eq!(SNAPSHOT_VERSION, 1, "a new version needs files of its own, beside those of version 1");
    for (name, machine) in samples() {
        if std::env::var_os("UPDATE_GENERATED").is_some() && !file(name).exists() {
            let value: serde_json::Value = serde_json::from_str(&machine.snapshot().unwrap()).unwrap();
            std::fs::write(file(name), serde_json::to_string_pretty(&value).unwrap() + "\n").unwrap();
        }
        assert!(file(name).exists(), "{name} has no file");
    }
}
