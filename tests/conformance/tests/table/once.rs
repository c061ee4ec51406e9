//! What is recorded once and stands for ever, the lists, and the table itself.

use conformance::{Broken, Verdict};
use lockstep::adapters::dynamodb::create_table;
use lockstep::ports::{BetaRecord, ImageRecord, Store, VersionBinding};

use crate::fixtures::{Table, at_once, beta, closing, new_id, opening, shop, staging};

fn digest(n: usize) -> lockstep_events::ImageDigest {
    format!("sha256:{n:064x}").parse().unwrap()
}

pub async fn of_many_images_of_a_commit_all_are_told_one(table: Table) -> Verdict {
    let commit = beta(new_id(), 'b').commit;
    let told = at_once(16, |n| {
        let store = table.store.clone();
        let image = ImageRecord {
            commit: commit.clone(),
            digest: digest(n),
            deployment: new_id(),
            at: "2026-11-23T10:00:00Z".parse().unwrap(),
            build_url: format!("https://ci.example/{n}"),
        };
        async move { Ok(store.record_image(&shop(), &image).await?) }
    });
    let told = told.await?;
    Broken::unless(told.iter().all(|image| *image == told[0]), || format!("told {told:?}"))?;
    Broken::unless_same("stands", table.store.image(&shop(), &commit).await?, told.into_iter().next())
}

pub async fn of_many_meanings_of_a_version_all_are_told_one(table: Table) -> Verdict {
    let version: lockstep_events::Version = "1.2.3".parse().unwrap();
    let told = at_once(16, |n| {
        let (store, BetaRecord { tag, commit, at, .. }) = (table.store.clone(), beta(new_id(), 'b'));
        let binding = VersionBinding {
            version: version.clone(),
            commit,
            digest: digest(n),
            beta: tag,
            deployment: new_id(),
            at,
        };
        async move { Ok(store.bind_version(&shop(), &binding).await?) }
    });
    let told = told.await?;
    Broken::unless(told.iter().all(|binding| *binding == told[0]), || format!("told {told:?}"))?;
    Broken::unless_same("stands", table.store.version(&shop(), &version).await?, told.into_iter().next())
}

pub async fn the_list_is_newest_first_and_as_long_as_asked(table: Table) -> Verdict {
    let mut expected = Vec::new();
    for token in 0..12 {
        let opening = opening(new_id(), token);
        table.store.open(&opening).await?;
        table.store.close(&closing(opening.entry.id, 2, token + 1)).await?;
        expected.insert(0, opening.entry.id);
    }
    for limit in [0, 1, 5, 12, 100] {
        let listed = table.store.deployments(&shop(), &staging(), limit).await?;
        let listed: Vec<_> = listed.iter().map(|summary| summary.id).collect();
        let first = expected.iter().take(limit as usize).copied().collect::<Vec<_>>();
        Broken::unless_same("the list", listed, first)?;
    }
    Ok(())
}

pub async fn releases_are_listed_to_the_last(table: Table) -> Verdict {
    for n in 0..30_u32 {
        let BetaRecord { tag, commit, at, digest, .. } = beta(new_id(), 'b');
        let binding = VersionBinding {
            version: format!("1.0.{n}").parse().unwrap(),
            commit,
            digest,
            beta: tag,
            deployment: new_id(),
            at: at.checked_add(jiff::SignedDuration::from_secs(n.into()))?,
        };
        table.store.bind_version(&shop(), &binding).await?;
    }
    let (betas, versions) = table.store.releases(&shop()).await?;
    let expected: Vec<_> = (0..30).rev().map(|n| format!("1.0.{n}")).collect();
    let versions: Vec<_> = versions.iter().map(|binding| binding.version.to_string()).collect();
    Broken::unless_same("versions", versions, expected)?;
    Broken::unless_same("betas", betas, Vec::new())
}

pub async fn a_table_is_made_once(table: Table) -> Verdict {
    let opening = opening(new_id(), 0);
    table.store.open(&opening).await?;
    create_table(&table.client, &table.name).await?;
    Broken::unless_same("kept", table.store.newest(opening.entry.id).await?, Some(opening.entry))
}
