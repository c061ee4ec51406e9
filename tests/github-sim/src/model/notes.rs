//! Generated release notes: the commits since the release before, in GitHub's layout.
//!
//! Notes are text for people; nothing may depend on their wording.

use super::refusal::Refusal;
use super::repository::Repository;

/// Generated notes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notes {
    pub(crate) name: String,
    pub(crate) body: String,
}

impl Repository {
    /// Notes for `tag`, which need not exist yet; `previous` is the tag to start from, by default that of
    /// the newest release before. `web` is the repository's address for people.
    pub(crate) fn generate_notes(
        &self,
        tag: &str,
        target: Option<&str>,
        previous: Option<&str>,
        web: &str,
    ) -> Result<Notes, Refusal> {
        let target = target.unwrap_or(&self.default_branch);
        let head = self
            .tag_commit(tag)
            .or_else(|| self.resolve(target))
            .ok_or_else(|| Refusal::field("Release", "invalid", "target_commitish"))?
            .to_owned();
        let previous = match previous {
            Some(previous) if self.tag_commit(previous).is_none() => {
                return Err(Refusal::field("Release", "invalid", "previous_tag_name"));
            }
            Some(previous) => Some(previous),
            None => self
                .releases
                .iter()
                .rev()
                .filter(|release| release.is_full() && release.tag_name != tag)
                .map(|release| release.tag_name.as_str())
                .find(|tag| self.tag_commit(tag).is_some_and(|commit| self.is_ancestor(commit, &head))),
        };
        let Some((previous, base)) = previous.and_then(|tag| Some((tag, self.tag_commit(tag)?))) else {
            let body = format!("**Full Changelog**: {web}/commits/{tag}");
            return Ok(Notes { name: tag.to_owned(), body });
        };
        let mut body = String::new();
        let changes = self.compare(base, &head)?.ahead;
        if !changes.is_empty() {
            body.push_str("## What's Changed\n");
        }
        for commit in changes {
            body.push_str(&format!(
                "* {} by @{} in {web}/commit/{}\n",
                commit.subject(),
                commit.author,
                commit.sha
            ));
        }
        body.push_str(&format!("\n\n**Full Changelog**: {web}/compare/{previous}...{tag}"));
        Ok(Notes { name: tag.to_owned(), body })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::commits::tests::{commit, repository};
    use super::super::releases::ReleaseSpec;
    use super::super::releases::tests::spec;

    #[test]
    fn notes_tell_what_came_since_the_release_before_and_follow_the_body() {
        let mut repository = repository();
        commit(&mut repository, "main", "first", "1");
        let first = repository.generate_notes("1.0.0", None, None, "W").unwrap();
        assert_eq!(first.body, "**Full Changelog**: W/commits/1.0.0");
        repository.create_release(spec("1.0.0"), "bot", "W", Timestamp::UNIX_EPOCH).unwrap();
        commit(&mut repository, "main", "second", "2");
        let asked =
            ReleaseSpec { body: Some("Preface".into()), generate_release_notes: true, ..spec("1.1.0") };
        let release = repository.create_release(asked, "bot", "W", Timestamp::UNIX_EPOCH).unwrap();
        let body = release.body.as_deref().unwrap();
        assert!(body.starts_with("Preface\n\n## What's Changed\n* Change second by @dev"), "{body}");
        assert!(body.ends_with("**Full Changelog**: W/compare/1.0.0...1.1.0"), "{body}");
        assert!(!body.contains("Change first"), "{body}");
        assert_eq!(release.name.as_deref(), Some("1.1.0"));
    }

    #[test]
    fn an_unknown_previous_tag_is_refused() {
        let mut repository = repository();
        commit(&mut repository, "main", "first", "1");
        assert_eq!(repository.generate_notes("1.0.0", None, Some("x"), "W").unwrap_err().status, 422);
    }
}
