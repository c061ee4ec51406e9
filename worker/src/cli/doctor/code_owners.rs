//! CODEOWNERS: does somebody have to review what decides how the application is built and deployed. Patterns are
//! understood as far as these checks need; one that is not understood covers nothing.

use super::check::Check::CodeOwners;
use super::finding::Finding;
use crate::ports::setup::ForgeInspector;

/// Where GitHub looks, in its order (GitHub docs, "About code owners").
const PLACES: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// What must have owners (deployment guide, "Required Repository Settings").
const GUARDED: [&str; 3] = [".github/workflows", "infra", "Dockerfile"];

/// Looks for the file.
pub(super) async fn look(forge: &dyn ForgeInspector, branch: &str) -> Finding {
    for place in PLACES {
        match forge.text(place, branch).await {
            Ok(Some(text)) => return judge(place, &text),
            Ok(None) => {}
            Err(fault) => return Finding::blocked(CodeOwners, &fault),
        }
    }
    Finding::problem(
        CodeOwners,
        format!("there is no CODEOWNERS on {branch}"),
        "add .github/CODEOWNERS (infra/github/CODEOWNERS) with owners of .github/workflows/, infra/ and Dockerfile",
    )
}

fn judge(place: &str, text: &str) -> Finding {
    let without: Vec<_> = GUARDED.into_iter().filter(|path| !has_owners(text, path)).collect();
    if without.is_empty() {
        return Finding::ok(CodeOwners, format!("{place} names owners of {}", GUARDED.join(", ")));
    }
    let seen = format!("{place} names no owners of {}", without.join(", "));
    Finding::warning(CodeOwners, seen, "name a team for them: what they say decides what is deployed and how")
}

/// The last line that matches counts.
fn has_owners(text: &str, path: &str) -> bool {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default());
    let mut matching = lines.rev().filter_map(|line| {
        let mut words = line.split_whitespace();
        let pattern = words.next()?;
        covers(pattern, path).then(|| words.next().is_some())
    });
    matching.next().unwrap_or(false)
}

fn covers(pattern: &str, path: &str) -> bool {
    let bare = pattern.trim_start_matches('/').trim_end_matches(['*', '/']);
    bare.is_empty() || path == bare || path.strip_prefix(bare).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{Ok, Warning};
    use super::*;

    #[test]
    fn what_is_guarded_needs_owners_in_the_last_line_that_matches() {
        let outcome = |text: &str| judge("CODEOWNERS", text).outcome;
        assert_eq!(outcome(include_str!("../../../../infra/github/CODEOWNERS")), Ok);
        assert_eq!(outcome("* @acme/all"), Ok);
        assert_eq!(outcome("/.github/workflows/ @a\n/infra/** @a\nDockerfile @a"), Ok);
        assert_eq!(outcome("* @acme/all\n/infra/"), Warning, "a line without owners takes them away");
        assert_eq!(outcome("/.github/ @a\n# /infra/ @a\n/Dockerfile @a"), Warning);
        assert_eq!(outcome("/infrastructure/ @a\n/.github/ @a\n/Dockerfile @a"), Warning);
    }
}
