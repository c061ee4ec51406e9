//! Releases: creating, changing and removing them, and the tags that they create.
//!
//! Rules from GitHub's REST documentation, "Releases": a tag that exists wins over `target_commitish`; a
//! draft has no tag; a tag has at most one published release. A refused change must change nothing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::references::Target;
use super::refusal::Refusal;
use super::repository::Repository;

/// Whether a release is to be the latest one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MakeLatest {
    /// It becomes the latest.
    True,
    /// It does not.
    False,
    /// GitHub decides by version and date.
    Legacy,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Release {
    pub(crate) id: u64,
    pub(crate) tag_name: String,
    /// As the client sent it; says nothing about the tag's commit when the tag existed before.
    pub(crate) target_commitish: String,
    pub(crate) name: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) draft: bool,
    pub(crate) prerelease: bool,
    pub(crate) make_latest: MakeLatest,
    pub(crate) author: String,
    /// The date of the commit, as GitHub documents for `created_at`.
    pub(crate) created_at: Timestamp,
    pub(crate) published_at: Option<Timestamp>,
}

impl Release {
    /// Whether it may be the latest one at all.
    pub(crate) fn is_full(&self) -> bool {
        !self.draft && !self.prerelease
    }
}

/// A release to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseSpec {
    /// The git tag.
    pub tag_name: String,
    /// Where to create the tag if there is none; the default branch by default.
    #[serde(default)]
    pub target_commitish: Option<String>,
    /// The title.
    #[serde(default)]
    pub name: Option<String>,
    /// The notes.
    #[serde(default)]
    pub body: Option<String>,
    /// Whether only maintainers see it.
    #[serde(default)]
    pub draft: bool,
    /// Whether it is marked as not ready for production.
    #[serde(default)]
    pub prerelease: bool,
    /// Whether notes are generated and put after the body.
    #[serde(default)]
    pub generate_release_notes: bool,
    /// Whether it becomes the latest; for full releases it does by default.
    #[serde(default)]
    pub make_latest: Option<MakeLatest>,
}

/// Changes of a release; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct ReleaseChange {
    pub(crate) tag_name: Option<String>,
    pub(crate) target_commitish: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) body: Option<String>,
    pub(crate) draft: Option<bool>,
    pub(crate) prerelease: Option<bool>,
    pub(crate) make_latest: Option<MakeLatest>,
}

impl Repository {
    /// Creates a release; `web` is the address that generated notes link to.
    pub(crate) fn create_release(
        &mut self,
        spec: ReleaseSpec,
        author: &str,
        web: &str,
        now: Timestamp,
    ) -> Result<&Release, Refusal> {
        let target = spec.target_commitish.clone().unwrap_or_else(|| self.default_branch.clone());
        let mut release = Release {
            id: 0,
            tag_name: spec.tag_name,
            target_commitish: target,
            name: spec.name,
            body: spec.body,
            draft: spec.draft,
            prerelease: spec.prerelease,
            make_latest: spec.make_latest.unwrap_or(MakeLatest::True),
            author: author.to_owned(),
            created_at: now,
            published_at: None,
        };
        self.check(&release, spec.make_latest)?;
        if spec.generate_release_notes {
            let notes = self.generate_notes(&release.tag_name, Some(&release.target_commitish), None, web)?;
            let given = release.body.take().filter(|body| !body.is_empty());
            release.body = Some(given.map_or(notes.body.clone(), |body| format!("{body}\n\n{}", notes.body)));
            release.name.get_or_insert(notes.name);
        }
        release.id = self.ids.next();
        if !release.draft {
            self.publish(&mut release, now);
        }
        let position = self.releases.len();
        self.releases.push(release);
        Ok(&self.releases[position])
    }

    /// Changes a release.
    pub(crate) fn update_release(
        &mut self,
        id: u64,
        change: ReleaseChange,
        now: Timestamp,
    ) -> Result<&Release, Refusal> {
        let position = self.release_position(id)?;
        let mut release = self.releases[position].clone();
        let was_full = release.is_full();
        let ReleaseChange { tag_name, target_commitish, name, body, draft, prerelease, make_latest } = change;
        release.tag_name = tag_name.unwrap_or(release.tag_name);
        release.target_commitish = target_commitish.unwrap_or(release.target_commitish);
        release.name = name.or(release.name);
        release.body = body.or(release.body);
        release.draft = draft.unwrap_or(release.draft);
        release.prerelease = prerelease.unwrap_or(release.prerelease);
        release.make_latest = make_latest.unwrap_or(release.make_latest);
        self.check(&release, make_latest)?;
        if release.published_at.is_none() && !release.draft {
            self.publish(&mut release, now);
        } else if make_latest.is_some() || was_full != release.is_full() {
            self.settle_latest(&release);
        }
        self.releases[position] = release;
        Ok(&self.releases[position])
    }

    /// Removes a release; its tag stays.
    pub(crate) fn delete_release(&mut self, id: u64) -> Result<(), Refusal> {
        let position = self.release_position(id)?;
        self.releases.remove(position);
        if self.latest == Some(id) {
            self.latest = None;
        }
        Ok(())
    }

    pub(crate) fn release(&self, id: u64) -> Result<&Release, Refusal> {
        self.release_position(id).map(|position| &self.releases[position])
    }

