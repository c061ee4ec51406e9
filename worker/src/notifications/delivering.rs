//! Telling one subscriber about one deployment: which notice is next, who may try it now, and what came of it. The
//! record is written before a try (so that no two workers make the same one) and after it; a try without the second
//! write is made again once it must be over. Must never try out of order, nor for ever.

use std::time::Duration;

use jiff::Timestamp;
use lockstep_events::DeploymentId;

use super::announcer::{Ports, Rules, later};
use super::{News, Subscriber};
use crate::ports::{Answer, Deliveries, Settled, Trying, within};

/// One subscriber and one deployment.
pub(super) struct Delivering<'a> {
    pub(super) ports: &'a Ports,
    pub(super) rules: &'a Rules,
    pub(super) to: &'a Subscriber,
    pub(super) id: DeploymentId,
}

/// What came of a try.
enum Tried {
    Delivered,
    Failed { problem: String, transient: bool, wait: Option<Duration> },
}

impl Delivering<'_> {
    /// Tells what is wanted and was not told, in order; when to try again, if something is left.
    pub(super) async fn tell(self, news: &[News]) -> Answer<Option<Timestamp>> {
        let wanted: Vec<_> = news.iter().filter(|news| self.to.wants(news)).collect();
        if wanted.is_empty() {
            return Ok(None);
        }
        let mut record = self.ports.records.deliveries(self.id, &self.to.name).await?;
        for news in wanted {
            if record.settled.iter().any(|settled| settled.notice == news.id) {
                continue;
            }
            if let Some(at) = self.settle(news, &mut record).await? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// Delivers one notice or gives it up; when to try again, if neither came about.
    async fn settle(&self, news: &News, record: &mut Deliveries) -> Answer<Option<Timestamp>> {
        let now = self.ports.clock.now();
        let before = record.trying.take_if(|trying| trying.notice == news.id);
        let (tries, problem) = before.as_ref().map_or((0, None), |b| (b.tries, b.problem.clone()));
        // Another notice's try counts too: it may be under way, or the webhook has asked for a pause.
        if let Some(next) = before.as_ref().or(record.trying.as_ref()).filter(|trying| now < trying.next_at) {
            return Ok(Some(next.next_at));
        }
        if now.duration_since(news.at) > self.rules.give_up_after {
            let last = problem.map(|problem| format!("; the last: {problem}")).unwrap_or_default();
            let why = format!(
                "{} s after it happened, after {tries} tries{last}",
                self.rules.give_up_after.as_secs()
            );
            return self.settled(news, record, tries, Some(why)).await;
        }
        let tries = tries.saturating_add(1);
        let over = later(now, self.rules.try_timeout.saturating_mul(2));
        record.trying = Some(Trying { notice: news.id.clone(), tries, next_at: over, problem });
        if !self.write(record).await? {
            // Somebody else makes this try.
            return Ok(Some(over));
        }
        match self.attempt(news, now).await {
            Tried::Delivered => self.settled(news, record, tries, None).await,
            Tried::Failed { problem, transient: false, .. } => {
                self.settled(news, record, tries, Some(problem)).await
            }
            Tried::Failed { problem, wait, .. } => {
                let ceiling = self.rules.backoff.ceiling(tries).unsigned_abs();
                let wait = ceiling.mul_f64(self.ports.chance.fraction()).max(wait.unwrap_or_default());
                // However long the webhook asks for, there is a last try while it is still worth one.
                let last = news.at.checked_add(self.rules.give_up_after).unwrap_or(Timestamp::MAX);
                let (now, next_at) = (self.ports.clock.now(), later(self.ports.clock.now(), wait));
                let next_at = if now < last { next_at.min(last) } else { next_at };
                let (webhook, notice) = (&self.to.name, &news.id);
                tracing::warn!(deployment.id = %self.id, %webhook, %notice, tries, %problem, next = %next_at, "a notice was not taken: it is tried again");
                let notice = news.id.clone();
                record.trying = Some(Trying { notice, tries, next_at, problem: Some(problem) });
                // Lost: whoever was first says when it is tried again.
                self.write(record).await?;
                Ok(Some(next_at))
            }
        }
    }

    async fn attempt(&self, news: &News, now: Timestamp) -> Tried {
        let notice = self.to.notice(news, now);
        let post = self.to.webhook.post(&notice);
        match within(self.ports.clock.as_ref(), self.rules.try_timeout, post).await {
            Some(Ok(())) => Tried::Delivered,
            Some(Err(fault)) => Tried::Failed {
                problem: fault.to_string(),
                transient: fault.is_transient(),
                wait: fault.retry_after,
            },
            None => Tried::Failed {
                problem: format!("no answer within {:?}", self.rules.try_timeout),
                transient: true,
                wait: None,
            },
        }
    }

    /// Records that this notice was delivered, or why it never will be.
    async fn settled(
        &self,
        news: &News,
        record: &mut Deliveries,
        tries: u32,
        given_up: Option<String>,
    ) -> Answer<Option<Timestamp>> {
        let (webhook, notice) = (&self.to.name, &news.id);
        match &given_up {
            None => {
                tracing::info!(deployment.id = %self.id, %webhook, %notice, occasion = news.occasion.name(), tries, "told")
            }
            Some(why) => {
                tracing::warn!(deployment.id = %self.id, %webhook, %notice, occasion = news.occasion.name(), tries, %why, "not told, and never will be")
            }
        }
        let at = self.ports.clock.now();
        record.trying = None;
        record.settled.push(Settled {
            notice: news.id.clone(),
            occasion: news.occasion,
            seq: news.seq,
            at,
            tries,
            given_up,
        });
        // Somebody else took this try for dead and made it too: what they wrote is read at once.
        Ok(if self.write(record).await? { None } else { Some(at) })
    }

    async fn write(&self, record: &mut Deliveries) -> Answer<bool> {
        record.version += 1;
        self.ports.records.record_deliveries(self.id, &self.to.name, record).await
    }
}
