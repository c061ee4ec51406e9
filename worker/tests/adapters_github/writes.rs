//! Releases: reading, creating and changing them.

use lockstep::faults::FaultKind;
use lockstep::ports::{Forge, NewRelease, Release, ReleaseChange};
use serde_json::{Value, json};

use crate::double::{Answer, always};

fn release() -> Value {
    json!({
        "id": 5, "tag_name": "1.2.3", "prerelease": false, "draft": false, "body": null,
        "html_url": "https://github.com/o/r/releases/tag/1.2.3",
    })
}

fn new(prerelease: bool, make_latest: bool) -> NewRelease {
    NewRelease {
        tag: "1.2.3".to_owned(),
        commit: "a".repeat(40).parse().unwrap(),
        prerelease,
        make_latest,
        preface: "Promoted.".to_owned(),
    }
}

#[tokio::test]
async fn releases_are_found_by_tag_or_as_the_latest_or_not_at_all() {
    let expected = Release {
        id: 5,
        tag: "1.2.3".to_owned(),
        prerelease: false,
        draft: false,
        body: String::new(),
        url: "https://github.com/o/r/releases/tag/1.2.3".to_owned(),
    };
    let (double, forge) = always(Answer::new(200, release())).await;
    assert_eq!(forge.release("release/1.2.3").await.unwrap().as_ref(), Some(&expected));
    assert_eq!(forge.latest_release().await.unwrap(), Some(expected));
    let lines = ["GET /repos/o/r/releases/tags/release%2F1.2.3", "GET /repos/o/r/releases/latest"];
    assert_eq!(double.lines(), lines);

    let (_double, forge) = always(Answer::not_found()).await;
    assert_eq!(forge.release("1.2.3").await.unwrap(), None);
    assert_eq!(forge.latest_release().await.unwrap(), None);
}

#[tokio::test]
async fn a_release_is_created_with_generated_notes_and_says_whether_it_is_latest() {
    for (prerelease, make_latest, expected) in
        [(false, true, "true"), (false, false, "false"), (true, true, "false"), (true, false, "false")]
    {
        let (double, forge) = always(Answer::new(201, release())).await;
        assert_eq!(forge.create_release(&new(prerelease, make_latest)).await.unwrap().id, 5);
        let call = &double.calls()[0];
        assert_eq!(call.line, "POST /repos/o/r/releases");
        assert_eq!(
            call.body,
            json!({
                "tag_name": "1.2.3", "target_commitish": "a".repeat(40), "name": "1.2.3", "body": "Promoted.",
                "draft": false, "prerelease": prerelease, "generate_release_notes": true, "make_latest": expected,
            })
        );
    }
    let exists = json!({ "message": "Validation Failed", "errors":
        [{ "resource": "Release", "code": "already_exists", "field": "tag_name" }] });
    let (_double, forge) = always(Answer::new(422, exists)).await;
    let fault = forge.create_release(&new(false, true)).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains("tag_name already_exists"), "{fault}");
}

#[tokio::test]
async fn a_change_sends_what_changes_and_nothing_else() {
    let (double, forge) = always(Answer::new(200, release())).await;
    let latest = |make_latest| ReleaseChange { make_latest: Some(make_latest), body: None };
    forge.change_release(5, &latest(true)).await.unwrap();
    forge.change_release(5, &latest(false)).await.unwrap();
    let notes = ReleaseChange { make_latest: None, body: Some("Rolled back.".to_owned()) };
    forge.change_release(5, &notes).await.unwrap();
    forge.change_release(5, &ReleaseChange::default()).await.unwrap();
    let calls = double.calls();
    assert!(calls.iter().all(|call| call.line == "PATCH /repos/o/r/releases/5"));
    let bodies: Vec<Value> = calls.into_iter().map(|call| call.body).collect();
    let expected = [
        json!({ "make_latest": "true" }),
        json!({ "make_latest": "false" }),
        json!({ "body": "Rolled back." }),
    ];
    assert_eq!(bodies, expected);
}
