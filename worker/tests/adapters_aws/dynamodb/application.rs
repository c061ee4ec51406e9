//! What is recorded once for an application: images by commit, meanings of versions, what runs asked for.

use lockstep::ports::{ImageRecord, RunBinding, Store, VersionBinding};

use super::fixtures::{new_id, shop, store};

#[tokio::test]
async fn the_first_image_of_a_commit_stands() {
    let (store, _) = store().await;
    let image = |digest: char| ImageRecord {
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digest.to_string().repeat(64)).parse().unwrap(),
        deployment: new_id(),
        at: "2026-11-23T10:00:00Z".parse().unwrap(),
        build_url: "https://example.org/runs/1".to_owned(),
    };
    let (first, second) = (image('1'), image('2'));
    assert_eq!(store.image(&shop(), &first.commit).await.unwrap(), None);
    assert_eq!(store.record_image(&shop(), &first).await.unwrap(), first);
    assert_eq!(store.record_image(&shop(), &second).await.unwrap(), first);
    assert_eq!(store.image(&shop(), &first.commit).await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_version_is_bound_once_and_all_are_listed_by_time() {
    let (store, _) = store().await;
    let binding = |version: &str, at: &str, digest: char| VersionBinding {
        version: version.parse().unwrap(),
        commit: "a".repeat(40).parse().unwrap(),
        digest: format!("sha256:{}", digest.to_string().repeat(64)).parse().unwrap(),
        beta: format!("{version}-aaaaaaa.beta").parse().unwrap(),
        deployment: new_id(),
        at: at.parse().unwrap(),
    };
    // The text of 0.10.0 sorts before that of 0.9.0; its time does not.
    let old = binding("0.9.0", "2026-11-22T10:00:00Z", '1');
    let new = binding("0.10.0", "2026-11-23T10:00:00Z", '2');
    assert_eq!(store.version(&shop(), &new.version).await.unwrap(), None);
    for binding in [&new, &old] {
        assert_eq!(&store.bind_version(&shop(), binding).await.unwrap(), binding);
    }
    let other = binding("0.9.0", "2026-11-24T10:00:00Z", '3');
    assert_eq!(store.bind_version(&shop(), &other).await.unwrap(), old);
    assert_eq!(store.version(&shop(), &old.version).await.unwrap(), Some(old.clone()));
    assert_eq!(store.releases(&shop()).await.unwrap(), (vec![], vec![new, old]));
}

#[tokio::test]
async fn a_run_s_attempt_is_bound_once_also_when_many_try() {
    let (store, _) = store().await;
    let binding = |run, attempt| RunBinding {
        run,
        attempt,
        deployment: new_id(),
        at: "2026-11-23T10:00:00Z".parse().unwrap(),
    };
    let first = binding(42, 1);
    assert_eq!(store.bind_run(&shop(), &first).await.unwrap(), first);
    assert_eq!(store.bind_run(&shop(), &first).await.unwrap(), first, "a repeat finds its own");
    assert_eq!(store.bind_run(&shop(), &binding(42, 1)).await.unwrap(), first);
    let others = [binding(42, 2), binding(421, 1), binding(4, 21)];
    for other in others {
        assert_eq!(store.bind_run(&shop(), &other).await.unwrap(), other, "another key");
    }
    let many: Vec<_> = (0..8).map(|_| binding(7, 1)).collect();
    let shop = shop();
    let stand =
        futures::future::try_join_all(many.iter().map(|one| store.bind_run(&shop, one))).await.unwrap();
    assert!(many.contains(&stand[0]) && stand.iter().all(|one| *one == stand[0]), "one wins: {stand:?}");
}
