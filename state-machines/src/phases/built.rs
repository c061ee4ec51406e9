//! Built: an image of the commit is known by digest. Its version is bound, the environment's tags are
//! pointed at it, the (pre)release is published. What is already true is recognised and not redone.

use statig::Outcome;

use super::{locked, retagged};
use crate::machine::Context;
use crate::{
    BindingOutcome, Deployment, Event, FailureCode, Kind, Refusal, ReleaseOutcome, State, TagsOutcome,
};

pub(super) fn handle(
    state: State,
    d: &mut Deployment,
    event: &Event,
    cx: &mut Context<'_>,
) -> Outcome<State> {
    match (state, event) {
        (State::BindingVersion, Event::Binding(BindingOutcome::Bound)) => {
            cx.say("the version means this commit and this image");
            // From here on a move of `latest` may be under way.
            d.references_touched = d.plan.kind == Kind::Production;
            Outcome::Transition(State::MovingTags)
        }
        (State::BindingVersion, Event::Binding(BindingOutcome::Taken(refusal))) => {
            locked::refuse(d, refusal, cx)
        }
        (State::MovingTags, Event::Tags(TagsOutcome::Moved { moved })) => {
            cx.say(if moved.is_empty() {
                "every tag named the image already".to_owned()
            } else {
                format!("now naming the image: {}", moved.join(", "))
            });
            Outcome::Transition(State::PublishingRelease)
        }
        (State::MovingTags, Event::Tags(TagsOutcome::Foreign { found })) => {
            cx.say(match found {
                Some(found) => {
                    format!("found: somebody has moved latest to {found} meanwhile; it is moved on")
                }
                None => "found: somebody has deleted latest meanwhile; it is made again".to_owned(),
            });
            if let Some(inspection) = &mut d.inspection {
                cx.changed = inspection.latest != *found;
                inspection.latest.clone_from(found);
            }
            Outcome::Handled
        }
        (State::MovingTags, Event::Tags(TagsOutcome::Taken(refusal)))
        | (State::PublishingRelease, Event::Release(ReleaseOutcome::Taken(refusal))) => {
            taken(state, d, refusal, cx)
        }
        (State::PublishingRelease, Event::Release(ReleaseOutcome::Published { url, recognised })) => {
            let how = if *recognised { "exists already" } else { "published" };
            cx.say(format!("{how}: {url}"));
            d.release_url = Some(url.clone());
            Outcome::Transition(retagged::first(d))
        }
        _ => Outcome::Super,
    }
}

/// Somebody else's tag or release is in the way. The check before found it free, so it appeared meanwhile.
fn taken(state: State, d: &mut Deployment, refusal: &Refusal, cx: &mut Context<'_>) -> Outcome<State> {
    Outcome::Transition(d.fail(state, FailureCode::Artifact, refusal.message.clone(), cx))
}
