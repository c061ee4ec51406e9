//! The checked-in table is what the machine does. To renew it after a change of the machine:
//! `UPDATE_GENERATED=1 cargo test -p lockstep-state-machines --test table`.

use std::path::Path;
use std::sync::LazyLock;

use lockstep_state_machines::{State, table};

/// Exploring takes a while.
static ROWS: LazyLock<Vec<table::Row>> = LazyLock::new(table::rows);

#[test]
fn the_checked_in_table_matches_the_machine() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/state-machine.md");
    let expected = table::markdown();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "docs/state-machine.md has drifted: see the first lines of this file");
}

#[test]
fn every_state_that_is_entered_and_not_terminal_can_be_left_and_every_end_is_reached() {
    for row in ROWS.iter() {
        let left = ROWS.iter().any(|other| other.from == row.to && other.to != row.to);
        assert_eq!(left, !row.to.is_terminal(), "{} is a dead end or an end that is left", row.to);
    }
    let ends = [State::Rejected, State::Healthy, State::RolledBack, State::Failed, State::Cancelled];
    for end in ends {
        assert!(ROWS.iter().any(|row| row.to == end), "{end} is never reached");
    }
}

#[test]
fn the_picture_draws_every_step() {
    let picture = table::mermaid();
    for row in ROWS.iter() {
        let name = if row.from.is_terminal() { row.from.phase().name() } else { row.from.step() };
        assert!(picture.contains(&format!("\"{name}\"")), "{} is not drawn", row.from);
    }
}
