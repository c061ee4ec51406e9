//! The environment's lock: who holds it, and its fencing token (protocol rules 1 to 3).

use crate::{Lock, Observed, Violation};

pub(crate) const ONE_HOLDER: &str = "one lock holder per environment";
pub(crate) const RISING_TOKENS: &str = "fencing tokens only rise";
pub(crate) const ONLY_A_HOLDER: &str = "only a holder turns a request away";

/// Every deployment that has not ended holds its environment's lock under its own token, and the holder of a
/// lock has a history and has not ended. So there is one at most, nothing that is under way can be missed by
/// who reads the locks, and no lock outlives its deployment (protocol rules 1 and 3).
///
/// # Errors
/// A deployment without its lock, or a lock without its deployment.
pub fn one_holder<O: Observed>(observed: &O) -> Result<(), Violation> {
    for deployment in observed.deployments().filter(|deployment| !observed.is_terminal(deployment)) {
        let environment = observed.environment_of(&deployment);
        let lock = observed.lock(&environment);
        let token = observed.token_of(&deployment);
        if lock.holder.as_ref() != Some(&deployment) || token != Some(lock.token) {
            let text = format!(
                "{deployment:?} has not ended and has token {token:?}, but the lock of {environment:?} is {lock:?}"
            );
            return Err(Violation::new(ONE_HOLDER, text));
        }
    }
    for environment in observed.environments() {
        let Lock { holder: Some(holder), token } = observed.lock(&environment) else { continue };
        let problem = if observed.history(&holder).next().is_none() {
            "has no history"
        } else if observed.is_terminal(&holder) {
            "has ended"
        } else if observed.environment_of(&holder) != environment {
            "is for another environment"
        } else {
            continue;
        };
        let text = format!("{environment:?} is locked under token {token} by {holder:?}, which {problem}");
        return Err(Violation::new(ONE_HOLDER, text));
    }
    Ok(())
}

/// Each deployment that takes an environment's lock has a higher token than all before it, takes it once, and
/// the lock item carries the last one's. So whatever can compare tokens knows the newer holder (protocol
/// rule 4).
///
/// # Errors
/// A token that is not higher than the one before it, a deployment that took the lock twice, or a lock item
/// that carries another token than the last.
pub fn rising_tokens<O: Observed>(observed: &O) -> Result<(), Violation> {
    for environment in observed.environments() {
        let mut last = 0;
        let mut holders = std::collections::BTreeSet::new();
        for opening in observed.openings(&environment) {
            if opening.token <= last {
                let text =
                    format!("{opening:?} of {environment:?} came after a holder with the token {last}");
                return Err(Violation::new(RISING_TOKENS, text));
            }
            last = opening.token;
            if !holders.insert(opening.deployment.clone()) {
                let text = format!("{:?} took the lock of {environment:?} twice", opening.deployment);
                return Err(Violation::new(RISING_TOKENS, text));
            }
        }
        let token = observed.lock(&environment).token;
        if token != last {
            let text = format!("the lock of {environment:?} carries {token}, its last holder had {last}");
            return Err(Violation::new(RISING_TOKENS, text));
        }
    }
    Ok(())
}

/// A request that was rejected because of the lock met a lock that another deployment held at that moment
/// (protocol rule 2).
///
/// # Errors
/// A request that was turned away from a free lock.
pub fn turned_away_by_a_holder<O: Observed>(observed: &O) -> Result<(), Violation> {
    match observed.turned_away_from_a_free_lock().next() {
        None => Ok(()),
        Some(deployment) => {
            let text = format!("{deployment:?} was rejected because of a lock that nobody else held");
            Err(Violation::new(ONLY_A_HOLDER, text))
        }
    }
}
