//! A deployment as a Mermaid state diagram, which GitHub draws in comments and summaries. Whatever comes from elsewhere
//! is written in Mermaid's entity codes: it must never become syntax.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::timeline::{Step, StepResult, Timeline, span};

/// How much of a text is shown: the picture stays one.
const LENGTH: usize = 160;

/// The diagram, a line each.
pub(super) fn lines(timeline: &Timeline, now: Timestamp) -> Vec<String> {
    let mut lines = vec!["stateDiagram-v2".to_owned()];
    for (name, style) in [
        ("good", "fill:#1a7f37,color:#ffffff"),
        ("bad", "fill:#cf222e,color:#ffffff"),
        ("active", "fill:#0969da,color:#ffffff"),
    ] {
        lines.push(format!("    classDef {name} {style}"));
    }
    let asked = format!("{} asks for {}, {:.0}", timeline.actor, timeline.what, timeline.requested_at);
    let mut arrow = format!("[*] --> {{}} : {}", text(&asked));
    for (number, step) in timeline.steps.iter().enumerate() {
        let id = format!("s{number}");
        add(&mut lines, &format!("state \"{}\" as {id}", text(&step.title)));
        add(&mut lines, &arrow.replace("{}", &id));
        if let Some(note) = note(step, timeline) {
            add(&mut lines, &format!("note right of {id} : {}", text(&note)));
        }
        match step.result {
            StepResult::Stopped => add(&mut lines, &format!("class {id} bad")),
            StepResult::UnderWay => add(&mut lines, &format!("class {id} active")),
            StepResult::Done => {}
        }
        arrow = format!("{id} --> {{}} : {}", text(&span(step.lasted(now))));
    }
    if let Some(end) = &timeline.end {
        let words = format!("{}, {:.0}", end.state, end.at);
        add(&mut lines, &format!("state \"{}\" as ended", text(&words)));
        add(&mut lines, &arrow.replace("{}", "ended"));
        add(&mut lines, &format!("note right of ended : {}", text(&end.summary)));
        let healthy = end.state == lockstep_state_machines::State::Healthy;
        add(&mut lines, &format!("class ended {}", if healthy { "good" } else { "bad" }));
        add(&mut lines, "ended --> [*]");
    }
    lines
}

/// What is worth saying of a step beside its time.
fn note(step: &Step, timeline: &Timeline) -> Option<String> {
    let faults = step.faults();
    let faults = (faults > 0).then(|| format!("{faults} fault(s), tried again"));
    let waits = timeline.current.as_ref().filter(|_| step.ended.is_none());
    let said = match (step.result, waits) {
        (StepResult::Stopped, _) => Some(step.detail.clone()),
        (_, Some(current)) => Some(format!("waits for {}", current.waits_for)),
        _ => None,
    };
    let notes: Vec<_> = faults.into_iter().chain(said).filter(|note| !note.is_empty()).collect();
    (!notes.is_empty()).then(|| notes.join(". "))
}

fn add(lines: &mut Vec<String>, line: &str) {
    lines.push(format!("    {line}"));
}

/// Text that is nothing but text: every character that could mean something else is its code. Never empty, which would
/// be no label.
fn text(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars().take(LENGTH) {
        // Writing to a String cannot fail.
        let _ = match c {
            c if c.is_ascii_alphanumeric() || " .,-_/()".contains(c) => write!(safe, "{c}"),
            c if c.is_control() => write!(safe, " "),
            c => write!(safe, "#{};", u32::from(c)),
        };
    }
    if text.chars().count() > LENGTH {
        safe += " ...";
    }
    if safe.trim().is_empty() { "-".to_owned() } else { safe }
}

#[cfg(test)]
mod tests {
    use lockstep_state_machines::State;

    use super::*;
    use crate::timeline::{End, Note};

    fn at(second: u32) -> Timestamp {
        format!("2026-11-23T09:30:{second:02}Z").parse().unwrap()
    }

