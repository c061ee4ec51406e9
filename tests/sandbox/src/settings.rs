//! The sandbox's `lockstep.toml`: the file that a team would write, with short deadlines and local
//! endpoints.

use crate::environment::{ACCOUNT, REGION};
use crate::places::Ports;
use crate::seeds::{IMAGES, OWNER, REPOSITORY};

/// The table's name.
pub const TABLE: &str = "lockstep";

/// The queue's URL.
#[must_use]
pub fn queue_url(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}/{ACCOUNT}/lockstep", ports.sqs)
}

/// The file's text.
#[must_use]
pub fn text(ports: &Ports) -> String {
    let queue = queue_url(ports);
    let Ports { dynamodb, sqs, registry, github, ecs, staging, production, .. } = ports;
    format!(
        r#"# Written by the sandbox at every start.
table = "{TABLE}"

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
claim_lease_seconds = 9
call_timeout_seconds = 3
poll_seconds = 1
poll_cap_seconds = 1
reconcile_seconds = 15

[retry]
budget = 5
base_seconds = 1
cap_seconds = 4

[deadlines]
checks_seconds = 120
build_seconds = 120
rollout_seconds = 60
readiness_seconds = 20
action_seconds = 120

[applications.{REPOSITORY}]
release_tag = "{{version}}"

[applications.{REPOSITORY}.github]
api_url = "http://127.0.0.1:{github}"
owner = "{OWNER}"
repository = "{REPOSITORY}"
version_file = "apps/server/Cargo.toml"
build_workflow = "build-image.yml"

[applications.{REPOSITORY}.registry]
repository = "127.0.0.1:{registry}/{IMAGES}"
plain_http = true

[applications.{REPOSITORY}.environments.staging]
kind = "staging"
cluster = "staging"
service = "app"
container = "app"

[applications.{REPOSITORY}.environments.staging.database]
service = "database"

[applications.{REPOSITORY}.environments.staging.readiness]
url = "http://127.0.0.1:{staging}/api/v1/ready"
consecutive = 2
interval_milliseconds = 200

[applications.{REPOSITORY}.environments.production]
kind = "production"
anyone_may_ask = true
cluster = "production"
service = "app"
container = "app"

[applications.{REPOSITORY}.environments.production.readiness]
url = "http://127.0.0.1:{production}/api/v1/ready"
consecutive = 2
interval_milliseconds = 200
"#
    )
}
