//! Messages that an operator sends again from the dead letters: whose they count as. Each test is a way in which the operator's
//! name, or a lie about somebody else's, could get more than its owner may.

use jiff::SignedDuration;
use lockstep::engine::Disposition;
use lockstep::ports::{Clock as _, Store as _};
use lockstep_events::{DeployRequested, Target};

use crate::stage::{BETA, request};
use crate::who::{DEPLOYER, PERSON, by_run, refusal, send, stage, worker};

/// May ask for no environment of the stage.
const STRANGER: &str = "AROASTRANGER:AROADEPLOYER";

#[tokio::test]
async fn a_workflow_s_request_that_an_operator_sends_again_is_the_workflow_s() {
    let stage = stage();
    let w = worker(&stage);
    let request = by_run("preview");
    let message = send(&stage, &request, PERSON).first_by(DEPLOYER, Some(stage.clock.now()));
    stage.done(&w, &message).await;
    let confirmed = &stage.store.items(request.id)[1];
    assert_eq!(confirmed.event, "requester-confirmed");
    let words = "approved by bob (\"looks good\"); sent by AROADEPLOYER:run-42, sent again by AIDAPERSON";
    assert!(confirmed.detail.ends_with(words), "{}", confirmed.detail);
    assert_eq!(stage.wire.count("reviews"), 1, "it is asked about the run all the same");
}

#[tokio::test]
async fn sent_again_it_is_as_old_as_it_was() {
    let (stage, request) = (stage(), by_run("preview"));
    let sent = stage.clock.now() - SignedDuration::from_secs(3601);
    for (at, words) in [(Some(sent), "was sent 3601 s ago"), (None, "does not say when")] {
        let request = DeployRequested { id: crate::stage::new_id(), ..request.clone() };
        let message = send(&stage, &request, PERSON).first_by(DEPLOYER, at);
        let reason = refusal(&stage, &worker(&stage), &request, &message).await;
        assert!(reason.contains(words), "{reason}");
    }
}

#[tokio::test]
async fn what_a_stranger_sent_stays_a_stranger_s() {
    let stage = stage();
    let w = worker(&stage);
    let request = request("preview");
    let message = send(&stage, &request, PERSON).first_by(STRANGER, Some(stage.clock.now()));
    let reason = refusal(&stage, &w, &request, &message).await;
    assert!(
        reason.starts_with(&format!("sender {STRANGER} (sent again by AIDAPERSON) may not ask")),
        "{reason}"
    );

    stage.forge.hold_checks(true);
    let running = by_run("staging");
    stage.done(&w, &send(&stage, &running, DEPLOYER)).await;
    let before = stage.newest(running.id);
    let cancel = stage.ask_to_cancel(running.id).from(PERSON).first_by(STRANGER, None);
    let Disposition::Park(reason) = stage.deliver(&w, &cancel).await.unwrap() else { panic!("to be parked") };
    assert!(
        reason.starts_with(&format!("sender {STRANGER} (sent again by AIDAPERSON) may not cancel")),
        "{reason}"
    );
    assert_eq!(stage.newest(running.id), before);
}

/// Whoever may send to the queue may write attributes.
#[tokio::test]
async fn a_first_sender_is_believed_of_nobody_but_who_may_ask_in_their_own_name() {
    // The workflow's role names a person, to get round the approval; a stranger names the workflow.
    let cases = [
        (request("preview"), DEPLOYER, PERSON, "sender AROADEPLOYER:run-42 may not ask"),
        (by_run("preview"), STRANGER, DEPLOYER, "sender AROASTRANGER:AROADEPLOYER may not ask"),
    ];
    for (request, sender, first, words) in cases {
        let stage = stage();
        let message = send(&stage, &request, sender).first_by(first, Some(stage.clock.now()));
        let reason = refusal(&stage, &worker(&stage), &request, &message).await;
        assert!(reason.starts_with(words), "{reason}");
    }
}

#[tokio::test]
async fn a_stranger_s_request_is_recorded_for_who_asks_after_it_and_not_in_the_environment_s_list() {
    let stage = stage();
    let w = worker(&stage);
    // Also one that asks for what the environment never takes.
    let target = Target::Beta { tag: BETA.parse().unwrap() };
    let wrong = DeployRequested { target, ..by_run("preview") };
    for request in [by_run("preview"), request("preview"), wrong] {
        let message = send(&stage, &request, STRANGER);
        let reason = refusal(&stage, &w, &request, &message).await;
        assert!(reason.starts_with(&format!("sender {STRANGER} may not ask")), "{reason}");
        assert_eq!(stage.machine(request.id).deployment().sender.as_deref(), Some(STRANGER));
    }
    let (shop, preview) = ("shop".parse().unwrap(), "preview".parse().unwrap());
    assert_eq!(stage.store.deployments(&shop, &preview, 10).await.unwrap(), []);

    // The environment's own people see what becomes of their mistakes.
    let mistaken = request("preview");
    let message = send(&stage, &mistaken, DEPLOYER);
    refusal(&stage, &w, &mistaken, &message).await;
    let listed = stage.store.deployments(&shop, &preview, 10).await.unwrap();
    assert_eq!(listed.iter().map(|line| line.id).collect::<Vec<_>>(), [mistaken.id]);
    assert_eq!(stage.machine(mistaken.id).deployment().sender.as_deref(), Some(DEPLOYER));
}

#[tokio::test]
async fn a_cancellation_s_record_names_who_sent_it_beside_who_it_says_it_is_of() {
    let stage = stage();
    let w = worker(&stage);
    stage.forge.hold_checks(true);
    let request = by_run("staging");
    stage.done(&w, &send(&stage, &request, DEPLOYER)).await;
    stage.done(&w, &stage.ask_to_cancel(request.id).from(PERSON)).await;
    let newest = stage.newest(request.id);
    assert_eq!(newest.to, "cancelled");
    assert!(newest.detail.contains("cancelled by bob, sent by AIDAPERSON"), "{}", newest.detail);
}
