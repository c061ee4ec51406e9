//! What an image registry answers, through the real oci-client: manifests above all, whose digest is made to
//! fit so that their content is looked at. Nothing is taken for an image that is none, a tag is never reported
//! as moved that was not read back, and the password is never shown.

use std::time::Duration;

use fuzz_targets::{Answer, SECRET, Server, check_discreet, check_fault};
use lockstep::adapters::registry::{OciRegistry, RegistryAuth, RegistrySettings};
use lockstep::faults::{Fault, Service};
use lockstep::ports::Registry;
use lockstep_events::ImageDigest;
use sha2::{Digest, Sha256};

use crate::{runtime, target};

#[test]
fn manifests() {
    let runtime = runtime();
    let (server, registry) = runtime.block_on(async {
        let server = Server::start().await;
        let settings = RegistrySettings {
            repository: format!("{}/app", server.authority()),
            auth: RegistryAuth::Basic { user: "robot".to_owned(), password: SECRET.into() },
            anonymous_reads: false,
            plain_http: true,
            call_timeout: Duration::from_secs(5),
        };
        (server, OciRegistry::new(settings).unwrap())
    });
    target!("manifests", "manifests", |answer: &Answer| {
        let hex: String = Sha256::digest(&answer.body).iter().map(|byte| format!("{byte:02x}")).collect();
        let digest: ImageDigest = format!("sha256:{hex}").parse().unwrap();
        let mut answer = answer.clone();
        // The document's own digest, unless the document says what the registry claims.
        if !answer.headers.iter().any(|(name, _)| name == "docker-content-digest") {
            answer.headers.push(("docker-content-digest".to_owned(), digest.to_string()));
        }
        runtime.block_on(every_call(&server, &registry, &answer, &digest));
    });
}

async fn every_call(server: &Server, registry: &OciRegistry, answer: &Answer, digest: &ImageDigest) {
    let refused = answer.status.is_none_or(|status| !(200..300).contains(&status));
    server.set(answer);
    if let Some(Some(named)) = checked(registry.resolve("0.1.0").await) {
        assert!(!refused, "a refusal named {named}");
    }
    server.set(answer);
    if let Some(Some(contents)) = checked(registry.contents(digest).await) {
        assert!(!refused, "a refusal held {contents:?}");
        assert_eq!((&contents.digest, contents.runnable.first()), (digest, Some(digest)));
        let text = answer.text();
        assert!(contents.runnable[1..].iter().all(|child| text.contains(child.as_str())), "{contents:?}");
    }
    server.set(answer);
    let pointed = checked(registry.point("latest", digest).await);
    let requests = server.requests();
    let puts: Vec<_> = requests.iter().filter(|request| request.method == "PUT").collect();
    assert!(puts.len() <= 1, "a tag was put {} times", puts.len());
    assert!(puts.iter().all(|put| put.body == answer.body), "other bytes were put than the image's");
    if pointed.is_some() {
        assert_eq!(puts.len(), 1, "a tag moved by itself");
        assert!(
            requests.iter().rposition(|request| request.method == "PUT") < Some(requests.len() - 1),
            "not read back"
        );
    }
}

fn checked<T>(answer: Result<T, Fault>) -> Option<T> {
    answer
        .map_err(|fault| {
            check_fault(&fault, Service::Registry);
            check_discreet(&fault);
        })
        .ok()
}
