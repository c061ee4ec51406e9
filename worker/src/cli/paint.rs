//! A line for a terminal: in colour where the stream takes it, folded to its width. Must never let a control character
//! of somebody else's text through, nor break a word: an address that is folded can no longer be copied.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Effects, Style};

use crate::timeline::{Line, Tone};

/// Less room than this is not worth folding for.
const NARROWEST: usize = 40;

/// The line as it is written.
pub(super) fn paint(line: &Line, colours: bool) -> String {
    let mut text = String::new();
    for (tone, part) in &line.parts {
        let (style, part) = (style(*tone), plain(part));
        // Writing to a String cannot fail.
        let _ = match (colours, *tone) {
            (false, _) | (_, Tone::Plain) => write!(text, "{part}"),
            (true, _) => write!(text, "{style}{part}{style:#}"),
        };
    }
    text
}

fn style(tone: Tone) -> Style {
    let of = |colour: AnsiColor| Style::new().fg_color(Some(colour.into()));
    match tone {
        Tone::Plain => Style::new(),
        Tone::Good => of(AnsiColor::Green),
        Tone::Bad => of(AnsiColor::Red),
        Tone::Caution => of(AnsiColor::Yellow),
        Tone::Active => of(AnsiColor::Cyan).effects(Effects::BOLD),
        Tone::Quiet => Style::new().effects(Effects::DIMMED),
    }
}

/// One line without control characters: no text from a log or an answer moves the cursor or starts a line.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The line in rows of at most so many columns, those after the first indented as it is and two more. A word that does
/// not fit stays whole.
pub(super) fn fold(line: &Line, columns: usize) -> Vec<Line> {
    let mut rest: Vec<(Tone, char)> =
        line.parts.iter().flat_map(|(tone, text)| text.chars().map(|c| (*tone, c))).collect();
    let indent = rest.iter().take_while(|(_, c)| *c == ' ').count() + 2;
    let (mut rows, mut begins) = (Vec::new(), indent - 2);
    while rest.len() > columns && columns >= indent + NARROWEST {
        let is_space = |at: &usize| rest.get(*at).is_some_and(|(_, c)| *c == ' ');
        let within = (begins + 1..=columns).rev().find(is_space);
        let Some(at) = within.or_else(|| (columns + 1..rest.len()).find(is_space)) else { break };
        let tail = rest.split_off(at);
        rows.push(line_of(&rest));
        let words = tail.into_iter().skip_while(|(_, c)| *c == ' ');
        rest = std::iter::repeat_n((Tone::Plain, ' '), indent).chain(words).collect();
        begins = indent;
    }
    // What a break leaves may be nothing but the indentation.
    if rows.is_empty() || rest.len() > begins {
        rows.push(line_of(&rest));
    }
    rows
}

fn line_of(characters: &[(Tone, char)]) -> Line {
    let runs = characters.chunk_by(|(one, _), (next, _)| one == next);
    runs.fold(Line::default(), |line, run| {
        let tone = run.first().map_or(Tone::Plain, |(tone, _)| *tone);
        line.and(tone, run.iter().map(|(_, c)| c).collect::<String>())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_elsewhere_stays_one_harmless_line() {
        assert_eq!(plain("a\u{1b}[2J\r\n::error::b\tc"), "a [2J  ::error::b c");
        assert_eq!(plain("→ größe"), "→ größe");
        let line = Line::plain("a\u{1b}[31m").and(Tone::Bad, "b\nc");
        assert_eq!(paint(&line, false), "a [31mb c");
        assert_eq!(paint(&line, true), "a [31m\u{1b}[31mb c\u{1b}[0m", "no colour but our own");
    }

    #[test]
    fn a_long_line_is_folded_between_words_and_keeps_its_tones() {
        let words = "0123456789 ".repeat(9);
        let line = Line::plain("  ").and(Tone::Quiet, words.trim_end());
        let rows = fold(&line, 60);
        let texts: Vec<_> = rows.iter().map(Line::text).collect();
        assert_eq!(texts.len(), 2);
        assert_eq!(texts[0], format!("  {}", "0123456789 ".repeat(5).trim_end()));
        assert_eq!(texts[1], format!("    {}", "0123456789 ".repeat(4).trim_end()));
        assert_eq!(rows[1].parts[1].0, Tone::Quiet);
        assert_eq!(fold(&Line::plain("short"), 60), [Line::plain("short")]);
    }

    #[test]
    fn a_word_is_never_broken_and_little_room_folds_nothing() {
        let address = format!("see https://example.com/{} for it", "x".repeat(80));
        let texts: Vec<_> = fold(&Line::plain(address.clone()), 60).iter().map(Line::text).collect();
        assert_eq!(texts[0], "see");
        assert!(texts[1].trim_start().starts_with("https://") && texts[1].ends_with('x'), "{texts:?}");
        assert_eq!(texts[2].trim_start(), "for it");
        assert_eq!(fold(&Line::plain(address.clone()), 20).len(), 1);
        assert_eq!(fold(&Line::plain(format!("{address}      ")), 60).len(), 3, "no row of spaces");
    }
}
