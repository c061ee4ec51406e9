//! The OCI registry, as the worker relies on it: tags moved byte for byte, every way to log in, a restart.

use axum::http::HeaderValue;
use ferro_blob_store::Digest;
use oci_client::client::{Client, ClientConfig, ClientProtocol};
use oci_client::errors::{OciDistributionError, OciErrorCode};
use oci_client::manifest::{OCI_IMAGE_INDEX_MEDIA_TYPE as INDEX, OCI_IMAGE_MEDIA_TYPE as MANIFEST};
use oci_client::secrets::RegistryAuth as As;
use oci_client::{Reference, RegistryOperation};

use super::*;

const CREDENTIALS: (&str, &str) = ("deployer", "dckr_pat_0");

fn deployer() -> As {
    As::Basic(CREDENTIALS.0.to_owned(), CREDENTIALS.1.to_owned())
}

fn token(anonymous_pull: bool, push_only: bool) -> RegistryAuth {
    let (user, password) = (CREDENTIALS.0.to_owned(), CREDENTIALS.1.to_owned());
    RegistryAuth::Token { user, password, anonymous_pull, push_only }
}

fn client() -> Client {
    let config = ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() };
    Client::try_from(config).unwrap()
}

fn reference(registry: &Registry, name: &str) -> Reference {
    format!("{}/org/app:{name}", registry.host()).parse().unwrap()
}

fn by_digest(registry: &Registry, digest: &str) -> Reference {
    format!("{}/org/app@{digest}", registry.host()).parse().unwrap()
}

fn digest(bytes: &[u8]) -> String {
    Digest::sha256_of(bytes).to_string()
}

/// An image manifest of one layer, spelled as no JSON library would spell it.
fn manifest(layer: &[u8]) -> Vec<u8> {
    let config = b"{}";
    format!(
        "{{ \"schemaVersion\": 2,\n\t\"mediaType\": \"{MANIFEST}\",\n \"config\": {{\"mediaType\":\
         \"application/vnd.oci.image.config.v1+json\", \"size\":{}, \"digest\":\"{}\"}},\n \"layers\": [{{\
         \"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"size\":{},\"digest\":\"{}\"}}] }}\n\n",
        config.len(),
        digest(config),
        layer.len(),
        digest(layer)
    )
    .into_bytes()
}

/// Pushes an image under a tag and returns its manifest's bytes.
async fn push(
    client: &Client,
    auth: &As,
    image: &Reference,
    layer: &[u8],
) -> Result<Vec<u8>, OciDistributionError> {
    client.auth(image, auth, RegistryOperation::Push).await?;
    for blob in [layer, b"{}"] {
        client.push_blob(image, blob.to_vec(), &digest(blob)).await?;
    }
    put(client, image, manifest(layer), MANIFEST).await
}

async fn put(
    client: &Client,
    image: &Reference,
    bytes: Vec<u8>,
    media_type: &'static str,
) -> Result<Vec<u8>, OciDistributionError> {
    client.push_manifest_raw(image, bytes.clone(), HeaderValue::from_static(media_type)).await?;
    Ok(bytes)
}

async fn pull(client: &Client, auth: &As, image: &Reference) -> Result<Vec<u8>, OciDistributionError> {
    let (bytes, given) = client.pull_manifest_raw(image, auth, &[INDEX, MANIFEST]).await?;
    assert_eq!(given, digest(&bytes), "the registry's digest is the one of the bytes");
    Ok(bytes.to_vec())
}

