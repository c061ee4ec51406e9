//! That no secret of the registry is shown: not in settings, not in any line of the log.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use lockstep::adapters::registry::{OciRegistry, RegistrySettings};
use lockstep::ports::Registry;
use oci_client::manifest::OCI_IMAGE_MEDIA_TYPE;

use crate::double::{Double, Gate, PASSWORD, USER};
use crate::{manifest, registry, user};

#[test]
fn settings_show_no_secret() {
    let settings = RegistrySettings {
        repository: "registry.example.com/app".to_owned(),
        auth: user(),
        anonymous_reads: false,
        plain_http: false,
        call_timeout: Duration::from_secs(1),
    };
    assert!(!format!("{settings:?}").contains(PASSWORD));
    assert_eq!(OciRegistry::new(settings).unwrap().repository(), "registry.example.com/app");
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_password_and_no_token_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // For the whole process: tracing forgets calls that other threads made first without a subscriber.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    for gate in [Gate::Basic, Gate::Tokens { push_only: false }] {
        let double = Double::start(gate).await;
        let digest = double.store("one", OCI_IMAGE_MEDIA_TYPE, &manifest("one")).await;
        registry(&double, user(), false).point("1.0.0", &digest).await.unwrap();
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("/manifests/1.0.0"), "the requests are logged: {log}");
    let sent = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for secret in [PASSWORD, &sent, "issued-token-"] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
