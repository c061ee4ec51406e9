//! The course of a deployment: where it stands, and every step with how long it took. Must never show what only a worker
//! may know: claims and write ids are left out.

use jiff::Timestamp;
use maud::{Markup, html};

use super::parts::{linked, maybe_link, since, time};
use crate::ports::Recorded;
use crate::timeline::{Current, Step, StepResult, Timeline, span, title};

/// The step that is under way.
pub(super) fn current(current: &Current, now: Timestamp) -> Markup {
    html! {
        dl.facts {
            dt { "Step" } dd { strong { (title(current.state)) } " (" (current.state) ")" }
            dt { "For" } dd { (since(current.since, now)) ", since " (time(current.since)) }
            dt { "Waits for" } dd { (waits_for(&current.waits_for)) }
            @if let Some(until) = current.until { dt { "At the latest until" } dd { (time(until)) } }
            @if let Some(retrying) = &current.retrying {
                dt { "Retrying" }
                dd.warn { (retrying.faults) " fault(s) in a row; next try at " (time(retrying.next_at)) ". " (retrying.last) }
            }
            @if let Some(cancel) = &current.cancel { dt { "Stops" } dd.warn { "to be " (cancel) } }
            @if let Some(why) = &current.going_back { dt { "Going back" } dd.warn { (why) } }
        }
    }
}

/// Words that may end in an address.
fn waits_for(words: &str) -> Markup {
    html! {
        @match words.split_once(": ") {
            Some((what, address)) => { (what) ": " (maybe_link(address)) },
            None => (words),
        }
    }
}

/// Every step.
pub(super) fn steps(timeline: &Timeline, now: Timestamp) -> Markup {
    let whole = Whole::of(timeline, now);
    html! {
        div.scroll tabindex="0" role="region" aria-label="Steps" {
            table.steps {
                thead {
                    tr {
                        th scope="col" { "Began" } th scope="col" { "Step" } th scope="col" { "Took" }
                        th scope="col" { "Came of it" }
                    }
                }
                tbody { @for row in &timeline.steps { (step(row, &whole, now)) } }
            }
        }
    }
}

fn step(step: &Step, whole: &Whole, now: Timestamp) -> Markup {
    let (look, result) = match step.result {
        StepResult::UnderWay => ("busy", "under way"),
        StepResult::Done => ("good", "done"),
        StepResult::Stopped => ("bad", "stopped"),
    };
    let anchor = format!("step-{}", step.began_with);
    html! {
        tr #(anchor) .(look) {
            td.when { a href={"#" (anchor)} { (time(step.began)) } }
            th scope="row" { (step.title) br; small { (step.name) } }
            td.took {
                @match step.ended {
                    Some(_) => (span(step.lasted(now))),
                    None => (since(step.began, now)),
                }
                (whole.bar(step, now))
            }
            td {
                strong.result { (result) } @if !step.detail.is_empty() { ": " (step.detail) }
                @if !step.notes.is_empty() {
                    ul.notes { @for note in &step.notes { li { (time(note.at)) " " (note.event) ": " (note.detail) } } }
                }
            }
        }
    }
}

/// From the first step's beginning to the end, or to now, in milliseconds.
struct Whole {
    began: i64,
    lasts: i64,
}

impl Whole {
    fn of(timeline: &Timeline, now: Timestamp) -> Self {
        let began = timeline.steps.first().map_or(now, |step| step.began).as_millisecond();
        let lasts = i64::try_from(timeline.lasted(now).as_millis()).unwrap_or(i64::MAX);
        Self { began, lasts: lasts.max(1) }
    }

    /// A step's share of the whole, in thousandths.
    fn bar(&self, step: &Step, now: Timestamp) -> Markup {
        let share =
            |milliseconds: i64| milliseconds.saturating_mul(1000).checked_div(self.lasts).unwrap_or(0);
        let x = share(step.began.as_millisecond().saturating_sub(self.began)).clamp(0, 996);
        let lasted = i64::try_from(step.lasted(now).as_millis()).unwrap_or(i64::MAX);
        let width = share(lasted).clamp(4, 1000 - x);
        html! {
            svg.bar viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" {
                rect.whole x="0" y="0" width="1000" height="10" {}
                rect.share x=(x) y="0" width=(width) height="10" {}
            }
        }
    }
}

/// Every item, as recorded.
pub(super) fn items(items: &[Recorded]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Every item of the history" {
            table {
                thead {
                    tr { @for head in ["#", "At", "From", "To", "Event", "Worker", "Detail"] { th scope="col" { (head) } } }
                }
                tbody {
                    @for item in items {
                        @let anchor = format!("item-{}", item.seq);
                        tr #(anchor) {
                            th scope="row" { (linked(Some(&format!("#{anchor}")), &html! { (item.seq) })) }
                            td { (time(item.at)) } td { (item.from) } td { (item.to) } td { (item.event) }
                            td { (item.worker) } td { (item.detail) }
                        }
                    }
                }
            }
        }
    }
}
