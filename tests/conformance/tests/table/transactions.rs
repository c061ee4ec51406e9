//! TransactWriteItems: all or nothing, isolated, recognised under its token, cancelled with reasons in order. Must
//! not go through the worker.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError as Failure;
use aws_sdk_dynamodb::types::{CancellationReason, Get, TransactGetItem, TransactWriteItem, Update};
use conformance::{Broken, Verdict};

use crate::fixtures::{Item, Table, at_once, item, key, number, text};

const ABSENT: Option<&str> = Some("attribute_not_exists(pk)");

/// How a transaction ended.
enum End {
    Stands,
    Cancelled(Vec<CancellationReason>),
}

impl Table {
    async fn transact(&self, items: Vec<TransactWriteItem>, token: Option<&str>) -> Result<End, Broken> {
        let transaction = self.client.transact_write_items().set_transact_items(Some(items));
        match transaction.set_client_request_token(token.map(str::to_owned)).send().await {
            Ok(_) => Ok(End::Stands),
            Err(error) => match error.into_service_error() {
                Failure::TransactionCanceledException(cancelled) => {
                    Ok(End::Cancelled(cancelled.cancellation_reasons.unwrap_or_default()))
                }
                other => Err(other.into()),
            },
        }
    }

    /// Adds one to the counter of an item.
    fn count(&self, sort: &str) -> TransactWriteItem {
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key("counters", sort)))
            .update_expression("ADD #count :one")
            .expression_attribute_names("#count", "count")
            .expression_attribute_values(":one", number(1));
        TransactWriteItem::builder().update(update.build().unwrap()).build()
    }

    async fn counter(&self, sort: &str) -> Result<u32, Broken> {
        Ok(counted(self.get("counters", sort).await?))
    }
}

/// Tokens are an account's, not a table's.
fn new_token() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn counted(item: Option<Item>) -> u32 {
    item.and_then(|item| item["count"].as_n().ok()?.parse().ok()).unwrap_or(0)
}

fn codes(reasons: &[CancellationReason]) -> Vec<&str> {
    reasons.iter().map(|reason| reason.code().unwrap_or("-")).collect()
}

/// "The actions are completed atomically so that either all of them succeed, or all of them fail."
pub async fn one_failed_condition_undoes_everything(table: Table) -> Verdict {
    table.put(key("a", "2")).send().await?;
    let items = vec![
        table.put_in(key("a", "1"), None),
        table.put_in(key("a", "2"), ABSENT),
        table.count("never"),
        table.put_in(key("a", "3"), ABSENT),
    ];
    let End::Cancelled(_) = table.transact(items, None).await? else {
        return Err(Broken("it stands although a condition failed".into()));
    };
    for (partition, sort) in [("a", "1"), ("a", "3"), ("counters", "never")] {
        Broken::unless_same(sort, table.get(partition, sort).await?, None)?;
    }
    Ok(())
}

/// TransactionCanceledException: "the reasons … are in the same order as the items in the request"; an item with
/// nothing against it has the code None; ALL_OLD adds the item that failed.
pub async fn reasons_come_in_the_order_of_the_items(table: Table) -> Verdict {
    let stands = item("a", "2", "who", text("first"));
    table.put(stands.clone()).send().await?;
    let items = vec![
        table.put_in(key("a", "1"), ABSENT),
        table.put_in(key("a", "2"), ABSENT),
        table.put_in(key("a", "3"), Some("attribute_exists(pk)")),
        table.put_in(key("a", "4"), None),
    ];
    let End::Cancelled(reasons) = table.transact(items, None).await? else {
        return Err(Broken("it stands although a condition failed".into()));
    };
    let expected = vec!["None", "ConditionalCheckFailed", "ConditionalCheckFailed", "None"];
    Broken::unless_same("codes", codes(&reasons), expected)?;
    Broken::unless_same("the item that stands", reasons[1].item.clone(), Some(stands))?;
    let absent = reasons[2].item.clone().unwrap_or_default();
    Broken::unless_same("of an item that is absent", absent, Item::new())
}

/// Isolation: serializable between TransactWriteItems and TransactGetItems. A reader that is in a writer's way is
/// cancelled (or the writer is) and tries again.
pub async fn no_reader_sees_half_of_one(table: Table) -> Verdict {
    const ROUNDS: usize = 40;
    at_once(4, |n| {
        let table = table.clone();
        async move {
            for _ in 0..ROUNDS {
                if n == 0 {
                    table.transact(vec![table.count("left"), table.count("right")], None).await?;
                } else if let Some((left, right)) = both(&table).await? {
                    Broken::unless_same("two counters that are written together", left, right)?;
                }
            }
            Ok(())
        }
    })
    .await
    .map(|_| ())
}

