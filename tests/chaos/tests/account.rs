//! That the account notices: an undisturbed run balances, and does not any more once something was done twice, or
//! was done that nobody asked for, or was asked for and not done.

use std::sync::Arc;

use chaos::{Faults, Plan, Town, hands, run};
use conformance::isolated;

#[test]
fn the_account_finds_what_happened_twice_or_unasked_or_never() {
    isolated("the_account_finds_what_happened_twice_or_unasked_or_never", async || {
        let town = Arc::new(Town::start(env!("CARGO_TARGET_TMPDIR"), "chaos-account").await);
        let faults = Faults::distant(1);
        faults.stop();
        let plan = Plan { seed: 1, disturbed: std::time::Duration::from_secs(5), kills: false, faults };
        let outcome = run(Arc::clone(&town), plan).await;
        assert_eq!(outcome.account_again(&town).await, Vec::<String>::new());

        let (application, id, revision) = outcome.healthy(&town).await;
        outcome.invent_a_request();
        hands::build_again(&town, &application, id).await;
        let second = hands::register_again(&town, &revision).await;
        hands::roll_out(&town, &application, &second).await;
        hands::take_lock(&town, &application).await;
        let found = outcome.account_again(&town).await;
        for expected in [
            "was sent and has no record".to_owned(),
            "2 builds for ".to_owned(),
            format!("{id} dispatched a build, GitHub has 2 of it"),
            format!("2 revisions for (\"{id}\", \"candidate\")"),
            format!("{second} is marked as candidate of {id}, which does not know it"),
            format!("staging/{application} was rolled out to {second} 1 times, 0 deployments wanted that"),
            format!("{application}/staging: its record says {revision}, ECS runs {second}"),
            format!("{application}/production: its lock is held by "),
            format!("{application}/production: its list and the histories disagree about "),
        ] {
            assert!(
                found.iter().any(|problem| problem.contains(&expected)),
                "{expected:?} is not in {found:#?}"
            );
        }
        if let Ok(town) = Arc::try_unwrap(town) {
            town.stop().await;
        }
    });
}
