//! An observation that is written down, field by field.

use std::collections::BTreeMap;

use invariants::{Item, Lock, Observed, Opening, Trace};

/// One moment. Environments are `staging` and `production`, digests are commits.
#[derive(Clone, Default)]
pub(crate) struct Picture {
    pub(crate) locks: BTreeMap<&'static str, Lock<u8>>,
    pub(crate) openings: Vec<(&'static str, Opening<u8>)>,
    pub(crate) records: Vec<(&'static str, u8)>,
    pub(crate) deployments: BTreeMap<u8, Deployment>,
    pub(crate) traces: Vec<Trace<u8, &'static str>>,
    pub(crate) in_production: Vec<&'static str>,
    pub(crate) proven: Vec<&'static str>,
    pub(crate) accepted: Vec<u8>,
    pub(crate) misled: Vec<u8>,
}

/// A deployment's record.
#[derive(Clone)]
pub(crate) struct Deployment {
    pub(crate) environment: &'static str,
    pub(crate) token: Option<u64>,
    pub(crate) items: Vec<Item>,
}

/// The items 1 to `count`, the last of them terminal or not.
pub(crate) fn items(count: u64, ended: bool) -> Vec<Item> {
    (1..=count).map(|seq| Item { seq, terminal: ended && seq == count, writes: 1 }).collect()
}

impl Picture {
    /// Deployment 1 was healthy in staging, 2 was rejected meanwhile, 3 is under way there, and 4 has promoted
    /// what 1 showed.
    pub(crate) fn ordinary() -> Self {
        let deployment = |environment, token, items| Deployment { environment, token, items };
        let change = |deployment, effect| Trace { deployment, effect, changes: 1, late: 0 };
        Self {
            locks: BTreeMap::from([
                ("staging", Lock { holder: Some(3), token: 2 }),
                ("production", Lock { holder: None, token: 1 }),
            ]),
            openings: vec![
                ("staging", Opening { deployment: 1, token: 1 }),
                ("staging", Opening { deployment: 3, token: 2 }),
                ("production", Opening { deployment: 4, token: 1 }),
            ],
            records: vec![("staging", 1), ("production", 4)],
            deployments: BTreeMap::from([
                (1, deployment("staging", Some(1), items(4, true))),
                (2, deployment("staging", None, items(1, true))),
                (3, deployment("staging", Some(2), items(2, false))),
                (4, deployment("production", Some(1), items(3, true))),
            ]),
            traces: vec![change(1, "build"), change(1, "rollout"), change(4, "rollout"), change(3, "build")],
            in_production: vec!["aaa"],
            proven: vec!["aaa"],
            accepted: vec![1, 2, 3, 4],
            misled: Vec::new(),
        }
    }

    pub(crate) fn deployment(&mut self, deployment: u8) -> &mut Deployment {
        self.deployments.get_mut(&deployment).unwrap()
    }
}

impl Observed for Picture {
    type Environment = &'static str;
    type Deployment = u8;
    type Effect = &'static str;
    type Digest = &'static str;

    fn environments(&self) -> impl Iterator<Item = &'static str> {
        self.locks.keys().copied()
    }

    fn lock(&self, environment: &&'static str) -> Lock<u8> {
        self.locks[environment]
    }

    fn openings(&self, environment: &&'static str) -> impl Iterator<Item = Opening<u8>> {
        self.openings.iter().filter(move |(of, _)| of == environment).map(|(_, opening)| *opening)
    }

    fn record_writers(&self, environment: &&'static str) -> impl Iterator<Item = u8> {
        self.records.iter().filter(move |(of, _)| of == environment).map(|(_, writer)| *writer)
    }

    fn deployments(&self) -> impl Iterator<Item = u8> {
        self.deployments.keys().copied()
    }

    fn environment_of(&self, deployment: &u8) -> &'static str {
        self.deployments[deployment].environment
    }

    fn token_of(&self, deployment: &u8) -> Option<u64> {
        self.deployments.get(deployment)?.token
    }

    fn history(&self, deployment: &u8) -> impl Iterator<Item = Item> {
        self.deployments.get(deployment).into_iter().flat_map(|deployment| deployment.items.iter().copied())
    }

    fn traces(&self) -> impl Iterator<Item = Trace<u8, &'static str>> {
        self.traces.iter().copied()
    }

    fn in_production(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.in_production.iter().map(|digest| ("production", *digest))
    }

    fn proven_or_waived(&self, digest: &&'static str) -> bool {
        self.proven.contains(digest)
    }

    fn turned_away_from_a_free_lock(&self) -> impl Iterator<Item = u8> {
        self.misled.iter().copied()
    }

    fn accepted(&self) -> impl Iterator<Item = u8> {
        self.accepted.iter().copied()
    }
}
