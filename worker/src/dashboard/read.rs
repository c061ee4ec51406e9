//! From the table to the model. Reads only, strongly consistent as all reads of the table are; must never ask GitHub, ECS
//! or the registry: the page costs those nothing, however often it is loaded.

use lockstep_events::DeploymentId;
use lockstep_state_machines::Machine;

use super::chain::Chain;
use super::filter::Filter;
use super::marks::{self, MARKED, Marks};
use super::model::{Deployment, Environment, Found, Listed, Overview, UnderWay};
use super::place::Place;
use super::server::Dashboard;
use crate::ports::{Answer, Lock, Recorded};
use crate::timeline::Timeline;

/// How many deployments of each environment the list is made from, and from how many when something is looked for.
const NEWEST: u32 = 20;
const SEARCHED: u32 = 200;

/// How many lines the list has at most.
const SHOWN: usize = 100;

/// The first page: of each environment two reads, and the holder's history; those of the list are one of the two.
pub(super) async fn overview(dashboard: &Dashboard, filter: Filter) -> Answer<Overview> {
    let (store, now) = (&dashboard.store, dashboard.clock.now());
    let depth = if filter.is_empty() { NEWEST } else { SEARCHED };
    let mut mark = marks::Overview::default();
    let (mut environments, mut deployments) = (Vec::new(), Vec::new());
    for place in &dashboard.places {
        let view = store.environment(&place.application, &place.environment).await?;
        let listed = store.deployments(&place.application, &place.environment, depth).await?;
        let items = match view.lock.holder {
            Some(id) => store.history(id, 0).await?,
            None => Vec::new(),
        };
        mark.add(&view, items.last(), &listed, now);
        if filter.wants(place) {
            let wanted = listed.into_iter().filter(|summary| filter.shows(summary));
            deployments.extend(wanted.map(|summary| Listed { place: place.clone(), summary }));
        }
        environments.push(Environment {
            place: place.clone(),
            under_way: under_way(&view.lock, &items),
            hold: view.lock.hold.filter(|hold| !hold.is_over(now)),
            record: view.record,
        });
    }
    // Ids begin with their time.
    deployments.sort_by_key(|listed| std::cmp::Reverse(listed.summary.id.as_uuid()));
    deployments.truncate(SHOWN);
    Ok(Overview { environments, deployments, depth, filter, mark: mark.mark(), now })
}

fn under_way(lock: &Lock, items: &[Recorded]) -> Option<UnderWay> {
    let id = lock.holder?;
    // A snapshot of another version hides the details, not that the lock is held.
    let machine = items.last().and_then(|newest| Machine::restore(&newest.snapshot).ok());
    Some(UnderWay {
        id,
        actor: lock.actor.clone(),
        since: lock.since,
        state: items.last().map(|newest| newest.to.clone()),
        timeline: machine.map(|machine| Timeline::of(items, &machine)),
    })
}

/// A deployment's page; `None` when there is no such deployment.
pub(super) async fn deployment(dashboard: &Dashboard, id: DeploymentId) -> Answer<Option<Found>> {
    let (store, now) = (&dashboard.store, dashboard.clock.now());
    let items = store.history(id, 0).await?;
    let Some(newest) = items.last() else { return Ok(None) };
    let machine = match Machine::restore(&newest.snapshot) {
        Ok(machine) => machine,
        Err(why) => return Ok(Some(Found::Unreadable { id, items, why: why.to_string() })),
    };
    let facts = machine.deployment();
    let chain = match &facts.source {
        None => Chain::default(),
        Some(source) => {
            let application = &facts.request.application;
            let image = store.image(application, &source.commit).await?;
            let beta = store.beta(application, &source.beta).await?;
            let release = store.version(application, &source.version).await?;
            Chain::of(facts, image, beta, release)
        }
    };
    Ok(Some(Found::Readable(Box::new(Deployment {
        place: place_of(dashboard, &machine).cloned(),
        timeline: Timeline::of(&items, &machine),
        chain,
        mark: marks::deployment(newest),
        machine,
        items,
        now,
    }))))
}

fn place_of<'a>(dashboard: &'a Dashboard, machine: &Machine) -> Option<&'a Place> {
    let request = &machine.deployment().request;
    let is_it = |p: &&Place| p.application == request.application && p.environment == request.environment;
    dashboard.places.iter().find(is_it)
}

/// One look for news: of each environment two small reads, and the holder's newest item.
pub(super) async fn look(dashboard: &Dashboard) -> Answer<Marks> {
    let (store, now) = (&dashboard.store, dashboard.clock.now());
    let mut overview = marks::Overview::default();
    let mut under_way = std::collections::BTreeMap::new();
    for place in &dashboard.places {
        let view = store.environment(&place.application, &place.environment).await?;
        let limit = u32::try_from(MARKED).unwrap_or(u32::MAX);
        let listed = store.deployments(&place.application, &place.environment, limit).await?;
        let newest = match view.lock.holder {
            Some(id) => store.newest(id).await?,
            None => None,
        };
        overview.add(&view, newest.as_ref(), &listed, now);
        under_way.extend(newest.iter().map(|newest| (newest.id, marks::deployment(newest))));
    }
    Ok(Marks { overview: overview.mark(), under_way })
}
