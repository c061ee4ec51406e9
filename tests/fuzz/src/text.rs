//! A document as a text: edited inside its JSON where it is JSON, and at any byte where it is not (or to make
//! it none).

use crate::dice::Dice;
use crate::json;
use crate::rules::SECRET;
use crate::target::Input;

/// Pieces that mean something to one parser or another.
const PIECES: &[&str] = &[
    "\"",
    "'",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\\",
    "\\u0000",
    "\u{0}",
    "\u{feff}",
    "\u{202e}",
    "\r\n",
    "\n",
    "#",
    "/",
    "..",
    "@{",
    "~",
    "^",
    " ",
    "\t",
    "é",
    "🚀",
    "-",
    "+",
    ".",
    "v",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "18446744073709551616",
    "{version}",
    ".beta",
    "-abcdef0.beta",
    "sha256:",
    "latest",
    "=",
    "[[",
    "]]",
    "'''",
    "__",
    "LOCKSTEP__",
    "http://",
    "https://user:pass@host/",
    SECRET,
];

/// A text, or bytes that should be one.
#[derive(Debug, Clone)]
pub struct Text(pub Vec<u8>);

impl Text {
    /// The text, with U+FFFD for what is no UTF-8.
    #[must_use]
    pub fn lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}

impl Input for Text {
    fn document(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    fn raw(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    fn edit(&mut self, dice: &mut Dice<'_>) {
        edit(&mut self.0, dice);
    }
}

/// One edit of a text.
pub(crate) fn edit(text: &mut Vec<u8>, dice: &mut Dice<'_>) {
    // Most edits keep JSON valid, so that they get past the parser of JSON.
    if dice.byte() < 200
        && let Ok(mut value) = serde_json::from_slice(text)
    {
        json::edit(&mut value, dice);
        *text = value.to_string().into_bytes();
        return;
    }
    let at = dice.below(text.len() + 1);
    let until = (at + 1 + dice.below(24)).min(text.len());
    match dice.below(6) {
        0 => drop(text.splice(at..at, dice.pick(PIECES).bytes())),
        1 => drop(text.splice(at..until.max(at), dice.pick(PIECES).bytes())),
        2 => drop(text.drain(at..until.max(at))),
        3 => {
            let copy = text[at..until.max(at)].to_vec();
            drop(text.splice(at..at, copy));
        }
        4 => {
            let bytes = dice.take(4).to_vec();
            drop(text.splice(at..at, bytes));
        }
        _ => text.truncate(at),
    }
}
