//! Proxies between workers and services, each a plain TCP listener that injects faults into what it forwards. Must
//! never look at what it forwards: a fault hits whatever is under way.

mod fault;
mod pipe;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::fault::{Fault, Weather};
use crate::chance::Chance;
use crate::town::Town;

/// Whether faults are injected, and how many were.
#[derive(Debug)]
pub struct Faults {
    seed: u64,
    weather: Weather,
    active: AtomicBool,
    tally: Mutex<BTreeMap<(&'static str, Fault), u32>>,
}

impl Faults {
    /// Late answers of the services that deployments change, and nothing else, from this seed.
    #[must_use]
    pub fn distant(seed: u64) -> Arc<Self> {
        Self::with(seed, Weather::Distant)
    }

    /// Faults of every kind, from this seed.
    #[must_use]
    pub fn rough(seed: u64) -> Arc<Self> {
        Self::with(seed, Weather::Rough)
    }

    fn with(seed: u64, weather: Weather) -> Arc<Self> {
        Arc::new(Self { seed, weather, active: AtomicBool::new(true), tally: Mutex::default() })
    }

    /// Injects nothing any more.
    pub fn stop(&self) {
        self.active.store(false, Ordering::SeqCst);
    }

    fn active(&self) -> bool {
        self.active.load(Ordering::SeqCst)
    }

    fn count(&self, service: &'static str, fault: Fault) {
        *self.tally.lock().unwrap().entry((service, fault)).or_default() += 1;
    }

    /// What was injected: in all, and by service and fault.
    #[must_use]
    pub fn in_words(&self) -> String {
        let tally = self.tally.lock().unwrap();
        let total: u32 = tally.values().sum();
        let mut by_service: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for ((service, fault), count) in tally.iter() {
            by_service.entry(service).or_default().push(format!("{count} {fault}"));
        }
        let each: Vec<String> =
            by_service.iter().map(|(service, faults)| format!("{service}: {}", faults.join(", "))).collect();
        format!("{total} faults injected ({})", each.join("; "))
    }

    /// How many of the services have met a fault.
    #[must_use]
    pub fn services(&self) -> usize {
        let tally = self.tally.lock().unwrap();
        let services: std::collections::BTreeSet<_> = tally.keys().map(|(service, _)| service).collect();
        services.len()
    }
}

/// A proxy in front of each of the town's services. They stop when this is dropped.
pub(crate) struct Proxies {
    _stop: tokio_util::sync::DropGuard,
}

impl Proxies {
    /// Starts them.
    ///
    /// # Panics
    /// A port is taken.
    pub(crate) async fn start(faults: &Arc<Faults>) -> Self {
        let stop = CancellationToken::new();
        for (number, (service, listen, target)) in (0..).zip(Town::routes()) {
            let address = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let listener = TcpListener::bind(address(listen)).await.unwrap();
            let door = Door { service, number, target: address(target), faults: Arc::clone(faults) };
            let until = stop.clone();
            tokio::spawn(async move { until.run_until_cancelled(door.serve(listener, &until)).await });
        }
        Self { _stop: stop.drop_guard() }
    }
}

/// One proxy.
struct Door {
    service: &'static str,
    number: u64,
    target: SocketAddr,
    faults: Arc<Faults>,
}

impl Door {
    async fn serve(self, listener: TcpListener, until: &CancellationToken) {
        for connection in 0_u64.. {
            let Ok((client, _)) = listener.accept().await else { continue };
            let pipe = pipe::Pipe {
                service: self.service,
                target: self.target,
                odds: self.faults.weather.odds(self.service),
                faults: Arc::clone(&self.faults),
                chance: Chance::new(self.faults.seed, self.number * 1_000_000 + connection),
            };
            let until = until.clone();
            tokio::spawn(async move { until.run_until_cancelled(pipe.forward(client)).await });
        }
    }
}
