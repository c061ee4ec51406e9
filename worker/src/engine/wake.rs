//! Wake-ups: messages to ourselves. Numbered, so that one chain per deployment lives (protocol rule 7).

use std::time::Duration;

use lockstep_events::{Claim, DeploymentId, Message, WakeUp, encode};

use super::drive::Arrival;
use super::sending::Sending;
use super::{Disposition, Engine, EngineError, door};
use crate::ports::Delivery;

impl Engine {
    pub(super) async fn wake(&self, wake: &WakeUp, delivery: &Delivery) -> Result<Disposition, EngineError> {
        if let Some(reason) =
            door::refuses_wake_up(&self.world.settings.worker_senders, &Sending::vouched(delivery))
        {
            return Ok(Disposition::Park(reason));
        }
        let arrival = Arrival {
            number: Some(wake.number),
            takeover_of: wake.takeover_of.clone(),
            keeps_chain: true,
            news_of: None,
        };
        self.drive(wake.id, arrival).await
    }

    pub(super) async fn send_wake(
        &self,
        id: DeploymentId,
        number: u64,
        takeover_of: Option<Claim>,
        delay: Duration,
    ) -> Result<(), EngineError> {
        let message = Message::WakeUp(WakeUp { id, number, takeover_of });
        // SQS delays are whole seconds, and what comes a moment too early would be sent on with no delay at all.
        let delay = Duration::from_secs(delay.as_secs() + u64::from(delay.subsec_nanos() > 0));
        self.world.queue.send(&encode(&message), delay).await?;
        Ok(())
    }
}
