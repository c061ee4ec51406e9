//! The state machine as a picture: every phase and every way between two of them, where a deployment has been and where it
//! is. Held by a test against the machine itself; must never show a way that it does not have, or leave one out.

use std::collections::BTreeSet;

use lockstep_state_machines::{Phase, State};
use maud::{Markup, html};

use super::super::model::Way;

/// A phase's box: left and top.
const BOXES: [(Phase, u16, u16); 10] = [
    (Phase::Locked, 10, 44),
    (Phase::Built, 162, 44),
    (Phase::Retagged, 314, 44),
    (Phase::Deploying, 466, 44),
    (Phase::Healthy, 618, 44),
    (Phase::Rejected, 10, 160),
    (Phase::Cancelled, 162, 160),
    (Phase::Failed, 314, 160),
    (Phase::RollingBack, 466, 160),
    (Phase::RolledBack, 618, 160),
];
const WIDTH: u16 = 122;
const HEIGHT: u16 = 40;

/// The ways that are drawn one by one, as an SVG path each.
const ARROWS: [(Phase, Phase, &str); 9] = [
    (Phase::Locked, Phase::Built, "M132 64H158"),
    (Phase::Built, Phase::Retagged, "M284 64H310"),
    (Phase::Retagged, Phase::Deploying, "M436 64H462"),
    (Phase::Deploying, Phase::Healthy, "M588 64H614"),
    (Phase::Built, Phase::Deploying, "M223 44V14H540V40"),
    (Phase::Deploying, Phase::Retagged, "M505 44V28H375V40"),
    (Phase::RollingBack, Phase::RolledBack, "M588 180H614"),
    (Phase::RollingBack, Phase::Failed, "M466 180H440"),
    (Phase::RollingBack, Phase::Cancelled, "M527 200V220H223V204"),
];

/// The ways that share the rail between the rows: out of the way forward, for whatever reason.
const RAIL: [(Phase, &[Phase]); 4] = [
    (Phase::Locked, &[Phase::Rejected, Phase::Cancelled, Phase::Failed, Phase::RollingBack]),
    (Phase::Built, &[Phase::Rejected, Phase::Cancelled, Phase::Failed, Phase::RollingBack]),
    (Phase::Retagged, &[Phase::Failed, Phase::RollingBack]),
    (Phase::Deploying, &[Phase::Failed, Phase::RollingBack]),
];

/// The picture. `id` tells several on one page apart.
pub(super) fn picture(id: &str, way: &Way, current: Option<State>) -> Markup {
    let (title, description) = (format!("{id}-title"), format!("{id}-description"));
    html! {
        svg.picture viewBox="0 0 750 228" role="img" aria-labelledby=(format!("{title} {description}")) {
            title #(title) { "State machine" }
            desc #(description) { (in_words(way, current)) }
            defs {
                marker #{(id) "-head"} viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse"
                    markerWidth="10" markerHeight="10"
                    orient="auto" { path.head d="M0 0L8 4L0 8z" {} }
            }
            g.ways {
                @for (from, to, path) in ARROWS {
                    @let taken = way.taken.contains(&(from, to));
                    path class=[taken.then_some("taken")] d=(path) marker-end={"url(#" (id) "-head)"} {}
                }
                path.rail d="M71 122H527" {}
                @for (from, _) in RAIL { path.rail d={"M" (middle(from)) " 84V122"} {} }
                @for to in rail_ends() {
                    path.rail d={"M" (middle(to)) " 122V156"} marker-end={"url(#" (id) "-head)"} {}
                }
                @for (from, to) in way.taken.iter().filter(|(from, to)| is_railed(*from, *to)) {
                    path.taken d={"M" (middle(*from)) " 84V122H" (middle(*to)) "V156"} marker-end={"url(#" (id) "-head)"} {}
                }
                text.note x="80" y="114" { "refused" }
                text.note x="384" y="114" { "failed or cancelled" }
            }
            @for (phase, x, y) in BOXES { (node(phase, x, y, way, current)) }
        }
    }
}

