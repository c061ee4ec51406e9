//! `hold`, `release` and what `status` says of a hold; that a request meets one is the engine's tests' to show.

use lockstep::ports::Store as _;
use lockstep_state_machines::State;
use serde_json::{Value, json};

use super::records::{self, request};
use super::support::{Local, Ran, environment, new_id, shop};

/// The one JSON value that was printed.
fn only(ran: &Ran) -> Value {
    let [value] = &ran.json()[..] else { panic!("{}{}", ran.stdout, ran.stderr) };
    value.clone()
}

async fn standing(local: &Local) -> Option<lockstep::ports::Hold> {
    local.store.environment(&shop(), &environment("staging")).await.unwrap().lock.hold
}

#[tokio::test]
async fn a_hold_is_shown_by_status_until_it_is_released() {
    let local = Local::start().await;
    let ran = local.run(&["hold", "staging", "--reason", "the database is moved"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let words = "staging is on hold until somebody releases it: the database is moved (by alice since ";
    assert!(ran.stdout.starts_with(words), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("; `lockstep release staging` ends it\n"), "{}", ran.stdout);
    let hold = standing(&local).await.unwrap();
    assert_eq!((hold.by.as_str(), hold.until), ("alice", None));

    let text = local.run(&["status"]).await.stdout;
    let words = "  on hold: until somebody releases it: the database is moved (by alice since ";
    assert_eq!(text.lines().filter(|line| line.starts_with(words)).count(), 1, "{text}");
    let status = only(&local.run(&["status", "staging", "--json"]).await);
    let shown = &status["environments"][0]["hold"];
    assert_eq!((&shown["id"], &shown["by"]), (&json!(hold.id), &json!("alice")));
    assert_eq!((&shown["reason"], &shown["ended"]), (&json!("the database is moved"), &json!(false)));

    let other = new_id().to_string();
    let ran = local.run(&["release", "staging", "--id", &other, "--json"]).await;
    let refused = only(&ran);
    assert_eq!((ran.code, &refused["outcome"]), (9, &json!("refused")));
    assert_eq!(refused["hold"]["id"], json!(hold.id));
    assert!(standing(&local).await.is_some());

    let id = hold.id.to_string();
    let ran = local.run(&["release", "staging", "--id", &id, "--reason", "it was moved", "--json"]).await;
    let released = only(&ran);
    assert_eq!(
        (ran.code, &released["type"], &released["outcome"]),
        (0, &json!("release"), &json!("released"))
    );
    assert_eq!(standing(&local).await, None);
    let ran = local.run(&["release", "staging"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (0, "staging is not on hold: nothing was done\n"));
    let text = local.run(&["status"]).await.stdout;
    assert!(!text.contains("on hold"), "{text}");

    let kept = only(&local.run(&["hold", "staging", "--list", "--json"]).await);
    assert_eq!((&kept["type"], kept["holds"].as_array().unwrap().len()), (&json!("holds"), 1));
    let record = &kept["holds"][0];
    assert_eq!((&record["hold"]["id"], &record["released"]["by"]), (&json!(id), &json!("alice")));
    let text = local.run(&["hold", "staging", "--list"]).await.stdout;
    assert!(text.contains("it was moved") && text.contains(&id), "{text}");
    let never = local.run(&["hold", "production", "--list"]).await;
    assert_eq!(never.stdout, "production was never on hold\n");
}

#[tokio::test]
async fn a_second_hold_is_refused_unless_it_is_to_replace_the_first() {
    let local = Local::start().await;
    let under_way = request(new_id());
    records::open(&local, &under_way).await;
    let ran = local.run(&["hold", "staging", "--reason", "first", "--until", "2h", "--json"]).await;
    let first = only(&ran);
    assert_eq!((ran.code, &first["type"], &first["outcome"]), (0, &json!("hold"), &json!("held")));
    assert_eq!(first["under_way"], json!(under_way.id));
    assert!(first["message"].as_str().unwrap().contains("is under way and goes on"), "{first}");
    let hold = standing(&local).await.unwrap();
    let lasts = hold.until.unwrap().duration_since(hold.since).as_secs();
    assert!((7200..=7201).contains(&lasts), "two hours, in whole seconds: {lasts}");

    let ran = local.run(&["hold", "staging", "--reason", "second"]).await;
    assert_eq!(ran.code, 9, "{}", ran.stdout);
    assert!(
        ran.stdout.starts_with("staging was not put on hold: it is on hold already, until "),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("first") && ran.stdout.contains("--replace"), "{}", ran.stdout);
    let ran = local.run(&["hold", "staging", "--reason", "second", "--replace", "--json"]).await;
    let second = only(&ran);
    assert_eq!((ran.code, &second["replaced"]["id"]), (0, &first["hold"]["id"]));
    let kept = only(&local.run(&["hold", "staging", "--list", "--json"]).await);
    let whose = format!("replaced by hold {}", second["hold"]["id"].as_str().unwrap());
    assert_eq!(kept["holds"][1]["released"]["reason"], json!(whose));

    records::close(&local, &under_way, State::Healthy).await;
    assert_eq!(
        standing(&local).await.unwrap().reason.as_str(),
        "second",
        "the end of a deployment ends none"
    );
}

#[tokio::test]
async fn what_no_hold_can_be_is_refused_before_anything_is_written() {
    let local = Local::start().await;
    for (arguments, words) in [
        (&["hold", "staging", "--reason", "x", "--until", "2020-01-01T00:00:00Z"][..], "not in the future"),
        (&["hold", "staging", "--reason", "x", "--until", "tomorrow"], "a time from now"),
        (&["hold", "qa", "--reason", "x"], "there is no environment qa"),
        (&["release", "qa"], "there is no environment qa"),
    ] {
        let ran = local.run(arguments).await;
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stdout);
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    }
    assert_eq!(standing(&local).await, None);
}

#[tokio::test]
async fn an_emergency_is_sent_with_its_reason_and_shown_by_history() {
    let local = Local::start().await;
    let ran = local.run(&["deploy", "--despite-freeze", "the shop is down"]).await;
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let sent = local.next_request().await;
    assert_eq!(sent.overrides.despite_freeze.as_ref().unwrap().as_str(), "the shop is down");
    records::open(&local, &sent).await;
    let text = local.run(&["history", &sent.id.to_string()]).await.stdout;
    assert!(text.contains("  despite a freeze, because: the shop is down\n"), "{text}");
}
