//! Edits of JSON that leave it JSON: the shape that a parser expects, wrong in one place.

use serde_json::{Map, Value, json};

use crate::dice::Dice;
use crate::rules::SECRET;

/// A text longer than anything that is meant to be kept.
const LONG: usize = 3_000;

/// One edit.
pub(crate) fn edit(root: &mut Value, dice: &mut Dice<'_>) {
    let places = places(root);
    let place = &places[dice.below(places.len())];
    let other = root.pointer(&places[dice.below(places.len())]).cloned().unwrap_or_default();
    let Some(node) = root.pointer_mut(place) else { return };
    match dice.below(8) {
        0..=2 => *node = nasty(dice),
        3 => shrink(node, dice),
        4 => grow(node, dice),
        5 => *node = other,
        6 => change(node, dice),
        _ => *node = Value::String(String::from_utf8_lossy(dice.take(12)).into_owned()),
    }
}

/// The pointers of every value, the root's first.
fn places(root: &Value) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut next = 0;
    while next < all.len() && all.len() < 2_000 {
        let here = all[next].clone();
        match root.pointer(&here) {
            Some(Value::Object(fields)) => {
                all.extend(
                    fields.keys().map(|k| format!("{here}/{}", k.replace('~', "~0").replace('/', "~1"))),
                );
            }
            Some(Value::Array(items)) => all.extend((0..items.len()).map(|index| format!("{here}/{index}"))),
            _ => {}
        }
        next += 1;
    }
    all
}

/// A value that somebody's parser did not expect.
fn nasty(dice: &mut Dice<'_>) -> Value {
    match dice.below(34) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(u64::MAX),
        5 => json!(i64::MIN),
        6 => json!(u32::MAX),
        7 => json!(1.5),
        8 => json!(1e308),
        9 => json!(""),
        10 => json!(" "),
        11 => json!("\u{0}"),
        12 => json!("x".repeat(LONG)),
        13 => json!("é".repeat(LONG)),
        14 => json!("\u{202e}🚀\r\n"),
        15 => json!([]),
        16 => json!({}),
        17 => (0..100).fold(json!("deep"), |inner, _| json!([inner])),
        18 => json!("9999-12-31T23:59:59Z"),
        19 => json!("-009999-01-02T01:59:59Z"),
        20 => json!("2026-11-23T10:00:60Z"),
        21 => json!("18446744073709551616"),
        22 => json!("-1"),
        23 => json!(SECRET),
        24 => json!(format!("Authorization: Bearer {SECRET}")),
        25 => json!("0123456789abcdef0123456789abcdef01234567"),
        26 => json!("0.1.0-abcdef0.beta"),
        27 => json!(format!("sha256:{}", "a".repeat(64))),
        28 => json!("01890a5d-ac96-774b-bcce-b302099a8057"),
        29 => json!({ "at": "x".repeat(LONG) }),
        30 => json!(["x".repeat(LONG)]),
        31 => json!("arn:aws:ecs:eu-central-1:1:service/c/s"),
        32 => json!(9_999_999_999_999.0),
        _ => json!("a#b/c"),
    }
}

fn shrink(node: &mut Value, dice: &mut Dice<'_>) {
    match node {
        Value::Object(fields) => {
            let key = fields.keys().nth(dice.below(fields.len())).cloned();
            key.and_then(|key| fields.remove(&key));
        }
        Value::Array(items) if !items.is_empty() => drop(items.remove(dice.below(items.len()))),
        Value::String(text) => *text = text.chars().take(dice.below(text.len() + 1)).collect(),
        _ => *node = Value::Null,
    }
}

fn grow(node: &mut Value, dice: &mut Dice<'_>) {
    match node {
        Value::Object(fields) => {
            let value = nasty(dice);
            let known = fields.keys().nth(dice.below(fields.len())).cloned().unwrap_or_default();
            fields.insert(format!("{known}x"), value);
        }
        Value::Array(items) => match items.first().cloned() {
            Some(first) => items.extend(std::iter::repeat_n(first, 1 + dice.below(120))),
            None => items.push(nasty(dice)),
        },
        Value::String(text) => text.push_str(&String::from_utf8_lossy(dice.take(4))),
        _ => *node = Value::Object(Map::new()),
    }
}

/// The same kind of value, a little different.
fn change(node: &mut Value, dice: &mut Dice<'_>) {
    match node {
        Value::Bool(value) => *value = !*value,
        Value::Number(number) => {
            let by = i64::from(dice.byte().cast_signed());
            *node = json!(number.as_i64().unwrap_or_default().wrapping_add(by));
        }
        Value::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            if !chars.is_empty() {
                let at = dice.below(chars.len());
                chars[at] = char::from(dice.byte());
            }
            *text = chars.into_iter().collect();
        }
        Value::Null => *node = nasty(dice),
        Value::Array(items) => items.reverse(),
        Value::Object(fields) => {
            let first = fields.keys().next().cloned();
            if let Some(value) = first.and_then(|key| fields.remove(&key)) {
                fields.insert(String::from_utf8_lossy(dice.take(3)).into_owned(), value);
            }
        }
    }
}
