//! The registry adapter against a real registry protocol: every way of logging in, tags moved byte for byte,
//! and every refusal told apart. The double is `double.rs`.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

mod double;
mod secrets;
mod setup;

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use double::{CONFIG, Double, Gate, PASSWORD, Refusal, USER};
use lockstep::adapters::registry::{OciRegistry, RegistryAuth, RegistrySettings};
use lockstep::faults::FaultKind;
use lockstep::ports::Registry;
use lockstep_events::ImageDigest;
use oci_client::manifest::{
    IMAGE_MANIFEST_LIST_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE,
};

fn user() -> RegistryAuth {
    RegistryAuth::Basic { user: USER.to_owned(), password: PASSWORD.into() }
}

fn registry(double: &Double, auth: RegistryAuth, anonymous_reads: bool) -> OciRegistry {
    OciRegistry::new(RegistrySettings {
        repository: double.repository(),
        auth,
        anonymous_reads,
        plain_http: true,
        call_timeout: Duration::from_secs(20),
    })
    .unwrap()
}

async fn open() -> (Arc<Double>, OciRegistry) {
    let double = Double::start(Gate::Open).await;
    let registry = registry(&double, RegistryAuth::Anonymous, false);
    (double, registry)
}

/// A manifest with white space of its own, so that rewriting it would change its digest.
fn manifest(of: &str) -> Vec<u8> {
    let config = ferro_blob_store::Digest::sha256_of(CONFIG);
    format!(
        "{{ \"schemaVersion\":2,\n\t\"mediaType\" : \"{OCI_IMAGE_MEDIA_TYPE}\", \"annotations\":{{\"of\":\"{of}\"}},\n \
         \"config\":{{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"{config}\",\"size\":2}},\n \
         \"layers\":[] }}\n"
    )
    .into_bytes()
}

fn index(media_type: Option<&str>, children: &[&ImageDigest]) -> Vec<u8> {
    let named = media_type.map(|named| format!("\"mediaType\": \"{named}\", ")).unwrap_or_default();
    let children: Vec<String> = children
        .iter()
        .map(|digest| {
            format!("{{\"mediaType\":\"{OCI_IMAGE_MEDIA_TYPE}\",\"digest\":\"{digest}\",\"size\":1}}")
        })
        .collect();
    format!("{{ {named}\"schemaVersion\": 2,  \"manifests\": [{}] }}", children.join(",\n")).into_bytes()
}

