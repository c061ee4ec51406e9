//! The town's `lockstep.toml`: short leases and deadlines, so that a run of minutes has many takeovers.

use std::fmt::Write as _;

use sandbox::environment::{ACCOUNT, REGION};

use super::places::{OWNER, Ports, Service, applications};

/// The table's name.
pub(super) const TABLE: &str = "lockstep";

/// The queue's URL by the port that it is reached through.
pub(super) fn queue_url(port: u16) -> String {
    format!("http://127.0.0.1:{port}/{ACCOUNT}/lockstep")
}

/// The file's text.
pub(super) fn text(ports: &Ports) -> String {
    let queue = queue_url(ports.sqs);
    let Ports { dynamodb, sqs, ecs, .. } = ports;
    let mut text = format!(
        r#"table = "{TABLE}"

[queue]
url = "{queue}"
dead_letter_url = "{queue}-dead-letters"

[aws]
region = "{REGION}"
dynamodb_endpoint = "http://127.0.0.1:{dynamodb}"
sqs_endpoint = "http://127.0.0.1:{sqs}"
ecs_endpoint = "http://127.0.0.1:{ecs}"

[worker]
visibility_seconds = 10
claim_lease_seconds = 6
call_timeout_seconds = 2
poll_seconds = 1
poll_cap_seconds = 1
reconcile_seconds = 5

[retry]
budget = 12
base_seconds = 1
cap_seconds = 3

[deadlines]
checks_seconds = 90
build_seconds = 90
rollout_seconds = 60
readiness_seconds = 15
action_seconds = 120
"#
    );
    for application in applications() {
        let name = application.name;
        let Ports { registry, github, .. } = ports;
        let images = application.images();
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            r#"
[applications.{name}]
release_tag = "{{version}}"

[applications.{name}.github]
api_url = "http://127.0.0.1:{github}"
owner = "{OWNER}"
repository = "{name}"
version_file = "apps/server/Cargo.toml"
build_workflow = "build-image.yml"

[applications.{name}.registry]
repository = "127.0.0.1:{registry}/{images}"
plain_http = true
"#
        );
        for environment in ["staging", "production"] {
            let front = application.front(environment, Service::App);
            // The killers ask from a terminal, with no role of their own.
            let guard = if environment == "production" { "anyone_may_ask = true" } else { "" };
            let _ = write!(
                text,
                r#"
[applications.{name}.environments.{environment}]
kind = "{environment}"
cluster = "{environment}"
service = "{name}"
container = "app"
{guard}

[applications.{name}.environments.{environment}.readiness]
url = "http://127.0.0.1:{front}/api/v1/ready"
consecutive = 2
interval_milliseconds = 200
"#
            );
        }
        let _ = write!(
            text,
            r#"
[applications.{name}.environments.staging.database]
service = "{name}-database"
"#
        );
    }
    text
}