    fn step(title: &str, result: StepResult, detail: &str) -> Step {
        Step {
            name: title.to_owned(),
            title: title.to_owned(),
            began_with: 1,
            began: at(0),
            ended: (result != StepResult::UnderWay).then(|| at(7)),
            result,
            detail: detail.to_owned(),
            notes: vec![Note { at: at(1), event: "transient-fault".to_owned(), detail: String::new() }],
        }
    }

    fn timeline() -> Timeline {
        Timeline {
            id: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            application: "shop".parse().unwrap(),
            environment: "staging".parse().unwrap(),
            what: "main; s0 --> evil".to_owned(),
            actor: "mallory\nclass s0 evil".to_owned(),
            requested_at: at(0),
            steps: vec![
                step("check it", StepResult::Done, ""),
                step("roll \"it\" out", StepResult::Stopped, "ECS: %%{init}%% <b>no</b> : größe"),
            ],
            current: None,
            end: Some(End { state: State::Failed, at: at(9), summary: String::new(), operator_needed: true }),
        }
    }

    /// Whether a text holds nothing but what the grammar takes in a label: no colon, quote or semicolon but that of a
    /// code.
    fn is_label(text: &str) -> bool {
        let mut rest = text.to_owned();
        while let Some((before, after)) = rest.split_once('#') {
            let Some((code, after)) = after.split_once(';') else { return false };
            if code.is_empty() || !code.chars().all(|c| c.is_ascii_digit()) {
                return false;
            }
            rest = format!("{before}{after}");
        }
        !text.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || " .,-_/()".contains(c))
    }

    /// The lines that a state diagram may have here, by Mermaid's grammar (stateDiagram.jison).
    fn parses(line: &str) -> bool {
        let is_id = |id: &str| id == "[*]" || (!id.is_empty() && id.chars().all(char::is_alphanumeric));
        let line = line.trim_start();
        if let Some(rest) = line.strip_prefix("state \"") {
            return rest.split_once("\" as ").is_some_and(|(title, id)| is_label(title) && is_id(id));
        }
        if let Some(rest) = line.strip_prefix("note right of ") {
            return rest.split_once(" : ").is_some_and(|(id, note)| is_id(id) && is_label(note));
        }
        if let Some(rest) = line.strip_prefix("class ") {
            return rest.split_once(' ').is_some_and(|(id, class)| is_id(id) && is_id(class));
        }
        if line.starts_with("classDef ") {
            return !line.contains(';');
        }
        let Some((from, rest)) = line.split_once(" --> ") else { return false };
        let (to, label) = rest.split_once(" : ").unwrap_or((rest, "none"));
        is_id(from) && is_id(to) && is_label(label)
    }

    #[test]
    fn every_line_is_one_of_the_grammars_whatever_the_texts_hold() {
        let lines = lines(&timeline(), at(9));
        assert_eq!(lines[0], "stateDiagram-v2");
        for line in &lines[1..] {
            assert!(parses(line), "{line}");
        }
        let has = |wanted: &str| lines.iter().any(|line| line.trim_start() == wanted);
        assert!(has("s0 --> s1 : 7 s") && has("s1 --> ended : 7 s") && has("ended --> [*]"), "{lines:#?}");
        assert!(has("class s1 bad") && has("class ended bad") && !has("class s0 evil"), "{lines:#?}");
        assert!(has("state \"roll #34;it#34; out\" as s1"), "{lines:#?}");
        assert!(has("note right of ended : -"), "an empty label is none: {lines:#?}");
        assert!(!parses("s0 --> s1 : a; b") && !parses("note right of s0 : a: b"), "the rules say no at all");
    }

    #[test]
    fn a_step_under_way_is_lit_and_a_long_text_cut() {
        let mut timeline = timeline();
        timeline.end = None;
        timeline.steps.push(step("wait", StepResult::UnderWay, ""));
        let lines = lines(&timeline, at(9));
        assert_eq!(lines.last().unwrap().trim_start(), "class s2 active");
        assert!(text(&"x".repeat(500)).ends_with("x ...") && text(&"x".repeat(500)).len() < 200);
    }
}
