//! A seed is the whole run: it replays to the last line, whatever else runs on the machine.

use simulation::run;

#[test]
fn a_seed_replays_exactly() {
    let seeds = 40..60;
    let both: Vec<_> = std::thread::scope(|scope| {
        let one =
            || scope.spawn(|| seeds.clone().map(|seed| run(seed, None, false).unwrap()).collect::<Vec<_>>());
        let (first, second) = (one(), one());
        first.join().unwrap().into_iter().zip(second.join().unwrap()).collect()
    });
    for (first, second) in both {
        assert_eq!(first.fingerprint, second.fingerprint, "seed {}", first.seed);
        assert_eq!((first.counts, first.last), (second.counts, second.last), "seed {}", first.seed);
    }
}

#[test]
fn different_seeds_are_different_runs() {
    let fingerprints: std::collections::BTreeSet<_> =
        (0..20).map(|seed| run(seed, None, false).unwrap().fingerprint).collect();
    assert_eq!(fingerprints.len(), 20);
}
