//! Query: order, limits, pages, prefixes; always strongly consistent. Must not go through the worker.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use conformance::{Broken, Verdict};

use crate::fixtures::{Item, Table, at_once, item, key, text};

impl Table {
    fn query(&self, partition: &str) -> QueryFluentBuilder {
        let query = self.client.query().table_name(&self.name).consistent_read(true);
        query.key_condition_expression("pk = :pk").expression_attribute_values(":pk", text(partition))
    }

    async fn fill(&self, partition: &str, sorts: impl IntoIterator<Item = String>) -> Verdict {
        for sort in sorts {
            self.put(key(partition, &sort)).send().await?;
        }
        Ok(())
    }
}

fn sorts(items: &[Item]) -> Vec<String> {
    items.iter().filter_map(|item| item["sk"].as_s().ok().cloned()).collect()
}

fn numbered(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("event#{n:010}")).collect()
}

/// "Query results are always sorted by the sort key value … in order of UTF-8 bytes", ascending unless
/// ScanIndexForward is false.
pub async fn items_come_in_the_order_of_their_sort_keys(table: Table) -> Verdict {
    let unordered = ["b", "a", "é", "Z", "event#0000000010", "event#0000000009", "~", "z", "aa"];
    table.fill("a", unordered.map(str::to_owned)).await?;
    let mut expected = unordered.map(str::to_owned).to_vec();
    expected.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    let forward = table.query("a").send().await?;
    Broken::unless_same("ascending", sorts(forward.items()), expected.clone())?;
    let backward = table.query("a").scan_index_forward(false).send().await?;
    expected.reverse();
    Broken::unless_same("descending", sorts(backward.items()), expected)
}

/// Limit: "the maximum number of items to evaluate"; LastEvaluatedKey says where it stopped, and a query goes on
/// after it, also backwards; without one there is nothing more.
pub async fn a_limit_cuts_and_says_where_to_go_on(table: Table) -> Verdict {
    table.fill("a", numbered(1..8)).await?;
    for (forward, mut expected) in [(true, numbered(1..8)), (false, numbered(1..8))] {
        if !forward {
            expected.reverse();
        }
        let (mut found, mut pages, mut from) = (Vec::new(), 0, None);
        loop {
            let query = table.query("a").scan_index_forward(forward).limit(3).set_exclusive_start_key(from);
            let page = query.send().await?;
            Broken::unless(page.items().len() <= 3, || {
                format!("{} items under a limit of 3", page.items().len())
            })?;
            found.extend(sorts(page.items()));
            pages += 1;
            from = page.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Broken::unless_same("all pages", found, expected)?;
        Broken::unless_same("pages", pages, 3)?;
    }
    let newest = table.query("a").scan_index_forward(false).limit(1).send().await?;
    Broken::unless_same("the newest", sorts(newest.items()), numbered(7..8))?;
    let last = newest.last_evaluated_key.map(|key| sorts(&[key]));
    Broken::unless_same("where it stopped", last, Some(numbered(7..8)))
}

/// "A single Query operation … can retrieve a maximum of 1 MB of data", and LastEvaluatedKey is set.
pub async fn a_page_ends_at_a_megabyte(table: Table) -> Verdict {
    at_once(8, |n| {
        let put = table.put(item("large", &n.to_string(), "v", text("x".repeat(300_000))));
        async move { Ok(put.send().await.map(|_| ())?) }
    })
    .await?;
    let page = table.query("large").send().await?;
    let found = page.items().len();
    Broken::unless((3..=4).contains(&found), || format!("{found} items of 300 kB in one page"))?;
    Broken::unless(page.last_evaluated_key.is_some(), || "the page does not say where to go on".to_owned())
}

/// begins_with and > on the sort key, inside one partition.
pub async fn a_prefix_finds_its_own_and_nothing_else(table: Table) -> Verdict {
    table.fill("a", numbered(1..4)).await?;
    table.fill("a", ["event".to_owned(), "eventually".to_owned(), "lock".to_owned()]).await?;
    table.fill("ab", numbered(5..6)).await?;
    let query = table.query("a").key_condition_expression("pk = :pk AND begins_with(sk, :prefix)");
    let found = query.expression_attribute_values(":prefix", text("event#")).send().await?;
    Broken::unless_same("begins with", sorts(found.items()), numbered(1..4))?;
    let query = table.query("a").key_condition_expression("pk = :pk AND sk > :after");
    let after = query.expression_attribute_values(":after", text("event#0000000001")).send().await?;
    let mut expected = numbered(2..4);
    expected.extend(["eventually".to_owned(), "lock".to_owned()]);
    Broken::unless_same("after", sorts(after.items()), expected)
}
