//! Histories and records that must not be.

use invariants::{Item, gapless_history, record_written_only_at_the_end};

use super::picture::{Picture, items};
use super::violated;

const HISTORY: &str = "history is gapless and ends once";
const RECORD: &str = "an environment's record is written only by an end";

/// Item 2 is missing.
pub(crate) fn gap() -> Picture {
    let mut picture = Picture::ordinary();
    picture.deployment(1).items.remove(1);
    picture
}

/// Deployment 3 has written the record and is still under way.
pub(crate) fn early_record() -> Picture {
    let mut picture = Picture::ordinary();
    picture.records.push(("staging", 3));
    picture
}

#[test]
fn no_item_is_missing_rewritten_or_after_the_end() {
    assert_eq!(violated(gapless_history, &gap()), HISTORY);
    let mut rewritten = Picture::ordinary();
    rewritten.deployment(3).items[1].writes = 2;
    assert_eq!(violated(gapless_history, &rewritten), HISTORY);
    let mut after_the_end = Picture::ordinary();
    after_the_end.deployment(1).items.push(Item { seq: 5, terminal: false, writes: 1 });
    assert_eq!(violated(gapless_history, &after_the_end), HISTORY);
    let mut ended_twice = Picture::ordinary();
    ended_twice.deployment(1).items.push(Item { seq: 5, terminal: true, writes: 1 });
    assert_eq!(violated(gapless_history, &ended_twice), HISTORY);
}

#[test]
fn a_record_is_written_by_ends_in_the_order_of_the_lock() {
    assert_eq!(violated(record_written_only_at_the_end, &early_record()), RECORD);
    let mut never_held = Picture::ordinary();
    never_held.records.push(("staging", 2));
    assert_eq!(violated(record_written_only_at_the_end, &never_held), RECORD);
    let mut twice = Picture::ordinary();
    twice.records.push(("production", 4));
    assert_eq!(violated(record_written_only_at_the_end, &twice), RECORD);
    let mut overtaken = Picture::ordinary();
    overtaken.deployment(3).items = items(3, true);
    overtaken.records = vec![("staging", 3), ("staging", 1)];
    assert_eq!(violated(record_written_only_at_the_end, &overtaken), RECORD);
}
