//! Why a deployment failed and what was seen, and the chain from its commit to what runs. Must never soften or add a
//! judgement: the words are the record's.

use lockstep_state_machines::{Deployment as Facts, Failure, Proof};
use maud::{Markup, html};

use super::super::chain::{Chain, Link, Parity};
use super::super::links;
use super::super::model::Deployment;
use super::parts::{deployment, digest, linked, maybe_link, time};

/// The failure report; nothing when nothing failed.
pub(super) fn failure(found: &Deployment) -> Option<Markup> {
    let facts = found.machine.deployment();
    let cause = facts.failure.as_ref()?;
    Some(html! {
        section.card.report aria-labelledby="failure" {
            h2 #failure { "Failure report" }
            (one("Cause", cause))
            @for trouble in &facts.unwind_failures { (one("Then, on the way back", trouble)) }
            @if !facts.reference_notes.is_empty() {
                h3 { "What was put back" }
                ul { @for note in &facts.reference_notes { li { (note) } } }
            }
            @if let Some((proof, at)) = &facts.restored {
                h3 { "What runs again" }
                p { "Seen at " (time(*at)) "." }
                @if let Some(target) = facts.restore_target() { p { (target.image_tag) ", " (digest(&target.digest)) } }
                (tasks(proof))
            }
            @if let Some(address) = logs(found, facts) {
                p { a href=(address) rel="noreferrer" { "Logs of the service in the AWS console" } }
            }
        }
    })
}

fn logs(found: &Deployment, facts: &Facts) -> Option<String> {
    let base = facts.revisions.values().next().or(facts.inspection.as_ref().map(|i| &i.base))?;
    links::logs(found.place.as_ref()?, base)
}

fn one(what: &str, failure: &Failure) -> Markup {
    let evidence = &failure.evidence;
    html! {
        h3 { (what) }
        p { strong { (failure.message) } }
        p { "During " code { (failure.during) } " at " (time(failure.at)) "." }
        @if !evidence.service_events.is_empty() {
            h4 { "Events of the service, newest first" }
            ul.evidence { @for event in &evidence.service_events { li { (event) } } }
        }
        @if !evidence.stopped_tasks.is_empty() {
            h4 { "Stopped tasks" }
            ul.evidence { @for task in &evidence.stopped_tasks { li { (task) } } }
        }
        @if let Some(seen) = &evidence.readiness {
            h4 { "Last readiness answer" }
            p {
                code { (seen.url) } ": "
                strong { @match seen.status { Some(status) => (status), None => "no answer" } }
            }
            pre tabindex="0" { (seen.detail) }
        }
    }
}

/// The chain, with whether it is one image all the way.
pub(super) fn chain(found: &Deployment) -> Markup {
    let chain = &found.chain;
    let commit = chain.commit.as_ref();
    let address = commit.zip(found.place.as_ref()).and_then(|((sha, _), place)| links::commit(place, sha));
    html! {
        section.card aria-labelledby="chain" {
            h2 #chain { "From commit to what runs" }
            (parity(chain))
            ol.chain {
                li {
                    h3 { "Commit" }
                    @match commit {
                        Some((sha, link)) => {
                            p { (linked(address.as_deref(), &html! { code { (sha.short()) } })) }
                            (built(link.as_ref(), found))
                        },
                        None => p { "not settled" },
                    }
                }
                li {
                    h3 { "Beta" }
                    @match &chain.beta {
                        Some((tag, link)) => { p { code { (tag) } } (seen(link.as_ref(), "healthy in staging", "not healthy in staging yet")) },
                        None => p { "not settled" },
                    }
                }
                li {
                    h3 { "Release" }
                    @match &chain.release {
                        Some((version, link)) => { p { code { (version) } } (seen(link.as_ref(), "bound", "not promoted yet")) },
                        None => p { "not settled" },
                    }
                    @if let Some(url) = &found.machine.deployment().release_url { p { (maybe_link(url)) } }
                }
                li {
                    h3 { "Runs" }
                    @match &chain.running {
                        Some(running) => { p { (digest(&running.digest)) } (tasks(&running.proof)) },
                        None => p { "not shown by this deployment" },
                    }
                }
            }
        }
    }
}

fn parity(chain: &Chain) -> Markup {
    html! {
        @match chain.parity() {
            Parity::Proven(image) => p.verdict.good { strong { "Parity proven: " } "the same bytes all the way, " (digest(&image)) },
            Parity::Unproven(image, why) => p.verdict.still { strong { "Parity not proven: " } (why) ". Every link names " (digest(&image)) },
            Parity::Broken => p.verdict.bad { strong { "Not one image: " } "the links below name different digests." },
            Parity::Nothing => p.verdict.still { "No image is known yet." },
        }
    }
}

fn built(link: Option<&Link>, found: &Deployment) -> Markup {
    let build = found.machine.deployment().build.as_ref().and_then(|build| build.url.as_deref());
    html! {
        (seen(link, "built", "no image yet"))
        @if let Some(url) = build { p { "Build: " (maybe_link(url)) } }
    }
}

fn seen(link: Option<&Link>, done: &str, not_yet: &str) -> Markup {
    html! {
        @match link {
            Some(link) => {
                p { (done) " at " (time(link.at)) " by " (deployment(link.deployment)) }
                p { (digest(&link.digest)) }
            },
            None => p { (not_yet) },
        }
    }
}

/// What each task said that it runs.
fn tasks(proof: &Proof) -> Markup {
    html! {
        @if let Some(why) = &proof.unproven { p.warn { "Not proven: " (why) } }
        @if !proof.tasks.is_empty() {
            ul.evidence {
                @for (task, runs) in &proof.tasks {
                    li { "task " code { (task.rsplit('/').next().unwrap_or(task)) } " runs " code.digest { (runs) } }
                }
            }
        }
        @for finding in &proof.findings { p.warn { "Found: " (finding) } }
    }
}
