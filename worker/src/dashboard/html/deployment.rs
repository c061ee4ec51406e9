//! A deployment's page: what it is and how it ended or where it stands, then why, then the chain, then every step.

use maud::{Markup, html};

use super::super::model::{self, Deployment};
use super::parts::{badge, maybe_link, time};
use super::{course, picture, report};
use crate::ports::Recorded;
use crate::timeline::span;

/// The page's title.
pub(super) fn title(found: &Deployment) -> String {
    let timeline = &found.timeline;
    format!("{} to {} of {}: {}", timeline.what, timeline.environment, timeline.application, state(found))
}

/// What is said when the page changes.
pub(super) fn news(found: &Deployment) -> String {
    match &found.timeline.end {
        Some(end) => format!("Ended: {}. {}", end.state, end.summary),
        None => format!("Now: {}.", state(found)),
    }
}

fn state(found: &Deployment) -> String {
    found.machine.state().to_string()
}

pub(super) fn body(found: &Deployment) -> Markup {
    let timeline = &found.timeline;
    html! {
        nav.crumbs aria-label="Where this is" {
            a href="/" { "Environments" } " / "
            a href={"/?application=" (timeline.application) "&environment=" (timeline.environment)} {
                (timeline.application) " " (timeline.environment)
            }
        }
        h1 { (timeline.what) " to " (timeline.environment) }
        div #live-deployment data-part {
            (verdict(found))
            section.card aria-labelledby="state" {
                h2 #state { "State" }
                (picture::picture("machine", &model::way(timeline), Some(found.machine.state())))
                @if let Some(current) = &timeline.current { (course::current(current, found.now)) }
            }
            @if let Some(report) = report::failure(found) { (report) }
            (report::chain(found))
            section.card aria-labelledby="timeline" {
                h2 #timeline { "Timeline" }
                p { "Took " strong { (span(timeline.lasted(found.now))) } @if timeline.end.is_none() { " so far" } "." }
                (course::steps(timeline, found.now))
                details #items { summary { "Every item as recorded (" (found.items.len()) ")" } (course::items(&found.items)) }
            }
            (request(found))
        }
    }
}

fn verdict(found: &Deployment) -> Markup {
    let state = state(found);
    html! {
        div.outcome {
            (badge(&state))
            @match &found.timeline.end {
                Some(end) => {
                    p { strong { (end.summary) } }
                    @if end.operator_needed { p.warn { "An operator is needed: look at the environment before deploying there again." } }
                    p { "Ended at " (time(end.at)) "." }
                },
                None => p { "Under way: " (state) "." },
            }
        }
    }
}

fn request(found: &Deployment) -> Markup {
    let facts = found.machine.deployment();
    let request = &facts.request;
    let source = facts.source.iter().flat_map(|source| &source.warnings);
    let findings = facts.inspection.iter().flat_map(|inspection| &inspection.findings);
    html! {
        section.card aria-labelledby="request" {
            h2 #request { "Request" }
            dl.facts {
                dt { "Deployment" } dd { code { (request.id) } }
                dt { "Asked for by" } dd { (request.requester.actor) " at " (time(request.requested_at)) }
                @if let Some(warrant) = &facts.warrant {
                    @if let Some(run) = &warrant.run {
                        dt { "Workflow run" } dd { (maybe_link(&run.url)) " by " (run.actor) }
                        @for approval in &run.approvals {
                            dt { "Approved by" } dd { (approval.by) @if !approval.comment.is_empty() { ": " (approval.comment) } }
                        }
                    }
                }
                @if let Some(sender) = &facts.sender { dt { "Sent by" } dd { code { (sender) } } }
                @for (what, reason) in [
                    ("Without the baseline", &request.overrides.skip_baseline),
                    ("Not seen healthy in staging", &request.overrides.allow_unvalidated),
                    ("Despite a freeze", &request.overrides.despite_freeze),
                ] {
                    @if let Some(reason) = reason { dt { (what) } dd.warn { (reason) } }
                }
                @for warning in source.chain(findings) { dt { "Warning" } dd.warn { (warning) } }
            }
        }
    }
}

/// What can be told of a record that this version does not understand.
pub(super) fn unreadable(title: &str, items: &[Recorded], why: &str) -> Markup {
    html! {
        h1 { (title) }
        p.warn { (why) }
        section.card aria-labelledby="items" { h2 #items { "Every item as recorded" } (course::items(items)) }
    }
}
