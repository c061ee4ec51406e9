//! Those outside who ask for things, and those who meddle: requests and cancellations into the queue, commits into
//! the repository, foreign changes to services and tags. Must never depend on how the worker does its work, only
//! on what anybody can see.

use std::time::Duration;

use lockstep::engine::UnlockWish;
use lockstep::faults::Service;
use lockstep::ports::{Marks, UpdateService};
use lockstep_events::{
    BetaTag, CancelRequested, DeployRequested, DeploymentId, Message, Overrides, Requester, Target, encode,
};

use crate::services::registry::{Image, Nature};
use crate::setting;
use crate::universe::Universe;

/// What has been asked for.
#[derive(Default)]
pub(crate) struct Customers {
    /// Every request, with the body that it was sent as.
    pub(crate) requests: Vec<(DeploymentId, String)>,
    /// Betas that somebody asked to promote although staging has not shown them healthy.
    pub(crate) waived: Vec<String>,
}

impl Universe {
    /// Enters everything that will be asked for and done until the calm.
    pub(crate) fn enter_customers(&mut self) {
        let end = self.plan.calm.as_secs_f64();
        for _ in 0..self.plan.requests {
            let at = self.dice.seconds(0.0, end * 0.8);
            self.calendar.enter(at, Self::ask);
        }
        for _ in 0..self.plan.requests / 2 {
            let at = self.dice.seconds(0.0, end * 0.8);
            self.calendar.enter(at, Self::merge_commit);
        }
        for _ in 0..self.plan.purges {
            let at = self.dice.seconds(0.0, end);
            self.calendar.enter(at, Self::purge_messages);
        }
        for _ in 0..self.plan.outages {
            let at = self.dice.seconds(0.0, end * 0.9);
            self.calendar.enter(at, Self::fail_service);
        }
        for _ in 0..self.plan.stops {
            let at = self.dice.seconds(0.0, end);
            self.calendar.enter(at, Self::stop_worker);
        }
        for _ in 0..self.plan.unlocks {
            let at = self.dice.seconds(end * 0.1, end);
            self.calendar.enter(at, Self::unlock);
        }
        for _ in 0..self.plan.strangers {
            let at = self.dice.seconds(0.0, end);
            self.calendar.enter(at, Self::meddle);
        }
    }

    fn requester(actor: &str) -> Requester {
        Requester { actor: actor.to_owned(), workflow_run_id: None, workflow_run_attempt: None }
    }

    fn ask(&mut self) {
        let mut overrides = Overrides::default();
        let betas: Vec<_> = self.table.betas.values().map(|beta| beta.tag.clone()).collect();
        let (environment, target) = if !betas.is_empty() && self.dice.lucky(0.45) {
            let tag = betas[self.dice.below(betas.len())].clone();
            (setting::PRODUCTION, Target::Beta { tag })
        } else if let Some(tag) = self.any_prerelease().filter(|_| self.dice.lucky(0.1)) {
            overrides.allow_unvalidated = "it is urgent".parse().ok().filter(|_| self.dice.lucky(0.7));
            if overrides.allow_unvalidated.is_some() {
                self.customers.waived.push(tag.to_string());
            }
            (setting::PRODUCTION, Target::Beta { tag })
        } else {
            let wrong = self.dice.lucky(0.03);
            let environment =
                if wrong { setting::PRODUCTION } else { self.dice.one_of(["staging", "staging", "preview"]) };
            overrides.skip_baseline = "no need".parse().ok().filter(|_| self.dice.lucky(0.15));
            let recent = self.repository.commits.len().saturating_sub(3);
            let lucky = recent + self.dice.below(self.repository.commits.len() - recent);
            let named = self.dice.lucky(0.4).then(|| self.repository.commits[lucky].sha.clone());
            let reference = named.and_then(|sha| sha.as_str().parse().ok());
            (environment, Target::Commit { reference })
        };
        let id = self.new_id().try_into();
        let (Ok(id), Ok(application), Ok(name)) = (id, "shop".parse(), environment.parse()) else { return };
        let request = DeployRequested {
            id,
            application,
            environment: name,
            target,
            requester: Self::requester("alice"),
            requested_at: self.time(),
            overrides,
        };
        self.note(format_args!("alice asks for {:?} in {environment}: {id}", request.target));
        self.counts.one("requests");
        let body = encode(&Message::DeployRequested(Box::new(request.clone())));
        self.customers.requests.push((id, body.clone()));
        self.send_message(&body, Duration::ZERO);
        if self.dice.lucky(0.2) {
            let (later, body) = (self.dice.seconds(0.0, 900.0), body);
            self.after(later, move |universe| universe.send_message(&body, Duration::ZERO));
        }
        if self.dice.lucky(0.05) {
            let other = DeployRequested { requester: Self::requester("mallory"), ..request };
            let body = encode(&Message::DeployRequested(Box::new(other)));
            let later = self.dice.seconds(0.0, 300.0);
            self.after(later, move |universe| {
                // Only where it is certain which of the two came first.
                if universe.table.lives.contains_key(&id) {
                    universe.note(format_args!("mallory uses the id {id} again"));
                    universe.send_message(&body, Duration::ZERO);
                }
            });
        }
        if self.dice.lucky(0.2) {
            let later = self.dice.seconds(0.0, 600.0);
            self.after(later, move |universe| universe.ask_to_cancel(id));
        }
    }