    /// The published release of a tag.
    pub(crate) fn release_by_tag(&self, tag: &str) -> Result<&Release, Refusal> {
        let published = |release: &&Release| release.tag_name == tag && !release.draft;
        self.releases.iter().find(published).ok_or_else(Refusal::not_found)
    }

    fn release_position(&self, id: u64) -> Result<usize, Refusal> {
        self.releases.iter().position(|release| release.id == id).ok_or_else(Refusal::not_found)
    }

    /// Refuses what GitHub refuses, before anything is changed.
    fn check(&self, release: &Release, asked: Option<MakeLatest>) -> Result<(), Refusal> {
        let tag = &release.tag_name;
        if tag.is_empty() || tag.contains([' ', '~', '^', ':', '?', '*', '[', '\\']) || tag.contains("..") {
            return Err(Refusal::custom("Release", "tag_name is not a valid tag"));
        }
        if asked == Some(MakeLatest::True) && !release.is_full() {
            return Err(Refusal::custom("Release", "Latest release cannot be draft or prerelease."));
        }
        let taken = |other: &Release| other.tag_name == *tag && !other.draft && other.id != release.id;
        if !release.draft && self.releases.iter().any(taken) {
            return Err(Refusal::field("Release", "already_exists", "tag_name"));
        }
        if self.tag_commit(tag).is_none() && self.resolve(&release.target_commitish).is_none() {
            return Err(Refusal::field("Release", "invalid", "target_commitish"));
        }
        Ok(())
    }

    /// Creates the tag if there is none and decides about "latest". The release was checked.
    fn publish(&mut self, release: &mut Release, now: Timestamp) {
        let commit = self.tag_commit(&release.tag_name).or_else(|| self.resolve(&release.target_commitish));
        if let Some(sha) = commit.map(str::to_owned) {
            release.created_at = self.commits[&sha].at;
            self.references.entry(format!("refs/tags/{}", release.tag_name)).or_insert(Target::Commit(sha));
        }
        release.published_at = Some(now);
        self.settle_latest(release);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::commits::tests::{commit, repository};
    use super::*;

    pub(crate) fn spec(tag: &str) -> ReleaseSpec {
        ReleaseSpec {
            tag_name: tag.to_owned(),
            target_commitish: None,
            name: None,
            body: None,
            draft: false,
            prerelease: false,
            generate_release_notes: false,
            make_latest: None,
        }
    }

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn a_release_creates_its_tag_at_the_target_unless_the_tag_exists() {
        let mut repository = repository();
        let old = commit(&mut repository, "main", "a", "1");
        let new = commit(&mut repository, "main", "a", "2");
        let at = ReleaseSpec { target_commitish: Some(old.clone()), ..spec("1.0.0") };
        repository.create_release(at, "bot", "", NOW).unwrap();
        assert_eq!(repository.tag_commit("1.0.0"), Some(old.as_str()));

        repository.create_reference("refs/tags/2.0.0", &old).unwrap();
        let elsewhere = ReleaseSpec { target_commitish: Some(new.clone()), ..spec("2.0.0") };
        let release = repository.create_release(elsewhere, "bot", "", NOW).unwrap();
        assert_eq!(release.target_commitish, new, "GitHub repeats what was sent");
        assert_eq!(repository.tag_commit("2.0.0"), Some(old.as_str()), "but the tag did not move");
    }

    #[test]
    fn what_github_refuses_is_refused_and_changes_nothing() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        repository.create_release(spec("1.0.0"), "bot", "", NOW).unwrap();
        let refused = [
            (spec("1.0.0"), "already_exists"),
            (ReleaseSpec { target_commitish: Some("nowhere".into()), ..spec("2.0.0") }, "target_commitish"),
            (
                ReleaseSpec { prerelease: true, make_latest: Some(MakeLatest::True), ..spec("2.0.0") },
                "Latest",
            ),
            (spec("a b"), "not a valid tag"),
        ];
        for (spec, word) in refused {
            let refusal = repository.create_release(spec, "bot", "", NOW).unwrap_err();
            assert_eq!((refusal.status, refusal.message.as_str()), (422, "Validation Failed"));
            assert!(refusal.errors[0].to_string().contains(word), "{refusal:?}");
        }
        assert_eq!(repository.releases.len(), 1);
        assert_eq!(repository.tag_commit("2.0.0"), None);
    }

    #[test]
    fn a_draft_has_no_tag_until_it_is_published() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        let draft = ReleaseSpec { draft: true, ..spec("1.0.0") };
        let id = repository.create_release(draft, "bot", "", NOW).unwrap().id;
        assert_eq!(repository.tag_commit("1.0.0"), None);
        assert_eq!(repository.release_by_tag("1.0.0").unwrap_err().status, 404);
        let publish = ReleaseChange { draft: Some(false), ..ReleaseChange::default() };
        repository.update_release(id, publish, NOW).unwrap();
        assert!(repository.tag_commit("1.0.0").is_some());
        assert_eq!(repository.latest_release().unwrap().id, id);
    }

    #[test]
    fn deleting_a_release_keeps_its_tag() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        let id = repository.create_release(spec("1.0.0"), "bot", "", NOW).unwrap().id;
        repository.delete_release(id).unwrap();
        assert!(repository.tag_commit("1.0.0").is_some());
        assert_eq!(repository.delete_release(id).unwrap_err().status, 404);
        assert!(repository.latest_release().is_err());
    }
}