fn refusal(method: Method, part: &'static str, status: u16, code: &str) -> Refusal {
    let body = format!(r#"{{"errors":[{{"code":"{code}","message":"as told, {PASSWORD}"}}]}}"#);
    Refusal { method, part, status, body, times: 1 }
}

#[tokio::test]
async fn manifests_and_indexes_are_retagged_byte_for_byte() {
    let (double, registry) = open().await;
    let child = double.store("child", OCI_IMAGE_MEDIA_TYPE, &manifest("child")).await;
    for (kind, media_type, bytes) in [
        ("manifest", OCI_IMAGE_MEDIA_TYPE, manifest("a")),
        ("docker-manifest", IMAGE_MANIFEST_MEDIA_TYPE, {
            let text = String::from_utf8(manifest("b")).unwrap();
            text.replace(OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE).into_bytes()
        }),
        ("index", OCI_IMAGE_INDEX_MEDIA_TYPE, index(Some(OCI_IMAGE_INDEX_MEDIA_TYPE), &[&child])),
        ("nameless-index", OCI_IMAGE_INDEX_MEDIA_TYPE, index(None, &[&child])),
        ("list", IMAGE_MANIFEST_LIST_MEDIA_TYPE, index(Some(IMAGE_MANIFEST_LIST_MEDIA_TYPE), &[&child])),
    ] {
        let digest = double.store(kind, media_type, &bytes).await;
        let target = format!("1.0.0-{kind}");
        registry.point(&target, &digest).await.unwrap();
        assert_eq!(double.held(&target).await.unwrap(), (media_type.to_owned(), bytes), "{kind}");
        assert_eq!(registry.resolve(&target).await.unwrap(), Some(digest.clone()), "{kind}");
        // Doing it again changes nothing.
        registry.point(&target, &digest).await.unwrap();
        assert_eq!(registry.resolve(&target).await.unwrap(), Some(digest), "{kind}");
    }
}

#[tokio::test]
async fn a_tag_moves_from_one_digest_to_another_and_back() {
    let (double, registry) = open().await;
    let one = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    let two = double.store("two", OCI_IMAGE_MEDIA_TYPE, &manifest("two")).await;
    for digest in [&one, &two, &one] {
        registry.point("latest", digest).await.unwrap();
        assert_eq!(registry.resolve("latest").await.unwrap().as_ref(), Some(digest));
    }
}

#[tokio::test]
async fn contents_are_the_digest_and_every_manifest_of_an_index() {
    let (double, registry) = open().await;
    let one = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    let two = double.store("two", OCI_IMAGE_MEDIA_TYPE, &manifest("two")).await;
    let both = index(Some(OCI_IMAGE_INDEX_MEDIA_TYPE), &[&one, &two]);
    let both = double.store("both", OCI_IMAGE_INDEX_MEDIA_TYPE, &both).await;
    let contents = registry.contents(&both).await.unwrap().unwrap();
    assert_eq!(contents.digest, both);
    assert_eq!(contents.runnable, [both, one.clone(), two]);
    assert_eq!(registry.contents(&one).await.unwrap().unwrap().runnable, [one]);
}

#[tokio::test]
async fn what_is_not_there_is_none_and_cannot_be_pointed_at() {
    let (double, registry) = open().await;
    let absent: ImageDigest = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    assert_eq!(registry.resolve("1.0.0").await.unwrap(), None, "in a repository that nothing was pushed to");
    double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    assert_eq!(registry.resolve("1.0.0").await.unwrap(), None);
    assert_eq!(registry.contents(&absent).await.unwrap(), None);
    let fault = registry.point("1.0.0", &absent).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotFound);
    assert!(fault.message.contains(absent.as_str()), "{fault}");
    assert_eq!(double.held("1.0.0").await, None);
}

#[tokio::test]
async fn what_cannot_be_a_tag_is_refused_before_anything_is_sent() {
    let (double, registry) = open().await;
    for bad in ["1.0.0+build", "../x", "", ".a", &"a".repeat(129)] {
        assert_eq!(registry.resolve(bad).await.unwrap_err().kind, FaultKind::Refused, "{bad:?}");
    }
    assert_eq!(double.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn basic_credentials_read_and_write() {
    let double = Double::start(Gate::Basic).await;
    let digest = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    registry(&double, user(), false).point("1.0.0", &digest).await.unwrap();
    let requests = [format!("GET {digest} as user"), "PUT 1.0.0 as user".into(), "HEAD 1.0.0 as user".into()];
    assert_eq!(double.requests(), requests);

    let wrong = RegistryAuth::Basic { user: USER.to_owned(), password: "another-secret".into() };
    let nobody = RegistryAuth::Anonymous;
    for auth in [wrong, nobody] {
        let fault = registry(&double, auth, false).resolve("1.0.0").await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Denied);
        assert!(!format!("{fault:?}").contains("another-secret"), "{fault:?}");
    }
}

#[tokio::test]
async fn tokens_are_asked_for_as_docker_hub_wants_it() {
    let double = Double::start(Gate::Tokens { push_only: false }).await;
    let digest = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    registry(&double, user(), false).point("1.0.0", &digest).await.unwrap();
    assert_eq!(
        double.requests(),
        [
            format!("GET {digest} as pull token"),
            "PUT 1.0.0 as push token".to_owned(),
            "HEAD 1.0.0 as pull token".to_owned()
        ]
    );
    let anonymous = registry(&double, RegistryAuth::Anonymous, false);
    assert_eq!(anonymous.resolve("1.0.0").await.unwrap().as_ref(), Some(&digest));
    assert_eq!(anonymous.point("2.0.0", &digest).await.unwrap_err().kind, FaultKind::Denied);

    let wrong = RegistryAuth::Basic { user: USER.to_owned(), password: "another-secret".into() };
    let fault = registry(&double, wrong, false).resolve("1.0.0").await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied);
    assert!(fault.message.contains("incorrect username or password"), "{fault}");
}

