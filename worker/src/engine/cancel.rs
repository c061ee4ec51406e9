//! A wish to cancel. It contends with completion on the history's next number; the first wins (protocol
//! rule 13). Must never execute or interrupt an effect itself.

use lockstep_events::CancelRequested;
use lockstep_state_machines::{Event, Step};

use super::commit::Committed;
use super::drive::Arrival;
use super::sending::Sending;
use super::{Disposition, Engine, EngineError, door};
use crate::ports::Delivery;

impl Engine {
    pub(super) async fn cancel(
        &self,
        cancel: &CancelRequested,
        delivery: &Delivery,
    ) -> Result<Disposition, EngineError> {
        let id = cancel.id;
        loop {
            let newest = self.world.store.newest(id).await?.ok_or(EngineError::NotYetKnown(id))?;
            if newest.terminal {
                tracing::info!(deployment.id = %id, state = %newest.to, "the wish to cancel came too late");
                return Ok(Disposition::Done);
            }
            let mut machine = self.restore(&newest)?;
            let requests = self.configured(&machine)?.environment.requests.as_ref();
            let sending = Sending::of(delivery, requests.map_or(&[], |requests| &requests.people_senders));
            if let Some(reason) = requests.and_then(|requests| door::refuses_cancellation(requests, &sending))
            {
                return Ok(Disposition::Park(reason));
            }
            let event = Event::Cancel {
                actor: cancel.requester.actor.clone(),
                sender: sending.on_record(),
                reason: cancel.reason.clone(),
            };
            let now = self.world.clock.now();
            let step = machine.handle(&event, now, &self.world.policy);
            let step = step.map_err(|e| EngineError::Inconsistent { id, problem: e.to_string() })?;
            if let Step::Moved(transition) = step {
                // The claim stays with its holder, who alone may settle what is under way.
                let claim = newest.claim.clone();
                let committed = self.commit(&machine, &newest, &transition, newest.wake, claim, now).await?;
                match committed {
                    Committed::Lost(theirs) if theirs.seq > newest.seq => continue,
                    Committed::Lost(_) => {
                        let problem =
                            "its environment's lock is not held by it any more: somebody removed it by hand";
                        return Err(EngineError::Inconsistent { id, problem: problem.to_owned() });
                    }
                    Committed::Ours(_) => {}
                }
            }
            let number = Some(newest.wake);
            let arrival = Arrival { number, takeover_of: None, keeps_chain: false, news_of: None };
            return self.drive(id, arrival).await;
        }
    }
}
