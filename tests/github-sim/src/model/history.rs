//! How two commits relate: which is an ancestor of which, and what lies between them.
//!
//! Only the commits' parents count; branches and dates do not.

use std::collections::{BTreeSet, VecDeque};

use super::commits::Commit;
use super::refusal::Refusal;
use super::repository::Repository;

/// The outcome of comparing a head with a base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comparison<'a> {
    pub(crate) base: &'a Commit,
    pub(crate) merge_base: &'a Commit,
    /// What the head has and the base has not, oldest first.
    pub(crate) ahead: Vec<&'a Commit>,
    /// How many commits the base has and the head has not.
    pub(crate) behind_by: usize,
}

impl Comparison<'_> {
    /// GitHub's word for the relation of the head to the base.
    pub(crate) fn status(&self) -> &'static str {
        match (self.ahead.is_empty(), self.behind_by) {
            (true, 0) => "identical",
            (false, 0) => "ahead",
            (true, _) => "behind",
            (false, _) => "diverged",
        }
    }
}

impl Repository {
    /// The commit and all its ancestors, nearest first.
    pub(crate) fn ancestry(&self, sha: &str) -> Vec<&Commit> {
        let mut seen = BTreeSet::new();
        let mut queue = VecDeque::from([sha]);
        let mut found = Vec::new();
        while let Some(commit) = queue.pop_front().and_then(|sha| self.commits.get(sha)) {
            if seen.insert(&commit.sha) {
                found.push(commit);
                queue.extend(commit.parents.iter().map(String::as_str));
            }
        }
        found
    }

    /// Compares two commits by their full hashes.
    pub(crate) fn compare(&self, base: &str, head: &str) -> Result<Comparison<'_>, Refusal> {
        let (of_base, of_head) = (self.ancestry(base), self.ancestry(head));
        let base_set: BTreeSet<&str> = of_base.iter().map(|commit| commit.sha.as_str()).collect();
        let head_set: BTreeSet<&str> = of_head.iter().map(|commit| commit.sha.as_str()).collect();
        let merge_base = of_head
            .iter()
            .find(|commit| base_set.contains(commit.sha.as_str()))
            .ok_or_else(|| Refusal::new(404, "No common ancestor between the two commits."))?;
        let mut ahead: Vec<&Commit> =
            of_head.iter().copied().filter(|commit| !base_set.contains(commit.sha.as_str())).collect();
        ahead.reverse();
        Ok(Comparison {
            base: self.commit_by_sha(base)?,
            merge_base,
            ahead,
            behind_by: of_base.iter().filter(|commit| !head_set.contains(commit.sha.as_str())).count(),
        })
    }

    /// Whether `ancestor` is `descendant` or one of its ancestors.
    pub(crate) fn is_ancestor(&self, ancestor: &str, descendant: &str) -> bool {
        self.ancestry(descendant).iter().any(|commit| commit.sha == ancestor)
    }
}

#[cfg(test)]
mod tests {
    use super::super::commits::tests::{commit, repository};

    #[test]
    fn all_four_relations_are_told_apart() {
        let mut repository = repository();
        let old = commit(&mut repository, "main", "a", "1");
        let topic = commit(&mut repository, "topic", "b", "2");
        let new = commit(&mut repository, "main", "a", "3");
        let status = |base: &str, head: &str| {
            let compared = repository.compare(base, head).unwrap();
            (compared.status(), compared.ahead.len(), compared.behind_by, compared.merge_base.sha.clone())
        };
        assert_eq!(status(&new, &new), ("identical", 0, 0, new.clone()));
        assert_eq!(status(&new, &old), ("behind", 0, 1, old.clone()));
        assert_eq!(status(&old, &new), ("ahead", 1, 0, old.clone()));
        assert_eq!(status(&new, &topic), ("diverged", 1, 1, old.clone()));
        assert!(repository.is_ancestor(&old, &topic));
        assert!(!repository.is_ancestor(&topic, &new));
    }
}
