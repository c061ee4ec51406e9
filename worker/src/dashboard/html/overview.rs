//! The first page: the environments side by side, and under them the list of deployments with its filters.

use maud::{Markup, html};

use super::super::filter::{Filter, STATES};
use super::super::links;
use super::super::model::{self, Environment, Listed, Overview, UnderWay};
use super::parts::{address, badge, deployment, digest, linked, since, task_definition, time};
use super::{course, picture};
use crate::config::Kind;

/// What is said when the page changes.
pub(super) fn in_one_line(overview: &Overview) -> String {
    let states = overview.environments.iter().map(|environment| {
        let state = environment.under_way.as_ref().map(|u| u.state.as_deref().unwrap_or("under way"));
        format!("{}: {}", environment.place.environment, state.unwrap_or("nothing under way"))
    });
    states.collect::<Vec<_>>().join("; ")
}

pub(super) fn body(overview: &Overview) -> Markup {
    let several = has_several_applications(overview);
    html! {
        h1 { "Environments" }
        div #live-environments data-part {
            div.environments {
                @for environment in &overview.environments { (card(environment, overview, several)) }
            }
        }
        h2 #deployments { "Deployments" }
        (form(overview, several))
        div #live-deployments data-part { (list(overview, several)) }
    }
}

fn has_several_applications(overview: &Overview) -> bool {
    let mut names: Vec<_> = overview.environments.iter().map(|e| e.place.application.as_str()).collect();
    names.dedup();
    names.len() > 1
}

fn card(environment: &Environment, overview: &Overview, several: bool) -> Markup {
    let place = &environment.place;
    let anchor = format!("{}-{}", place.application, place.environment);
    html! {
        section.card aria-labelledby=(anchor) {
            h2 #(anchor) {
                @if several { (place.application) " " }
                (place.environment)
                @if place.kind == Kind::Production && place.environment.as_str() != "production" { " (production)" }
                " "
                @match &environment.under_way {
                    Some(_) => span.badge.busy { "under way" },
                    None => span.badge.still { "nothing under way" },
                }
                @if environment.hold.is_some() { " " span.badge.warn { "on hold" } }
                @if environment.record.dirty.is_some() { " " span.badge.bad { "unverified" } }
            }
            (runs(environment, overview))
            @if let Some(under_way) = &environment.under_way { (holder(under_way, &anchor, overview)) }
        }
    }
}

fn runs(environment: &Environment, overview: &Overview) -> Markup {
    let (record, place) = (&environment.record, &environment.place);
    html! {
        dl.facts {
            dt { "Runs" }
            @match &record.current {
                Some(release) => {
                    dd { strong { (release.image_tag) } ", healthy for " (since(release.at, overview.now)) ", by " (deployment(release.deployment)) }
                    @if let Some(sha) = &release.commit {
                        dt { "Commit" }
                        dd { (linked(links::commit(place, sha).as_deref(), &html! { code { (sha.short()) } })) }
                    }
                    dt { "Digest" } dd { (digest(&release.digest)) }
                    dt { "Definition" } dd { (task_definition(&release.task_definition)) }
                },
                None => dd { "not known to Lockstep" },
            }
            @if let Some(last) = record.last_healthy.as_ref().filter(|_| record.last_healthy != record.current) {
                dt { "Last healthy" } dd { (last.image_tag) ", " (digest(&last.digest)) ", by " (deployment(last.deployment)) }
            }
            @if let Some(why) = &record.dirty { dt { "Unverified" } dd.warn { (why) } }
            @if let Some(hold) = &environment.hold {
                dt { "On hold" }
                dd.warn {
                    (hold.reason) " (by " (hold.by) " since " (time(hold.since))
                    @if let Some(until) = hold.until { ", until " (time(until)) }
                    ")"
                }
            }
        }
    }
}

fn holder(holder: &UnderWay, anchor: &str, overview: &Overview) -> Markup {
    let what = holder.timeline.as_ref().map_or("a deployment", |timeline| timeline.what.as_str());
    html! {
        div.holder {
            h3 { "Under way: " a href=(address(holder.id)) { (what) } }
            p {
                "Asked for by " (holder.actor.as_deref().unwrap_or("somebody"))
                @if let Some(at) = holder.since { "; holds the lock for " (since(at, overview.now)) }
            }
            @match &holder.timeline {
                Some(timeline) => {
                    @let state = timeline.current.as_ref().map(|current| current.state);
                    (picture::picture(&format!("{anchor}-machine"), &model::way(timeline), state))
                    @if let Some(current) = &timeline.current { (course::current(current, overview.now)) }
                },
                None => p.warn { (holder.state.as_deref().unwrap_or("no record")) ", which this version cannot read further" },
            }
        }
    }
}

fn form(overview: &Overview, several: bool) -> Markup {
    let filter = &overview.filter;
    let names = |of: fn(&Environment) -> &str| {
        let mut names: Vec<_> = overview.environments.iter().map(of).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    html! {
        form.filters method="get" action="/" role="search" aria-label="Filter deployments" {
            @if several {
                (select("application", "Application", &names(|e| e.place.application.as_str()), &filter.application))
            }
            (select("environment", "Environment", &names(|e| e.place.environment.as_str()), &filter.environment))
            (select("state", "State", &STATES, &filter.state))
            div {
                label for="person" { "Person" }
                input #person name="person" value=(filter.person) autocomplete="off" spellcheck="false";
            }
            button type="submit" { "Show" }
            @if !filter.is_empty() { a href="/" { "Show all" } }
        }
    }
}

fn select(name: &str, label: &str, values: &[&str], chosen: &str) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            select #(name) name=(name) {
                option value="" { "any" }
                @for value in values { option value=(value) selected[*value == chosen] { (value) } }
            }
        }
    }
}

fn list(overview: &Overview, several: bool) -> Markup {
    html! {
        @if overview.deployments.is_empty() {
            p { @if overview.filter == Filter::default() { "Nothing was deployed yet." } @else { "No deployment fits." } }
        } @else {
            div.scroll tabindex="0" role="region" aria-labelledby="deployments" {
                table {
                    thead {
                        tr { @for head in ["Taken up", "Environment", "What", "State", "By", "Why"] { th scope="col" { (head) } } }
                    }
                    tbody { @for listed in &overview.deployments { (row(listed, several)) } }
                }
            }
        }
        p.small { "Of each environment's newest " (overview.depth) ", newest first." }
    }
}

fn row(listed: &Listed, several: bool) -> Markup {
    let (summary, place) = (&listed.summary, &listed.place);
    html! {
        tr {
            td.when { (time(summary.at)) }
            td { @if several { (place.application) " " } (place.environment) }
            th scope="row" { a href=(address(summary.id)) { (summary.target) } }
            td { (badge(summary.outcome.as_deref().unwrap_or("under way"))) }
            td { (summary.actor) }
            td.why { (summary.reason.as_deref().unwrap_or_default()) }
        }
    }
}
