//! What an access policy of a resource says, as far as it can be told without knowing IAM. Must never call a policy
//! strict that it does not understand.

use serde::Deserialize;
use serde_json::{Map, Value};

/// A policy's statements (IAM user guide, "JSON policy element reference").
#[derive(Debug, Default, Deserialize)]
pub(super) struct Policy {
    #[serde(rename = "Statement", default)]
    statements: OneOrMany<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        Self::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    fn as_slice(&self) -> &[T] {
        match self {
            Self::Many(all) => all,
            Self::One(one) => std::slice::from_ref(one),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    effect: String,
    principal: Option<Value>,
    #[serde(default)]
    action: OneOrMany<String>,
    #[serde(default)]
    condition: Map<String, Value>,
}

impl Policy {
    /// A policy's text; none is an empty policy.
    pub(super) fn read(text: Option<&str>) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::default()) };
        serde_json::from_str(text).map_err(|error| format!("its policy cannot be read: {error}"))
    }

    /// Whether a statement lets every principal send, without a condition.
    pub(super) fn lets_anybody_send(&self) -> bool {
        self.all("Allow").any(|allowed| {
            allowed.is_for_everybody() && allowed.is_about_sending() && allowed.condition.is_empty()
        })
    }

    /// Whether sending is denied to everybody but whom a condition names.
    pub(super) fn refuses_other_senders(&self) -> bool {
        self.all("Deny").any(|denied| {
            let names = denied.condition.iter().any(|(operator, _)| operator.contains("Not"));
            let of_principals =
                ["aws:PrincipalArn", "aws:PrincipalAccount", "aws:PrincipalOrgID", "aws:userid"];
            let keys: Vec<&String> = denied.keys().collect();
            let principals =
                of_principals.iter().any(|name| keys.iter().any(|key| key.eq_ignore_ascii_case(name)));
            denied.is_for_everybody() && denied.is_about_sending() && names && principals
        })
    }

    /// Whether everything is denied that comes without TLS.
    pub(super) fn refuses_plain_http(&self) -> bool {
        self.all("Deny").any(|denied| {
            let plain = denied.condition.get("Bool").and_then(Value::as_object).is_some_and(|condition| {
                condition.iter().any(|(key, value)| {
                    key.eq_ignore_ascii_case("aws:SecureTransport")
                        && (value.as_str() == Some("false") || value.as_bool() == Some(false))
                })
            });
            denied.is_for_everybody() && denied.is_about_sending() && plain
        })
    }

    fn all(&self, effect: &'static str) -> impl Iterator<Item = &Statement> {
        self.statements.as_slice().iter().filter(move |statement| statement.effect == effect)
    }
}

impl Statement {
    fn is_for_everybody(&self) -> bool {
        let star = |value: &Value| match value {
            Value::String(name) => name == "*",
            Value::Array(names) => names.iter().any(|name| name == "*"),
            _ => false,
        };
        match &self.principal {
            Some(Value::Object(kinds)) => kinds.get("AWS").is_some_and(star),
            Some(principal) => star(principal),
            None => false,
        }
    }

    fn is_about_sending(&self) -> bool {
        let covers = ["sqs:sendmessage", "sqs:send*", "sqs:*", "*"];
        self.action.as_slice().iter().any(|action| covers.contains(&action.to_lowercase().as_str()))
    }

    fn keys(&self) -> impl Iterator<Item = &String> {
        self.condition.values().filter_map(Value::as_object).flat_map(Map::keys)
    }
}

#[cfg(test)]
mod tests {
    use super::Policy;

    fn policy(statement: &str) -> Policy {
        Policy::read(Some(&format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{statement}]}}"))).unwrap()
    }

    #[test]
    fn who_may_send_is_read_from_principal_action_and_condition() {
        let open = r#"{"Effect":"Allow","Principal":"*","Action":["sqs:SendMessage"]}"#;
        assert!(policy(open).lets_anybody_send());
        let all = r#"{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":"SQS:*"}"#;
        assert!(policy(all).lets_anybody_send());
        for closed in [
            r#"{"Effect":"Allow","Principal":"*","Action":"sqs:SendMessage","Condition":{"ArnEquals":{"aws:SourceArn":"a"}}}"#,
            r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1:root"},"Action":"sqs:*"}"#,
            r#"{"Effect":"Allow","Principal":"*","Action":"sqs:ReceiveMessage"}"#,
            r#"{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage"}"#,
        ] {
            assert!(!policy(closed).lets_anybody_send(), "{closed}");
            assert!(!policy(closed).refuses_other_senders(), "{closed}");
        }
        let named = r#"{"Effect":"Deny","Principal":"*","Action":"sqs:SendMessage","Condition":{"ArnNotEquals":{"aws:PrincipalArn":["a"]}}}"#;
        assert!(policy(named).refuses_other_senders());
    }

    #[test]
    fn plain_http_is_refused_only_by_a_denial_of_it() {
        for value in ["\"false\"", "false"] {
            let statement = format!(
                "{{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"sqs:*\",\"Condition\":{{\"Bool\":{{\"aws:SecureTransport\":{value}}}}}}}"
            );
            assert!(policy(&statement).refuses_plain_http());
        }
        assert!(!Policy::read(None).unwrap().refuses_plain_http());
        assert!(Policy::read(Some("{")).is_err());
    }
}
