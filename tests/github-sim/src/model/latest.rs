//! Which release is "the latest".
//!
//! GitHub's REST documentation: a release made latest explicitly is; without one, the higher version and then
//! the later creation date decide among the full releases. A draft or prerelease is never the latest.

use semver::Version;

use super::refusal::Refusal;
use super::releases::{MakeLatest, Release};
use super::repository::Repository;

impl Repository {
    /// The latest release; 404 without one.
    pub(crate) fn latest_release(&self) -> Result<&Release, Refusal> {
        let explicit =
            self.releases.iter().find(|release| Some(release.id) == self.latest && release.is_full());
        explicit.or_else(|| self.legacy_latest()).ok_or_else(Refusal::not_found)
    }

    /// Applies a release's own wish, after it was created, published or changed.
    pub(super) fn settle_latest(&mut self, release: &Release) {
        if !release.is_full() || release.make_latest == MakeLatest::False {
            if self.latest == Some(release.id) {
                self.latest = None;
            }
            return;
        }
        self.latest = match release.make_latest {
            MakeLatest::True => Some(release.id),
            MakeLatest::Legacy | MakeLatest::False => None,
        };
    }

    /// The rule without an explicit choice; releases that declined are left out.
    fn legacy_latest(&self) -> Option<&Release> {
        self.releases
            .iter()
            .filter(|release| release.is_full() && release.make_latest != MakeLatest::False)
            .max_by_key(|release| (version(&release.tag_name), release.created_at, release.id))
    }
}

/// The version in a tag such as `1.2.3`, `v1.2.3` or `release-1.2.3`; tags without one sort first.
fn version(tag: &str) -> Option<Version> {
    let digits = tag.find(|first: char| first.is_ascii_digit())?;
    Version::parse(&tag[digits..]).ok()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::commits::tests::{commit, repository};
    use super::super::releases::tests::spec;
    use super::super::releases::{ReleaseChange, ReleaseSpec};
    use super::*;

    fn latest(repository: &Repository) -> Option<&str> {
        repository.latest_release().ok().map(|release| release.tag_name.as_str())
    }

    fn create(repository: &mut Repository, spec: ReleaseSpec) -> u64 {
        repository.create_release(spec, "bot", "", Timestamp::UNIX_EPOCH).unwrap().id
    }

    fn ask(repository: &mut Repository, id: u64, make_latest: MakeLatest) {
        let change = ReleaseChange { make_latest: Some(make_latest), ..ReleaseChange::default() };
        repository.update_release(id, change, Timestamp::UNIX_EPOCH).unwrap();
    }

    #[test]
    fn the_explicit_choice_wins_and_can_be_moved_back() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        assert_eq!(latest(&repository), None);
        create(&mut repository, ReleaseSpec { prerelease: true, ..spec("0.9.0-abcdef0.beta") });
        assert_eq!(latest(&repository), None, "a prerelease never is");
        let one = create(&mut repository, spec("1.0.0"));
        assert_eq!(latest(&repository), Some("1.0.0"));
        let two = create(&mut repository, spec("2.0.0"));
        assert_eq!(latest(&repository), Some("2.0.0"));
        ask(&mut repository, one, MakeLatest::True);
        assert_eq!(latest(&repository), Some("1.0.0"));
        // A change of the notes alone moves nothing.
        let notes = ReleaseChange { body: Some("text".into()), ..ReleaseChange::default() };
        repository.update_release(two, notes, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(latest(&repository), Some("1.0.0"));
    }

    #[test]
    fn declining_leaves_the_earlier_one() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        create(&mut repository, spec("1.0.0"));
        create(&mut repository, ReleaseSpec { make_latest: Some(MakeLatest::False), ..spec("2.0.0") });
        assert_eq!(latest(&repository), Some("1.0.0"));
    }

    #[test]
    fn legacy_takes_the_higher_version() {
        let mut repository = repository();
        commit(&mut repository, "main", "a", "1");
        create(&mut repository, spec("1.10.0"));
        let id =
            create(&mut repository, ReleaseSpec { make_latest: Some(MakeLatest::Legacy), ..spec("1.9.0") });
        assert_eq!(latest(&repository), Some("1.10.0"));
        ask(&mut repository, id, MakeLatest::True);
        assert_eq!(latest(&repository), Some("1.9.0"));
        repository.delete_release(id).unwrap();
        assert_eq!(latest(&repository), Some("1.10.0"));
    }
}