async fn content_type(registry: &Registry, name: &str) -> String {
    let url = format!("{}/v2/org/app/manifests/{name}", registry.endpoint());
    let response = reqwest::Client::new().head(url).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.headers()["content-type"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_index_is_kept_byte_for_byte_under_every_tag_and_over_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start(any_port(), directory.path()).unwrap();
    let (client, address) = (client(), registry.address());
    let layer = vec![7; 3 << 20];
    let image = push(&client, &As::Anonymous, &reference(&registry, "single"), &layer).await.unwrap();
    let index = format!(
        "{{\"schemaVersion\":2,   \"mediaType\":\"{INDEX}\",\n\"manifests\":[{{\"mediaType\":\"{MANIFEST}\",\
         \"digest\":\"{}\",\"size\":{}}}]}} ",
        digest(&image),
        image.len()
    )
    .into_bytes();
    let beta = reference(&registry, "0.1.0-abcdefg.beta");
    put(&client, &beta, index.clone(), INDEX).await.unwrap();
    let pulled = pull(&client, &As::Anonymous, &beta).await.unwrap();
    assert_eq!(pulled, index);
    for tag in ["0.1.0", "latest"] {
        put(&client, &reference(&registry, tag), pulled.clone(), INDEX).await.unwrap();
    }
    // A tag that moves: the release before, then back.
    put(&client, &reference(&registry, "latest"), image.clone(), MANIFEST).await.unwrap();
    assert_eq!(content_type(&registry, "latest").await, MANIFEST);
    put(&client, &reference(&registry, "latest"), index.clone(), INDEX).await.unwrap();
    registry.shutdown().await;

    let registry =
        Registry::start(address, directory.path()).expect("the port and the directory are free again");
    for tag in ["0.1.0-abcdefg.beta", "0.1.0", "latest"] {
        let tagged = reference(&registry, tag);
        assert_eq!(client.fetch_manifest_digest(&tagged, &As::Anonymous).await.unwrap(), digest(&index));
        assert_eq!(pull(&client, &As::Anonymous, &tagged).await.unwrap(), index);
        assert_eq!(content_type(&registry, tag).await, INDEX);
    }
    assert_eq!(content_type(&registry, &digest(&image)).await, MANIFEST);
    let child = by_digest(&registry, &digest(&image));
    assert_eq!(pull(&client, &As::Anonymous, &child).await.unwrap(), image);
    let mut held = Vec::new();
    client.pull_blob(&child, digest(&layer).as_str(), &mut held).await.unwrap();
    assert!(held == layer, "the layer is the one pushed");
    let tags = client.list_tags(&child, &As::Anonymous, None, None).await.unwrap().tags;
    assert_eq!(tags, ["0.1.0", "0.1.0-abcdefg.beta", "latest", "single"]);
    assert_eq!(registry.behaviour().manifest_gets(), 4, "HEAD does not count");
}

#[tokio::test]
async fn an_absent_tag_and_an_image_without_its_layers_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start(any_port(), directory.path()).unwrap();
    let (client, image) = (client(), reference(&registry, "absent"));
    let error = pull(&client, &As::Anonymous, &image).await.unwrap_err();
    assert!(has_code(&error, &OciErrorCode::ManifestUnknown), "{error:?}");
    let error = put(&client, &image, manifest(b"never pushed"), MANIFEST).await.unwrap_err();
    assert!(matches!(error, OciDistributionError::ServerError { code: 404, .. }), "{error:?}");
}

#[tokio::test]
async fn damaged_metadata_and_a_directory_in_use_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start(any_port(), directory.path()).unwrap();
    push(&client(), &As::Anonymous, &reference(&registry, "1"), b"layer").await.unwrap();
    let error = Registry::start(any_port(), directory.path()).err().unwrap();
    assert!(error.to_string().contains("another registry stand-in is running on it"), "{error}");
    registry.shutdown().await;
    let metadata: &Path = &directory.path().join("metadata.json");
    let good = std::fs::read(metadata).unwrap();
    std::fs::write(metadata, &good[..good.len() / 2]).unwrap();
    let error = Registry::start(any_port(), directory.path()).err().unwrap();
    assert!(error.to_string().contains("it is damaged"), "{error}");
    assert_eq!(std::fs::read(metadata).unwrap().len(), good.len() / 2, "and left as it is");
}

#[tokio::test]
async fn basic_credentials_are_asked_for_and_checked() {
    let directory = tempfile::tempdir().unwrap();
    let auth = RegistryAuth::Basic { user: CREDENTIALS.0.to_owned(), password: CREDENTIALS.1.to_owned() };
    let registry = Registry::start_guarded(any_port(), directory.path(), auth).unwrap();
    let image = reference(&registry, "1");
    let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
    assert_eq!(pull(&client(), &deployer(), &image).await.unwrap(), pushed);
    let wrong = As::Basic(CREDENTIALS.0.to_owned(), "guess".to_owned());
    for refused in [As::Anonymous, wrong] {
        let error = pull(&client(), &refused, &image).await.unwrap_err();
        assert!(matches!(error, OciDistributionError::UnauthorizedError { .. }), "{error:?}");
        push(&client(), &refused, &image, b"layer").await.unwrap_err();
    }
}

