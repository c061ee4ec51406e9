//! Why a person overrode a rule. Kept in the history for ever, so it must never be empty.

use crate::string_type::string_type;

string_type!(
    /// A reason in a person's words.
    Reason,
    what: "reason",
    expected: "1 to 500 characters that are not only white space",
    pattern: "\\S",
    check: |text| !text.trim().is_empty() && text.chars().count() <= 500
);
