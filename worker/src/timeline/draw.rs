//! From the model to lines: what has been done, and what is under way. Must never cut a text: whoever shows it knows how
//! much room there is.

use jiff::{SignedDuration, Timestamp};

use super::line::{Line, Tone};
use super::model::{Current, Step, StepResult, Timeline};
use super::rollout::{Rollout, Sight};
use super::span::{ago, span};

/// How wide a duration is: `59 min 59 s`.
const DURATION: usize = 11;

/// What this deployment is, one line.
#[must_use]
pub fn heading(timeline: &Timeline) -> Line {
    Line::plain(format!("{} to {} of {}", timeline.what, timeline.environment, timeline.application))
        .and(Tone::Quiet, format!(", asked for by {} at {:.0}", timeline.actor, timeline.requested_at))
}

/// A step that has ended.
#[must_use]
pub fn finished(step: &Step) -> Vec<Line> {
    let (tone, mark) = match step.result {
        StepResult::Stopped => (Tone::Bad, '✗'),
        StepResult::Done | StepResult::UnderWay => (Tone::Good, '✓'),
    };
    let ended = step.ended.unwrap_or(step.began);
    let line = Line::default()
        .and(tone, format!("{mark} "))
        .and(Tone::Quiet, format!("{:>DURATION$}  ", span(step.lasted(ended))))
        .and(Tone::Plain, step.title.clone());
    let detail = if step.detail.is_empty() { String::new() } else { format!(": {}", step.detail) };
    let line = line.and(if tone == Tone::Bad { Tone::Bad } else { Tone::Quiet }, detail);
    let mut lines = vec![line];
    let troubles = troubles(step);
    if !troubles.is_empty() {
        lines.push(indented().and(Tone::Caution, troubles));
    }
    lines
}

/// The step that is under way, with all that is known about it; no line after the end.
#[must_use]
pub fn live(timeline: &Timeline, sight: Option<&Sight>, now: Timestamp) -> Vec<Line> {
    let (Some(current), Some(step)) = (&timeline.current, timeline.steps.last()) else { return Vec::new() };
    let mut lines = vec![
        Line::default()
            .and(Tone::Active, "▸ ")
            .and(Tone::Quiet, format!("{:>DURATION$}  ", span(step.lasted(now))))
            .and(Tone::Active, step.title.clone()),
        indented().and(Tone::Plain, format!("waits for {}", current.waits_for)),
    ];
    lines.extend(current.until.map(|until| deadline(until, now)));
    match sight {
        Some(Sight::Seen(rollout)) => lines.extend(progress(rollout, now)),
        Some(Sight::Unseen(why)) => lines.push(indented().and(Tone::Quiet, format!("tasks: {why}"))),
        None => {}
    }
    lines.extend(trouble(current, now));
    let known = if current.retrying.is_some() { String::new() } else { troubles(step) };
    if !known.is_empty() {
        lines.push(indented().and(Tone::Caution, format!("so far: {known}")));
    }
    lines
}

fn deadline(until: Timestamp, now: Timestamp) -> Line {
    let left = until.duration_since(now);
    if left > SignedDuration::ZERO {
        return indented().and(Tone::Quiet, format!("until {until:.0} at the latest: {} left", span(left)));
    }
    let words = format!("until {until:.0}: over; the next look settles it");
    indented().and(Tone::Caution, words)
}

fn progress(rollout: &Rollout, now: Timestamp) -> Vec<Line> {
    let mut line = indented().and(Tone::Plain, "tasks: ");
    match rollout.ours {
        Some(counts) => {
            let running = format!("{} of {} running", counts.running, counts.desired);
            let enough = counts.running >= counts.desired && counts.desired > 0;
            line = line
                .and(if enough { Tone::Good } else { Tone::Plain }, running)
                .and(Tone::Plain, format!(", {} pending, ", counts.pending))
                .and(
                    if counts.failed > 0 { Tone::Bad } else { Tone::Plain },
                    format!("{} failed", counts.failed),
                );
        }
        None => line = line.and(Tone::Plain, "none of this revision"),
    }
    if rollout.others > 0 {
        line = line.and(Tone::Plain, format!("; {} of other revisions", rollout.others));
    }
    let mut lines = vec![line];
    lines.extend(
        rollout.events.iter().map(|event| {
            indented().and(Tone::Quiet, format!("{:>10}  {}", ago(event.at, now), event.message))
        }),
    );
    lines
}

fn trouble(current: &Current, now: Timestamp) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(retrying) = &current.retrying {
        let left = retrying.next_at.duration_since(now);
        let when = if left > SignedDuration::ZERO {
            format!("next try in {}, at {:.0}", span(left), retrying.next_at)
        } else {
            format!("next try due since {:.0}", retrying.next_at)
        };
        let words = format!("{} fault(s) in a row, {when}", retrying.faults);
        lines.push(indented().and(Tone::Caution, words));
        if !retrying.last.is_empty() {
            lines.push(indented().and(Tone::Quiet, format!("the last: {}", retrying.last)));
        }
    }
    if let Some(cancel) = &current.cancel {
        lines.push(indented().and(Tone::Caution, format!("to be {cancel}")));
    }
    if let Some(why) = &current.going_back {
        lines.push(indented().and(Tone::Bad, format!("going back, because: {why}")));
    }
    lines
}

/// What a step met besides its end, in words; empty when it met nothing.
fn troubles(step: &Step) -> String {
    let (faults, resumed) = (step.faults(), step.resumed());
    let faults = (faults > 0).then(|| format!("{faults} fault(s), tried again"));
    let resumed = (resumed > 0).then(|| format!("begun again {resumed} time(s)"));
    faults.into_iter().chain(resumed).collect::<Vec<_>>().join("; ")
}

fn indented() -> Line {
    Line::plain(" ".repeat(DURATION + 4))
}