#[tokio::test]
async fn a_token_that_may_only_push_reads_anonymously() {
    let double = Double::start(Gate::Tokens { push_only: true }).await;
    let digest = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    let fault = registry(&double, user(), false).point("1.0.0", &digest).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Denied, "its own token may not read");

    let registry = registry(&double, user(), true);
    registry.point("1.0.0", &digest).await.unwrap();
    assert_eq!(registry.resolve("1.0.0").await.unwrap(), Some(digest));
}

#[tokio::test]
async fn limits_and_outages_pass_whoever_answers_with_them() {
    let double = Double::start(Gate::Tokens { push_only: false }).await;
    let digest = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    let registry = registry(&double, user(), false);
    let limit = |method, part| refusal(method, part, 429, "TOOMANYREQUESTS");

    // oci-client follows a HEAD without a digest with a GET.
    double.refuse(limit(Method::HEAD, "/manifests/"));
    double.refuse(limit(Method::GET, "/manifests/"));
    assert_eq!(registry.resolve("one").await.unwrap_err().kind, FaultKind::Throttled);

    double.refuse(limit(Method::PUT, "/manifests/"));
    let fault = registry.point("1.0.0", &digest).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Throttled);
    assert!(fault.message.contains("[hidden]") && !fault.message.contains(PASSWORD), "{fault}");

    double.refuse(limit(Method::GET, "/token"));
    assert_eq!(registry.resolve("one").await.unwrap_err().kind, FaultKind::Throttled);

    let gateway =
        Refusal { method: Method::GET, part: "/token", status: 502, body: "<html>".into(), times: 1 };
    double.refuse(gateway);
    assert_eq!(registry.resolve("one").await.unwrap_err().kind, FaultKind::Unavailable);

    double.refuse(refusal(Method::PUT, "/manifests/", 503, "UNAVAILABLE"));
    let fault = registry.point("1.0.0", &digest).await.unwrap_err();
    assert!(fault.kind == FaultKind::Unavailable && fault.may_have_happened(), "{fault}");

    let puts = double.requests().iter().filter(|request| request.starts_with("PUT")).count();
    assert_eq!(puts, 2, "nothing was sent twice");
    registry.point("1.0.0", &digest).await.unwrap();
}

#[tokio::test]
async fn a_refusal_to_overwrite_is_success_when_the_tag_names_the_same() {
    let (double, registry) = open().await;
    let one = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    let two = double.store("two", OCI_IMAGE_MEDIA_TYPE, &manifest("two")).await;
    double.store("1.0.0", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    for (status, code) in [(400, "TAG_INVALID"), (409, "CONFLICT"), (403, "DENIED"), (412, "PRECONDITION")] {
        double.refuse(refusal(Method::PUT, "/manifests/1.0.0", status, code));
        registry.point("1.0.0", &one).await.unwrap();

        double.refuse(refusal(Method::PUT, "/manifests/1.0.0", status, code));
        let fault = registry.point("1.0.0", &two).await.unwrap_err();
        assert!(matches!(fault.kind, FaultKind::Refused | FaultKind::Denied), "{fault}");
        assert!(fault.message.contains(one.as_str()) && fault.message.contains(code), "{fault}");
    }
    double.refuse(refusal(Method::PUT, "/manifests/2.0.0", 400, "TAG_INVALID"));
    let fault = registry.point("2.0.0", &two).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused, "a tag that names nothing was not refused for existing");
}

#[tokio::test]
async fn a_tag_that_somebody_else_moves_at_once_is_refused_by_name() {
    let (double, registry) = open().await;
    let one = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
    let theirs = double.store("theirs", OCI_IMAGE_MEDIA_TYPE, &manifest("theirs")).await;
    double.after_put("latest", manifest("theirs"));
    let fault = registry.point("latest", &one).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Refused);
    assert!(fault.message.contains(theirs.as_str()), "{fault}");
}

#[tokio::test]
async fn a_registry_that_does_not_answer_is_given_up() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (address, kind) in
        [(silent.local_addr().unwrap(), FaultKind::TimedOut), (closed, FaultKind::Connection)]
    {
        let registry = OciRegistry::new(RegistrySettings {
            repository: format!("{address}/app"),
            auth: user(),
            anonymous_reads: false,
            plain_http: true,
            call_timeout: Duration::from_millis(300),
        });
        let fault = registry.unwrap().resolve("1").await.unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
    }
}
