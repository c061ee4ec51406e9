//! What people do with their own hands, past Lockstep: move tags, delete images, publish releases, change
//! services, write into the application's database. Must never go through Lockstep.

use github_sim::ReleaseSpec;
use sandbox::seeds::IMAGES;
use sandbox::settings;
use serde_json::{Value, json};

use crate::stage::Stage;

const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json";

impl Stage {
    /// Puts an image tag where another one is, byte for byte.
    pub async fn retag(&self, from: &str, to: &str) {
        let client = reqwest::Client::new();
        let answer = client.get(self.manifest(from)).header("accept", MANIFESTS).send().await.unwrap();
        let answer = answer.error_for_status().unwrap();
        let media_type = answer.headers()["content-type"].clone();
        let bytes = answer.bytes().await.unwrap();
        let put = client.put(self.manifest(to)).header("content-type", media_type).body(bytes);
        put.send().await.unwrap().error_for_status().unwrap();
    }

    /// Deletes the image that a tag names, and with it every tag that names it.
    pub async fn delete_image(&self, tag: &str) {
        let digest = self.tag(tag).await.unwrap();
        let delete = reqwest::Client::new().delete(self.manifest(digest.as_str()));
        delete.send().await.unwrap().error_for_status().unwrap();
        assert_eq!(self.tag(tag).await, None);
    }

    fn manifest(&self, reference: &str) -> String {
        format!("{}/v2/{IMAGES}/manifests/{reference}", self.sandbox.registry().endpoint())
    }

    /// Puts a message of any content on the queue.
    pub async fn send(&self, body: &str) {
        let queue = settings::queue_url(&self.sandbox.places().ports);
        let message = json!({ "QueueUrl": queue, "MessageBody": body });
        call(&self.sandbox.sqs().endpoint(), "AmazonSQS.SendMessage", &message).await;
    }

    /// Calls an action of ECS.
    pub async fn ecs(&self, action: &str, input: &Value) -> Value {
        let target = format!("AmazonEC2ContainerServiceV20141113.{action}");
        call(&self.sandbox.ecs().endpoint(), &target, input).await
    }

    /// Writes a note into staging's database, through the application.
    pub async fn add_note(&self, text: &str) {
        let post = reqwest::Client::new().post(self.notes_url()).json(&json!({ "text": text }));
        let answer = post.send().await.unwrap();
        assert_eq!(answer.status(), 201);
    }

    /// The notes in staging's database, as the application tells them.
    pub async fn notes(&self) -> Vec<String> {
        let answer = reqwest::get(self.notes_url()).await.unwrap().error_for_status().unwrap();
        let notes: Vec<Value> = answer.json().await.unwrap();
        notes.into_iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
    }

    fn notes_url(&self) -> String {
        format!("{}/api/v1/notes", self.sandbox.ecs().front_url("staging", "app").unwrap())
    }
}

/// A release of a tag, which GitHub makes at the commit and shows as the latest.
pub fn release(tag: &str, commit: &str) -> ReleaseSpec {
    ReleaseSpec {
        tag_name: tag.to_owned(),
        target_commitish: Some(commit.to_owned()),
        name: None,
        body: None,
        draft: false,
        prerelease: false,
        generate_release_notes: false,
        make_latest: None,
    }
}

/// Calls an AWS service in its JSON protocol.
async fn call(endpoint: &str, target: &str, input: &Value) -> Value {
    let post = reqwest::Client::new().post(endpoint).header("x-amz-target", target);
    let post = post.header("content-type", "application/x-amz-json-1.1").body(input.to_string());
    post.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
}
