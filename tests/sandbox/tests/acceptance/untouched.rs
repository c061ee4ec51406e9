//! What "nothing was touched" means: no call that changes something reached ECS or GitHub, no manifest was
//! pushed, the environments' records are as they were and their locks are free. Must never be satisfied with
//! what Lockstep says of itself.

use lockstep::ports::EnvironmentRecord;

use crate::stage::{Stage, Verdict};

/// Everything that anybody has changed so far, by the services' own logs, a line each.
#[derive(Debug, Clone, PartialEq)]
pub struct Changes(Vec<Vec<String>>);

impl Changes {
    /// What came after an earlier look.
    pub fn since(&self, before: &Self) -> Vec<String> {
        let new = |(now, then): (&Vec<String>, &Vec<String>)| now[then.len()..].to_vec();
        self.0.iter().zip(&before.0).flat_map(new).collect()
    }
}

impl Stage {
    /// Everything that was changed until now.
    pub fn changes(&self) -> Changes {
        let ecs = self.sandbox.ecs().log().into_iter();
        let github = self.sandbox.github().control().log().into_iter();
        let manifests = 1..=self.sandbox.registry().behaviour().manifest_puts();
        Changes(vec![
            ecs.map(|call| format!("ECS {} {}", call.action, call.request)).collect(),
            github.map(|call| format!("GitHub {} {}", call.method, call.path)).collect(),
            manifests.map(|number| format!("manifest {number} pushed")).collect(),
        ])
    }

    /// What Lockstep's table says about an environment, whose lock must be free.
    pub async fn record(&self, environment: &str) -> EnvironmentRecord {
        let view = self.environment(environment).await;
        assert_eq!(view.lock.holder, None, "{environment} is still locked");
        view.record
    }

    /// Runs a request that must be refused under this code and with these words, and fails if anything was
    /// touched.
    pub async fn refuse(&self, arguments: &[&str], code: &str, words: &[&str]) -> Verdict {
        let changes = self.changes();
        let records = (self.record("staging").await, self.record("production").await);
        let verdict = self.wait(arguments).await;
        verdict.expect("rejected", 3);
        words.iter().for_each(|words| _ = verdict.says(words));
        assert_eq!(verdict.text("refusal"), code);
        assert_eq!(
            self.changes().since(&changes),
            [""; 0],
            "a refusal touched something: {:#?}",
            verdict.run
        );
        assert_eq!((self.record("staging").await, self.record("production").await), records);
        verdict
    }
}