fn node(phase: Phase, x: u16, y: u16, way: &Way, current: Option<State>) -> Markup {
    let here = current.filter(|state| state.phase() == phase);
    let look = match (here.is_some(), way.phases.contains(&phase)) {
        (true, _) => "node here",
        (false, true) => "node been",
        (false, false) => "node",
    };
    let step = here.map(State::step).filter(|step| !step.is_empty());
    let line = if step.is_some() { y + 17 } else { y + 25 };
    html! {
        g class=(look) data-phase=(phase.name()) {
            rect x=(x) y=(y) width=(WIDTH) height=(HEIGHT) rx="6" {}
            text.name x=(x + WIDTH / 2) y=(line) text-anchor="middle" { (phase.name()) }
            @if let Some(step) = step {
                text.step x=(x + WIDTH / 2) y=(y + 32) text-anchor="middle" { (step) }
            }
        }
    }
}

/// What the picture shows, for whoever does not see it.
fn in_words(way: &Way, current: Option<State>) -> String {
    let been: Vec<_> =
        way.phases.iter().filter(|phase| current.is_none_or(|at| at.phase() != **phase)).collect();
    let been: Vec<_> = been.into_iter().map(|phase| phase.name()).collect();
    let been = if been.is_empty() { String::new() } else { format!("Has been: {}. ", been.join(", ")) };
    match current {
        Some(state) => format!("{been}Is now: {state}."),
        None => format!("{been}Where it is now is not known."),
    }
}

fn middle(phase: Phase) -> u16 {
    BOXES.iter().find(|(of, ..)| *of == phase).map_or(0, |(_, x, _)| x + WIDTH / 2)
}

fn is_railed(from: Phase, to: Phase) -> bool {
    RAIL.iter().any(|(of, ends)| *of == from && ends.contains(&to))
}

fn rail_ends() -> BTreeSet<Phase> {
    RAIL.iter().flat_map(|(_, ends)| ends.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use lockstep_state_machines::table::rows;

    use super::*;

    #[test]
    fn the_picture_has_the_machines_ways_and_no_other() {
        let drawn = ARROWS.iter().map(|(from, to, _)| (*from, *to));
        let railed = RAIL.iter().flat_map(|(from, ends)| ends.iter().map(|to| (*from, *to)));
        let drawn: BTreeSet<_> = drawn.chain(railed).collect();
        let made: BTreeSet<_> = rows().iter().map(|row| (row.from.phase(), row.to.phase())).collect();
        let made: BTreeSet<_> = made.into_iter().filter(|(from, to)| from != to).collect();
        assert_eq!(drawn, made);
        let boxes: BTreeSet<_> = BOXES.iter().map(|(phase, ..)| *phase).collect();
        let phases: BTreeSet<_> = made.iter().flat_map(|(from, to)| [*from, *to]).collect();
        assert_eq!(boxes, phases);
    }

    #[test]
    fn the_present_state_is_lit_and_said_and_only_ways_that_were_gone() {
        let way = Way {
            phases: [Phase::Locked, Phase::Built, Phase::Failed].into(),
            taken: [(Phase::Locked, Phase::Built), (Phase::Built, Phase::Failed)].into(),
        };
        let svg = picture("p", &way, Some(State::MovingTags)).into_string();
        assert!(svg.contains(r#"<g class="node here" data-phase="built">"#), "{svg}");
        assert!(svg.contains(r#"<g class="node been" data-phase="locked">"#), "{svg}");
        assert!(svg.contains(">moving-tags</text>"), "{svg}");
        assert_eq!(svg.matches("node here").count(), 1);
        assert!(svg.contains("Has been: locked, failed. Is now: built/moving-tags."), "{svg}");
        assert_eq!(svg.matches(r#"class="taken""#).count(), 2);
        assert!(svg.contains(r#"class="taken" d="M223 84V122H375V156""#), "{svg}");
    }
}
