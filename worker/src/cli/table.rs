//! Columns of text. Must never cut or wrap a cell: what is shown can be copied.

const GAP: usize = 2;

/// Rows of cells under headings.
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings.
    pub(super) fn new<const COLUMNS: usize>(headings: [&str; COLUMNS]) -> Self {
        Self { rows: vec![headings.map(str::to_owned).to_vec()] }
    }

    /// Adds a row.
    pub(super) fn row<const COLUMNS: usize>(&mut self, cells: [String; COLUMNS]) {
        self.rows.push(cells.to_vec());
    }

    /// The lines, each after `indent` spaces; none when there is no row.
    pub(super) fn lines(&self, indent: usize) -> Vec<String> {
        if self.rows.len() < 2 {
            return Vec::new();
        }
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or_default() + GAP
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let line = |row: &Vec<String>| {
            let cells: String =
                row.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
            format!("{:indent$}{}", "", cells.trim_end())
        };
        self.rows.iter().map(line).collect()
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
