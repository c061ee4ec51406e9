//! From `X-Amz-Target` to the action, and back to an answer.
//!
//! Knows which actions there are, which of them change something, and nothing of what they do.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value};

use super::faults::{self, Fault};
use super::{
    answers, clusters, service_deployments, service_revisions, services, tags, task_definitions, tasks,
};
use crate::call_log::CallOutcome;
use crate::knobs::LostAnswer;
use crate::model::{ApiError, Step, World};
use crate::sim::Shared;

const TARGET_PREFIX: &str = "AmazonEC2ContainerServiceV20141113.";

/// What a reading action works on.
pub(crate) struct Reading<'a> {
    /// The world as the caller may see it.
    pub(crate) world: &'a World,
    pub(crate) step: Step<'a>,
}

/// What a changing action works on.
pub(crate) struct Changing<'a> {
    /// The world as it is.
    pub(crate) world: &'a mut World,
    pub(crate) step: Step<'a>,
    /// For the call log: the ids of what was made or touched.
    pub(crate) ids: BTreeMap<String, String>,
}

impl Changing<'_> {
    /// The same world, for building the answer: a change's answer never lags.
    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading { world: self.world, step: self.step }
    }

    pub(crate) fn note(&mut self, name: &str, id: &str) {
        self.ids.insert(name.to_owned(), id.to_owned());
    }
}

type Answer = Result<Value, ApiError>;

/// An action.
#[derive(Clone, Copy)]
enum Action {
    Reads(fn(&Reading<'_>, &Value) -> Answer),
    Changes(fn(&mut Changing<'_>, &Value) -> Answer),
}

fn action(name: &str) -> Option<Action> {
    use Action::{Changes, Reads};
    Some(match name {
        "RegisterTaskDefinition" => Changes(task_definitions::register),
        "DeregisterTaskDefinition" => Changes(task_definitions::deregister),
        "DescribeTaskDefinition" => Reads(task_definitions::describe),
        "ListTaskDefinitions" => Reads(task_definitions::list),
        "ListTaskDefinitionFamilies" => Reads(task_definitions::list_families),
        "CreateService" => Changes(services::create),
        "UpdateService" => Changes(services::update),
        "DeleteService" => Changes(services::delete),
        "DescribeServices" => Reads(services::describe),
        "ListServices" => Reads(services::list),
        "ListServiceDeployments" => Reads(service_deployments::list),
        "DescribeServiceDeployments" => Reads(service_deployments::describe),
        "StopServiceDeployment" => Changes(service_deployments::stop),
        "DescribeServiceRevisions" => Reads(service_revisions::describe),
        "ListTasks" => Reads(tasks::list),
        "DescribeTasks" => Reads(tasks::describe),
        "TagResource" => Changes(tags::tag),
        "ListTagsForResource" => Reads(tags::list),
        "DescribeClusters" => Reads(clusters::describe),
        _ => return None,
    })
}

/// The API's only route.
pub(crate) async fn handle(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = target.strip_prefix(TARGET_PREFIX).unwrap_or_default();
    let Some(action) = action(name) else {
        return answers::refusal(&ApiError::unknown_operation(target));
    };
    let request =
        if body.is_empty() { Ok(Value::Object(Map::new())) } else { serde_json::from_slice::<Value>(&body) };
    let request = match request {
        Ok(request) if request.is_object() => request,
        Ok(_) => {
            return answers::refusal(&ApiError::serialization("The request's body must be a JSON object."));
        }
        Err(error) => return answers::refusal(&ApiError::serialization(error.to_string())),
    };
    let fault = faults::next(&shared.core.knobs, name);
    let lost = matches!(fault, Fault::LoseAnswer);
    let answer = match action {
        Action::Reads(read) => match fault {
            Fault::Refused(error) => Err(error),
            Fault::None | Fault::LoseAnswer => {
                shared.core.read(|world, step| read(&Reading { world, step }, &request))
            }
        },
        Action::Changes(change) => {
            let answer = shared.core.call(name, &request, lost, |world, step| match fault {
                Fault::Refused(error) => refused(error),
                Fault::None | Fault::LoseAnswer => apply(change, world, step, &request),
            });
            // The caller may rely on an answer that it got, also across a restart.
            shared.state_file.save(&shared.core).await;
            answer
        }
    };
    match answer {
        Ok(_) if lost && shared.core.knobs_now().lose_answer_by == LostAnswer::ConnectionClosed => {
            answers::broken_off()
        }
        Ok(_) if lost => answers::refusal(&ApiError::server(500)),
        Ok(answer) => answers::success(&answer),
        Err(error) => {
            tracing::debug!(aws.action = name, %error, "refused");
            answers::refusal(&error)
        }
    }
}

fn apply(
    change: fn(&mut Changing<'_>, &Value) -> Answer,
    world: &mut World,
    step: Step<'_>,
    request: &Value,
) -> (Answer, CallOutcome) {
    let mut changing = Changing { world, step, ids: BTreeMap::new() };
    match change(&mut changing, request) {
        Ok(answer) => (Ok(answer), CallOutcome::Done(changing.ids)),
        Err(error) => refused(error),
    }
}

fn refused(error: ApiError) -> (Answer, CallOutcome) {
    let outcome = CallOutcome::Refused(error.kind.to_owned());
    (Err(error), outcome)
}
