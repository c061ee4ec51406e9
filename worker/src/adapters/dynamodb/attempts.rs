//! How a transaction is sent: again, a few times, when another writer was in the way at the same moment. Must
//! never repeat anything else: every other answer is the caller's to judge.
//!
//! The repeat is safe because it is the same request under the same ClientRequestToken: DynamoDB executes one
//! that was cancelled anew, conditions included, and answers one that stands already without executing it again
//! (API reference: TransactWriteItems). It is worth it because the conflict is over within milliseconds, while
//! the message that brought us here comes again after a minute.

use std::time::Duration;

use aws_sdk_dynamodb::types::TransactWriteItem;
use rand::RngExt;

use super::cancelled::{Cancelled, TRANSACT};
use super::store::DynamoDbStore;
use crate::faults::Service;
use crate::faults::aws::classify;
use crate::ports::Answer;

/// How often a transaction that met another writer is sent again.
const REPEATS: u32 = 5;

/// The longest pause before the first repeat; it doubles with each further one.
const FIRST_CEILING: Duration = Duration::from_millis(10);

/// No pause is longer than this.
const LAST_CEILING: Duration = Duration::from_millis(200);

impl DynamoDbStore {
    /// Runs a transaction: `None` when it stands.
    pub(super) async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
        token: String,
    ) -> Answer<Option<Cancelled>> {
        let mut repeat = 0;
        loop {
            let cancelled = self.transact_once(items.clone(), token.clone()).await?;
            if repeat == REPEATS || !cancelled.as_ref().is_some_and(Cancelled::is_mere_conflict) {
                return Ok(cancelled);
            }
            tokio::time::sleep(pause(repeat)).await;
            repeat += 1;
        }
    }

    async fn transact_once(&self, items: Vec<TransactWriteItem>, token: String) -> Answer<Option<Cancelled>> {
        let outcome = self
            .client
            .transact_write_items()
            .set_transact_items(Some(items))
            .client_request_token(token)
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(None),
            Err(error) => match Cancelled::of(&error) {
                Some(cancelled) => Ok(Some(cancelled)),
                None => Err(classify(Service::DynamoDb, TRANSACT, &error)),
            },
        }
    }
}

/// Anything from nothing to the ceiling, so that those who met once do not meet again.
fn pause(repeat: u32) -> Duration {
    ceiling(repeat).mul_f64(rand::rng().random_range(0.0..=1.0))
}

/// The longest pause before a repeat, the first of which is number 0.
fn ceiling(repeat: u32) -> Duration {
    FIRST_CEILING.saturating_mul(2_u32.saturating_pow(repeat)).min(LAST_CEILING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_last() {
        let ceilings: Vec<_> = (0..7).map(|repeat| ceiling(repeat).as_millis()).collect();
        assert_eq!(ceilings, [10, 20, 40, 80, 160, 200, 200]);
        assert_eq!(ceiling(u32::MAX), LAST_CEILING);
    }

    #[test]
    fn pauses_are_spread_below_the_ceiling() {
        let pauses: Vec<_> = (0..100).map(|_| pause(4)).collect();
        assert!(pauses.iter().all(|pause| *pause <= ceiling(4)));
        // Each lies in the lower half by chance; a hundred of them do so once in 10^30 times.
        assert!(pauses.iter().any(|pause| *pause > ceiling(4) / 2));
        assert!(pauses.iter().any(|pause| *pause < ceiling(4) / 2));
    }
}
