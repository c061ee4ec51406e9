//! Whose credentials these are, and whether a role can be had with the OIDC token that a workflow run or a task is
//! given. Must never show a token or a session, and never use the session that it got.

use async_trait::async_trait;
use aws_sdk_sts::Client;
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use super::clients::{AwsSettings, shared};
use super::web_identity::{self, WebIdentity};
use crate::faults::aws::classify;
use crate::faults::{FaultKind, Service};
use crate::ports::setup::{Caller, IdentityFault, IdentityInspector, RoleTrial};

const CALLER: &str = "GetCallerIdentity";
const ROLE: &str = "AssumeRoleWithWebIdentity";

/// The name under which the trial stands in CloudTrail.
const SESSION: &str = "lockstep-doctor";

/// The shortest session there is (API reference: DurationSeconds), in seconds.
const SHORTEST_SESSION: i32 = 900;

/// AWS STS, through a client whose own retries are off.
pub struct StsInspector {
    client: Client,
    web_identity: Option<WebIdentity>,
}

impl StsInspector {
    /// STS, at its own address or another one; nothing is called yet. Without a web identity no role is tried.
    pub async fn connect(
        settings: &AwsSettings,
        endpoint: Option<&str>,
        web_identity: Option<WebIdentity>,
    ) -> Self {
        let shared = shared(settings).await;
        let mut config = aws_sdk_sts::config::Builder::from(&shared);
        if let Some(url) = endpoint {
            config = config.endpoint_url(url);
        }
        Self { client: Client::from_conf(config.build()), web_identity }
    }
}

#[async_trait]
impl IdentityInspector for StsInspector {
    async fn caller(&self) -> Result<Caller, IdentityFault> {
        let answer =
            self.client.get_caller_identity().send().await.map_err(|error| refused(CALLER, &error))?;
        match (answer.account, answer.arn) {
            (Some(account), Some(arn)) => Ok(Caller { account, arn }),
            _ => Err(IdentityFault {
                operation: CALLER,
                kind: FaultKind::Unintelligible,
                message: "the answer has no Account or no Arn".to_owned(),
            }),
        }
    }

    async fn try_role(&self) -> Option<RoleTrial> {
        let identity = self.web_identity.as_ref()?;
        let role = identity.role.clone();
        let token = match identity.token().await {
            Ok(token) => token,
            Err(message) => {
                let kind = FaultKind::Refused;
                let fault = IdentityFault { operation: "reading the OIDC token", kind, message };
                return Some(RoleTrial { role, claims: "not known".to_owned(), outcome: Err(fault) });
            }
        };
        let claims = web_identity::claims(&token);
        let asked = self.client.assume_role_with_web_identity().role_arn(&role).role_session_name(SESSION);
        let answer = asked.duration_seconds(SHORTEST_SESSION).web_identity_token(token).send().await;
        let outcome = answer.map(|_session| ()).map_err(|error| refused(ROLE, &error));
        Some(RoleTrial { role, claims, outcome })
    }
}

/// The codes are the same for every AWS service; only the name of the service is not taken over.
fn refused<E>(
    operation: &'static str,
    error: &SdkError<E, aws_sdk_sts::config::http::HttpResponse>,
) -> IdentityFault
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let fault = classify(Service::DynamoDb, operation, error);
    IdentityFault { operation, kind: fault.kind, message: fault.message }
}
