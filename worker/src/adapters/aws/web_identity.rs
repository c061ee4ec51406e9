//! The OIDC token that this process is offered, and what it claims. In a workflow job with `id-token: write` GitHub
//! issues one on request; elsewhere a file may hold one. Must never show the token itself.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

/// What AWS's provider for GitHub expects (GitHub docs, "Configuring OpenID Connect in Amazon Web Services").
const AUDIENCE: &str = "sts.amazonaws.com";

/// The claims that a trust policy for GitHub may compare.
const CLAIMS: [&str; 6] = ["iss", "aud", "sub", "repository_id", "ref", "environment"];

/// A role and where the token for it comes from.
pub struct WebIdentity {
    /// The role's ARN.
    pub role: String,
    source: Source,
    limit: Duration,
}

enum Source {
    /// GitHub's token service, as a workflow job sees it.
    Actions { url: String, token: SecretString },
    /// A file, as a task with a web identity has it.
    File(PathBuf),
}

impl WebIdentity {
    /// What the environment offers: `AWS_ROLE_ARN` with `ACTIONS_ID_TOKEN_REQUEST_URL` and
    /// `ACTIONS_ID_TOKEN_REQUEST_TOKEN`, or with `AWS_WEB_IDENTITY_TOKEN_FILE`.
    pub fn offered(variable: impl Fn(&str) -> Option<String>, limit: Duration) -> Option<Self> {
        let role = variable("AWS_ROLE_ARN")?;
        let url = variable("ACTIONS_ID_TOKEN_REQUEST_URL");
        let source = match url.zip(variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")) {
            Some((url, token)) => Source::Actions { url, token: token.into() },
            None => Source::File(variable("AWS_WEB_IDENTITY_TOKEN_FILE")?.into()),
        };
        Some(Self { role, source, limit })
    }

    /// A token; the error in words that hold none.
    pub(super) async fn token(&self) -> Result<String, String> {
        match &self.source {
            Source::File(path) => tokio::fs::read_to_string(path)
                .await
                .map(|text| text.trim().to_owned())
                .map_err(|error| format!("{} cannot be read: {error}", path.display())),
            Source::Actions { url, token } => {
                let mut url: Url =
                    url.parse().map_err(|error| format!("GitHub's address for it: {error}"))?;
                url.query_pairs_mut().append_pair("audience", AUDIENCE);
                self.issued(url, token).await.map_err(|error| {
                    let error = error.without_url();
                    format!("GitHub did not issue one: {error}; does the job have `id-token: write`?")
                })
            }
        }
    }

    async fn issued(&self, url: Url, token: &SecretString) -> reqwest::Result<String> {
        #[derive(Deserialize)]
        struct Issued {
            value: String,
        }
        let client = reqwest::Client::builder().timeout(self.limit).build()?;
        let asked = client.get(url).bearer_auth(token.expose_secret());
        let issued: Issued = asked.send().await?.error_for_status()?.json().await?;
        Ok(issued.value)
    }
}

/// The claims of a token that trust policies compare, such as `sub = repo:o/r:ref:refs/heads/main`. Read, not verified.
pub(super) fn claims(token: &str) -> String {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let Some(Value::Object(claims)) = payload.and_then(|bytes| serde_json::from_slice(&bytes).ok()) else {
        return "not a JSON web token".to_owned();
    };
    let shown = CLAIMS.iter().filter_map(|name| {
        let claim = claims.get(*name)?;
        Some(format!("{name} = {}", claim.as_str().map_or_else(|| claim.to_string(), str::to_owned)))
    });
    shown.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_claims_that_a_trust_policy_compares_are_shown() {
        let payload = URL_SAFE_NO_PAD.encode(
            r#"{"aud":"sts.amazonaws.com","sub":"repo:acme/shop:environment:production","jti":"secret"}"#,
        );
        let shown = claims(&format!("eyJhbGciOiJub25lIn0.{payload}.signature"));
        assert_eq!(shown, "aud = sts.amazonaws.com, sub = repo:acme/shop:environment:production");
        assert_eq!(claims("rubbish"), "not a JSON web token");
    }

    #[test]
    fn a_role_is_tried_only_where_a_token_is_offered() {
        let offered = |names: &[&str]| {
            let variable = |name: &str| names.contains(&name).then(|| "x".to_owned());
            WebIdentity::offered(variable, Duration::from_secs(1)).is_some()
        };
        assert!(!offered(&["AWS_ROLE_ARN"]));
        assert!(!offered(&["AWS_WEB_IDENTITY_TOKEN_FILE"]));
        assert!(!offered(&["AWS_ROLE_ARN", "ACTIONS_ID_TOKEN_REQUEST_URL"]));
        assert!(offered(&["AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"]));
        let actions = ["AWS_ROLE_ARN", "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];
        assert!(offered(&actions));
    }
}
