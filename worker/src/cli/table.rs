//! Columns of text. Must never cut or wrap a cell: what is shown can be copied.

use std::collections::BTreeMap;

use crate::timeline::{Line, Tone};

const GAP: usize = 2;

/// Rows of cells under headings.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
    /// Which column of a row has a tone, where one has.
    tones: BTreeMap<usize, (usize, Tone)>,
}

impl Table {
    /// A table with these headings.
    pub(super) fn new<const COLUMNS: usize>(headings: [&str; COLUMNS]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()], tones: BTreeMap::new() }
    }

    /// Adds a row.
    pub(super) fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.to_vec());
    }

    /// Gives a cell of the row that was added last a tone.
    pub(super) fn tint(&mut self, column: usize, tone: Tone) {
        self.tones.insert(self.rows.len().saturating_sub(1), (column, tone));
    }

    /// The lines, each after `indent` spaces; none when there is no row.
    pub(super) fn lines(&self, indent: usize) -> Vec<String> {
        self.toned(indent).iter().map(Line::text).collect()
    }

    /// As [`Self::lines`], with the headings quiet and the tones that cells were given.
    pub(super) fn toned(&self, indent: usize) -> Vec<Line> {
        if self.rows.len() < 2 {
            return Vec::new();
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or_default() + GAP
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |(number, row): (usize, &Vec<String>)| {
            // What follows the last word of a row is nothing but spaces.
            let last = row.iter().rposition(|cell| !cell.is_empty());
            let cells = row.iter().zip(&widths).enumerate().take(last.map_or(0, |last| last + 1));
            cells.fold(Line::plain(" ".repeat(indent)), |line, (column, (cell, &width))| {
                let tone = match self.tones.get(&number) {
                    _ if number == 0 => Tone::Quiet,
                    Some((tinted, tone)) if *tinted == column => *tone,
                    Some(_) | None => Tone::Plain,
                };
                let width = if Some(column) == last { 0 } else { width };
                line.and(tone, format!("{cell:width$}"))
            })
        };
        self.rows.iter().enumerate().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_the_last_is_not_padded() {
        let mut table = Table::new(["AT", "STATE", "WHY"]);
        assert!(table.lines(0).is_empty(), "headings alone say nothing");
        table.row(["1".into(), "größe → x".into(), "a long reason".into()]);
        table.row(["22".into(), String::new(), String::new()]);
        assert_eq!(
            table.lines(2),
            ["  AT  STATE      WHY", "  1   größe → x  a long reason", "  22"].map(str::to_owned)
        );
    }
}