#[tokio::test]
async fn a_token_is_good_for_what_its_caller_may_do_and_for_its_repository_only() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start_guarded(any_port(), directory.path(), token(true, false)).unwrap();
    let image = reference(&registry, "1");
    let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
    assert_eq!(pull(&client(), &deployer(), &image).await.unwrap(), pushed);
    assert_eq!(pull(&client(), &As::Anonymous, &image).await.unwrap(), pushed, "anonymous pull");
    let error = push(&client(), &As::Anonymous, &image, b"layer").await.unwrap_err();
    assert!(matches!(error, OciDistributionError::ServerError { code: 401, .. }), "{error:?}");
    let wrong = As::Basic(CREDENTIALS.0.to_owned(), "guess".to_owned());
    let error = client().auth(&image, &wrong, RegistryOperation::Pull).await.unwrap_err();
    assert!(matches!(error, OciDistributionError::AuthenticationFailure(_)), "{error:?}");

    let here = client().auth(&image, &deployer(), RegistryOperation::Push).await.unwrap().unwrap();
    let elsewhere = format!("{}/v2/org/other/tags/list", registry.endpoint());
    let answer = reqwest::Client::new().get(elsewhere).bearer_auth(here).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    let expected = format!(
        "Bearer realm=\"{}/token\",service=\"registry.sandbox\",scope=\"repository:org/other:pull\",\
         error=\"insufficient_scope\"",
        registry.endpoint()
    );
    assert_eq!(challenge, expected);
}

#[tokio::test]
async fn a_private_repository_gives_an_anonymous_token_that_pulls_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start_guarded(any_port(), directory.path(), token(false, false)).unwrap();
    let image = reference(&registry, "1");
    let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
    assert_eq!(pull(&client(), &deployer(), &image).await.unwrap(), pushed);
    let error = pull(&client(), &As::Anonymous, &image).await.unwrap_err();
    assert!(matches!(error, OciDistributionError::UnauthorizedError { .. }), "{error:?}");
}

#[tokio::test]
async fn a_token_that_may_only_push_cannot_pull_what_anybody_can() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start_guarded(any_port(), directory.path(), token(true, true)).unwrap();
    let image = reference(&registry, "1");
    let pushed = push(&client(), &deployer(), &image, b"layer").await.unwrap();
    let error = pull(&client(), &deployer(), &image).await.unwrap_err();
    assert!(matches!(error, OciDistributionError::UnauthorizedError { .. }), "{error:?}");
    assert_eq!(pull(&client(), &As::Anonymous, &image).await.unwrap(), pushed);
}

#[tokio::test]
async fn the_next_requests_are_limited_and_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start(any_port(), directory.path()).unwrap();
    let image = reference(&registry, "1");
    let pushed = push(&client(), &As::Anonymous, &image, b"layer").await.unwrap();
    assert_eq!(registry.behaviour().manifest_puts(), 1);
    registry.behaviour().limit_next(2, 30);
    let error = pull(&client(), &As::Anonymous, &image).await.unwrap_err();
    assert!(has_code(&error, &OciErrorCode::Toomanyrequests), "{error:?}");
    let url = format!("{}/v2/org/app/manifests/1", registry.endpoint());
    let answer = reqwest::Client::new().get(url).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (429, &HeaderValue::from(30)));
    assert_eq!(registry.behaviour().manifest_gets(), 0, "a refused request is not a pull");
    assert_eq!(pull(&client(), &As::Anonymous, &image).await.unwrap(), pushed);
    assert_eq!(registry.behaviour().manifest_gets(), 1);
}

#[tokio::test]
async fn an_immutable_tag_stays_where_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let registry = Registry::start(any_port(), directory.path()).unwrap();
    let (client, image) = (client(), reference(&registry, "1.0.0"));
    let held = push(&client, &As::Anonymous, &image, b"first").await.unwrap();
    push(&client, &As::Anonymous, &reference(&registry, "other"), b"second").await.unwrap();

    registry.behaviour().set_tag_rule(TagRule::Immutable);
    let error = put(&client, &image, manifest(b"second"), MANIFEST).await.unwrap_err();
    let OciDistributionError::ServerError { code: 400, message, .. } = &error else { panic!("{error:?}") };
    assert!(message.contains("TAG_INVALID"), "{message}");
    put(&client, &image, held.clone(), MANIFEST).await.expect("the same bytes change nothing");
    put(&client, &reference(&registry, "new"), held.clone(), MANIFEST).await.expect("a new tag is free");

    registry.behaviour().set_tag_rule(TagRule::ImmutableToTheSame);
    put(&client, &image, held.clone(), MANIFEST).await.expect_err("not even the same bytes");
    assert_eq!(pull(&client, &As::Anonymous, &image).await.unwrap(), held);
    registry.behaviour().set_tag_rule(TagRule::Movable);
    put(&client, &image, manifest(b"second"), MANIFEST).await.expect("movable again");
    assert_eq!(pull(&client, &As::Anonymous, &image).await.unwrap(), manifest(b"second"));
}

fn has_code(error: &OciDistributionError, code: &OciErrorCode) -> bool {
    let OciDistributionError::RegistryError { envelope, .. } = error else { return false };
    envelope.errors.iter().any(|error| error.code == *code)
}
