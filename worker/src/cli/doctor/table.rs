//! The table: is it there, does it fit, is it protected. What is in it is never read.

use super::check::Check::{TableDeletionProtection, TableExpiry, TableFound, TableKeys, TableRecovery};
use super::finding::Finding;
use crate::ports::setup::{TableInspector, TableSetup};

/// Looks at the table.
pub(super) async fn look(inspector: &dyn TableInspector, name: &str) -> Vec<Finding> {
    let setup = match inspector.table().await {
        Ok(Some(setup)) => setup,
        Ok(None) => return vec![absent(name)],
        Err(fault) => return vec![Finding::blocked(TableFound, &fault)],
    };
    let mut findings = judge(&setup);
    findings.push(match inspector.recoverable().await {
        Ok(recoverable) => judge_recovery(recoverable),
        Err(fault) => Finding::blocked(TableRecovery, &fault),
    });
    findings.push(match inspector.expiry().await {
        Ok(expiry) => judge_expiry(expiry.as_deref()),
        Err(fault) => Finding::blocked(TableExpiry, &fault),
    });
    findings
}

fn absent(name: &str) -> Finding {
    Finding::problem(
        TableFound,
        format!("there is no table {name} in this account and region"),
        "deploy LockstepStack (infra/), or correct `table` and `aws.region` in the configuration",
    )
}

fn judge(setup: &TableSetup) -> Vec<Finding> {
    vec![
        Finding::either(
            setup.status == "ACTIVE",
            TableFound,
            format!("it is {}", setup.status),
            "wait until it is ACTIVE",
        ),
        Finding::either(
            setup.keys_fit,
            TableKeys,
            setup.keys.as_str(),
            "Lockstep needs pk (S, HASH) and sk (S, RANGE), and keys cannot be changed: make another table",
        ),
        Finding::preferably(
            setup.deletion_protected,
            TableDeletionProtection,
            if setup.deletion_protected { "on" } else { "off" },
            "turn deletion protection on: the table is the only record of what runs where",
        ),
    ]
}

fn judge_recovery(recoverable: bool) -> Finding {
    Finding::preferably(
        recoverable,
        TableRecovery,
        if recoverable { "on" } else { "off" },
        "turn point-in-time recovery on: a table that is lost or spoilt cannot be put back without it",
    )
}

fn judge_expiry(attribute: Option<&str>) -> Finding {
    match attribute {
        None => Finding::ok(TableExpiry, "off"),
        Some(attribute) => Finding::problem(
            TableExpiry,
            format!("items expire by {attribute}"),
            "turn time to live off: locks and history are never to go by themselves",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Outcome::{self, Ok, Problem, Warning};
    use super::*;

    fn good() -> TableSetup {
        TableSetup {
            status: "ACTIVE".into(),
            keys: "pk (S, HASH), sk (S, RANGE)".into(),
            keys_fit: true,
            deletion_protected: true,
        }
    }

    fn outcomes(setup: &TableSetup) -> Vec<Outcome> {
        judge(setup).iter().map(|finding| finding.outcome).collect()
    }

    #[test]
    fn a_table_that_fits_and_each_that_does_not() {
        assert_eq!(outcomes(&good()), [Ok, Ok, Ok]);
        assert_eq!(outcomes(&TableSetup { status: "CREATING".into(), ..good() }), [Problem, Ok, Ok]);
        assert_eq!(outcomes(&TableSetup { keys_fit: false, ..good() }), [Ok, Problem, Ok]);
        assert_eq!(outcomes(&TableSetup { deletion_protected: false, ..good() }), [Ok, Ok, Warning]);
        assert_eq!(absent("t").outcome, Problem);
        assert_eq!((judge_recovery(true).outcome, judge_recovery(false).outcome), (Ok, Warning));
        assert_eq!((judge_expiry(None).outcome, judge_expiry(Some("ttl")).outcome), (Ok, Problem));
    }
}