/// Both counters, read in one transaction; none if a writer was in the way.
async fn both(table: &Table) -> Result<Option<(u32, u32)>, Broken> {
    let get = |sort| {
        let get =
            Get::builder().table_name(&table.name).set_key(Some(key("counters", sort))).build().unwrap();
        TransactGetItem::builder().get(get).build()
    };
    let gets = vec![get("left"), get("right")];
    match table.client.transact_get_items().set_transact_items(Some(gets)).send().await {
        Ok(answer) => {
            let mut items =
                answer.responses.unwrap_or_default().into_iter().map(|response| counted(response.item));
            Ok(Some((items.next().unwrap_or(0), items.next().unwrap_or(0))))
        }
        Err(error) if error.as_service_error().is_some_and(|e| e.is_transaction_canceled_exception()) => {
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Two transactions at one item: one after the other, or TransactionConflict for one of them, never both at once.
pub async fn no_update_is_lost_between_two(table: Table) -> Verdict {
    const EACH: u32 = 5;
    at_once(16, |_| {
        let table = table.clone();
        async move {
            for _ in 0..EACH {
                loop {
                    match table.transact(vec![table.count("left"), table.count("right")], None).await? {
                        End::Stands => break,
                        End::Cancelled(reasons) => {
                            let is_conflict = codes(&reasons)
                                .iter()
                                .all(|code| ["None", "TransactionConflict"].contains(code));
                            Broken::unless(is_conflict, || format!("cancelled for {:?}", codes(&reasons)))?;
                        }
                    }
                }
            }
            Ok(())
        }
    })
    .await?;
    let found = (table.counter("left").await?, table.counter("right").await?);
    Broken::unless_same("counted", found, (16 * EACH, 16 * EACH))
}

/// ClientRequestToken: "the call … is idempotent, meaning that multiple identical calls have the same effect as
/// one single call", for ten minutes.
pub async fn a_repeat_under_the_same_token_has_no_second_effect(table: Table) -> Verdict {
    let (token, another) = (new_token(), new_token());
    for _ in 0..3 {
        let end = table.transact(vec![table.count("once")], Some(&token)).await?;
        Broken::unless(matches!(end, End::Stands), || "a repeat was not answered with success".to_owned())?;
    }
    Broken::unless_same("counted", table.counter("once").await?, 1)?;
    // Also for a condition that would fail by now: it was asked before.
    let open = || vec![table.put_in(key("a", "1"), ABSENT)];
    for _ in 0..2 {
        let end = table.transact(open(), Some(&another)).await?;
        Broken::unless(matches!(end, End::Stands), || "a repeat met its own first effect".to_owned())?;
    }
    Ok(())
}

/// "… submitting a request with the same client token but a change in other parameters … results in an
/// IdempotentParameterMismatch exception".
pub async fn another_request_under_the_same_token_is_refused(table: Table) -> Verdict {
    let token = new_token();
    table.transact(vec![table.count("one")], Some(&token)).await?;
    let again = table.client.transact_write_items().transact_items(table.count("two"));
    let again = again.client_request_token(&token).send().await.map_err(|e| e.into_service_error());
    let refused = matches!(again, Err(Failure::IdempotentParameterMismatchException(_)));
    Broken::unless(refused, || format!("answered with {again:?}"))?;
    Broken::unless_same("counted", table.counter("two").await?, 0)
}

/// A transaction that was cancelled has had no effect to repeat: under its token it is executed again.
pub async fn a_cancelled_one_is_tried_anew_under_its_token(table: Table) -> Verdict {
    let items = || vec![table.put_in(key("a", "1"), Some("attribute_exists(pk)")), table.count("after")];
    let token = new_token();
    let first = table.transact(items(), Some(&token)).await?;
    Broken::unless(matches!(first, End::Cancelled(_)), || {
        "it stands although its condition failed".to_owned()
    })?;
    table.put(key("a", "1")).send().await?;
    let second = table.transact(items(), Some(&token)).await?;
    Broken::unless(matches!(second, End::Stands), || {
        "it is cancelled although its condition holds now".to_owned()
    })?;
    Broken::unless_same("counted", table.counter("after").await?, 1)
}

/// "… cannot … target the same item": ValidationException.
pub async fn an_item_is_in_one_only_once(table: Table) -> Verdict {
    let twice =
        vec![table.put_in(key("a", "1"), None), table.count("x"), table.put_in(key("a", "1"), ABSENT)];
    refused_as_invalid(&table, twice).await?;
    Broken::unless_same("written", table.get("a", "1").await?, None)
}

/// "Up to 100 action requests", 25 before September 2022.
pub async fn a_hundred_items_are_taken_and_no_more(table: Table) -> Verdict {
    let items = |count: u32| {
        (0..count).map(|n| table.put_in(key("many", &n.to_string()), ABSENT)).collect::<Vec<_>>()
    };
    let hundred = table.transact(items(100), None).await?;
    Broken::unless(matches!(hundred, End::Stands), || "a hundred puts were cancelled".to_owned())?;
    refused_as_invalid(&table, items(101)).await
}

/// An item that is too large is refused with everything beside it, as an error of validation: of the request or,
/// as a reason, of the item.
pub async fn an_item_too_large_undoes_everything(table: Table) -> Verdict {
    let large = item("a", "1", "v", text("x".repeat(401 * 1024)));
    let items = vec![table.put_in(key("a", "2"), None), table.put_in(large, None)];
    let outcome = table.client.transact_write_items().set_transact_items(Some(items)).send().await;
    let Err(error) = outcome else { return Err(Broken("an item of 401 KB was taken".into())) };
    match error.into_service_error() {
        Failure::TransactionCanceledException(cancelled) => {
            let reasons = codes(cancelled.cancellation_reasons()).join(" ");
            Broken::unless_same("codes", reasons.as_str(), "None ValidationError")?;
        }
        other => Broken::unless_same("the error", other.meta().code(), Some("ValidationException"))?,
    }
    Broken::unless_same("beside it", table.get("a", "2").await?, None)
}

async fn refused_as_invalid(table: &Table, items: Vec<TransactWriteItem>) -> Verdict {
    let outcome = table.client.transact_write_items().set_transact_items(Some(items)).send().await;
    let Err(error) = outcome else { return Err(Broken("an invalid transaction was taken".into())) };
    let code = error.as_service_error().and_then(|e| e.meta().code().map(str::to_owned));
    Broken::unless_same("the error", code.as_deref(), Some("ValidationException"))
}