    /// A prerelease that is there to be seen, healthy or not.
    fn any_prerelease(&mut self) -> Option<BetaTag> {
        let book = self.repository.releases.now();
        let tags = book.releases.iter().filter(|release| release.prerelease);
        let tags: Vec<_> = tags.filter_map(|release| release.tag.parse().ok()).collect();
        let lucky = self.dice.below(tags.len());
        tags.into_iter().nth(lucky)
    }

    fn ask_to_cancel(&mut self, id: DeploymentId) {
        self.note(format_args!("bob wants {id} to be stopped"));
        self.counts.one("cancellations");
        let wish = CancelRequested { id, requester: Self::requester("bob"), reason: None };
        self.send_message(&encode(&Message::CancelRequested(wish)), Duration::ZERO);
    }

    /// An operator unlocks an environment that is locked.
    fn unlock(&mut self) {
        let locked = setting::ENVIRONMENTS.into_iter().filter(|name| self.holder(name).is_some());
        let locked: Vec<_> = locked.collect();
        let Some(environment) = locked.get(self.dice.below(locked.len())).copied() else { return };
        let parsed = ("shop".parse(), environment.parse(), "the simulation wants it".parse());
        let (Ok(application), Ok(name), Ok(reason)) = parsed else { return };
        let force = self.dice.lucky(0.5);
        self.note(format_args!("an operator unlocks {environment}, by force: {force}"));
        let actor = "carol".to_owned();
        self.send_operator(UnlockWish { application, environment: name, actor, reason, token: None, force });
    }

    /// A service is away for a while.
    fn fail_service(&mut self) {
        let service = self.dice.one_of([
            Service::DynamoDb,
            Service::Sqs,
            Service::Ecs,
            Service::GitHub,
            Service::Registry,
            Service::Application,
        ]);
        let away = self.dice.seconds(20.0, 900.0).min(self.plan.calm - self.now);
        self.note(format_args!("{service} is away for {:.0} s", away.as_secs_f64()));
        self.counts.one("outages");
        self.outages.push((service, self.now + away));
    }

    /// Somebody else changes something.
    fn meddle(&mut self) {
        let digest = format!("sha256:{}", self.dice.hex(32));
        let image = Image { commit: "foreign".to_owned(), nature: Nature::Good };
        self.images.images.insert(digest.clone(), image);
        self.traces.foreign.insert(digest.clone(), self.now);
        if self.dice.lucky(0.3) {
            self.note(format_args!("somebody moves latest"));
            if let Ok(digest) = digest.parse() {
                self.point_tag(setting::LATEST, &digest);
            }
            self.counts.one("foreign changes");
            return;
        }
        let environment = self.dice.one_of(setting::ENVIRONMENTS);
        let name = setting::service(environment);
        let Some(base) = self.ecs.service(&name).map(|service| service.primary().definition.clone()) else {
            return;
        };
        let Ok(arn) = self.register(&base, Some(&digest), &Marks::new()) else { return };
        self.forget_marks(&arn);
        self.traces.foreign.insert(arn.clone(), self.now);
        self.note(format_args!("somebody updates {name} to {arn}"));
        self.counts.one("foreign changes");
        if let Some(kept) = self.ecs.services.get_mut(&name) {
            kept.strangers.push(self.now);
        }
        let update = UpdateService { task_definition: Some(arn), desired: None };
        if let Err(fault) = self.update_service(&name, &update) {
            self.note(format_args!("refused: {fault}"));
        }
    }
}
