//! Commits and refs. Must never accept an abbreviated SHA where a commit's identity is meant.

use crate::string_type::string_type;

string_type!(
    /// The full identity of a commit.
    CommitSha,
    what: "commit SHA",
    expected: "40 lower-case hexadecimal digits",
    pattern: "^[0-9a-f]{40}$",
    check: |text| text.len() == 40 && is_lower_hex(text)
);

string_type!(
    /// The first seven digits of a commit's SHA, as they appear in a beta tag. Never an identity by itself.
    ShortSha,
    what: "short SHA",
    expected: "7 lower-case hexadecimal digits",
    pattern: "^[0-9a-f]{7}$",
    check: |text| text.len() == 7 && is_lower_hex(text)
);

string_type!(
    /// What a person may name instead of a commit: a branch, a tag or a full SHA, as git allows it
    /// (`git check-ref-format`, the characters that no ref may hold are refused).
    GitRef,
    what: "git ref",
    expected: "1 to 255 characters without white space, control characters, `..`, `~^:?*[\\` or a leading `-` or `/`",
    pattern: "^[^\\s~^:?*\\[\\\\/-][^\\s~^:?*\\[\\\\]{0,254}$",
    check: |text| {
        (1..=255).contains(&text.len())
            && !text.starts_with(['-', '/'])
            && !text.ends_with(['/', '.'])
            && !text.contains("..")
            && !text.contains("@{")
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || "~^:?*[\\".contains(c))
    }
);

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl CommitSha {
    /// The first seven digits.
    #[must_use]
    pub fn short(&self) -> ShortSha {
        #[expect(clippy::expect_used, reason = "40 hexadecimal digits begin with 7 of them")]
        self.as_str()[..7].parse().expect("a commit SHA has at least seven digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_is_forty_lower_case_digits() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(sha.parse::<CommitSha>().unwrap().short().as_str(), "0123456");
        assert!(sha.to_uppercase().parse::<CommitSha>().is_err());
        assert!(sha[..39].parse::<CommitSha>().is_err());
        assert!("g123456789abcdef0123456789abcdef01234567".parse::<CommitSha>().is_err());
    }

    #[test]
    fn refs_that_git_refuses_are_refused() {
        assert!("feature/login".parse::<GitRef>().is_ok());
        for bad in ["", "a b", "-x", "a..b", "a~1", "x^", "h:f", "/x", "x/", "a@{1}"] {
            assert!(bad.parse::<GitRef>().is_err(), "{bad:?}");
        }
    }
}
