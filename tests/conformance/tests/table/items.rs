//! One item: conditional puts, what they return, consistent reads, sizes. Must not go through the worker.

use aws_sdk_dynamodb::operation::get_item::GetItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::ReturnValuesOnConditionCheckFailure;
use conformance::{Broken, Verdict};

use crate::fixtures::{Table, at_once, item, key, number, text};

/// "A conditional write … succeeds only if the item attributes meet the expected conditions": of any number of
/// writers that want an absent item, one finds it absent.
pub async fn of_many_puts_if_absent_one_stands(table: Table) -> Verdict {
    for round in 0..10 {
        let sort = format!("round {round}");
        let puts = at_once(16, |n| {
            let put = table.put(item("races", &sort, "writer", number(n)));
            async move {
                match put.condition_expression("attribute_not_exists(pk)").send().await {
                    Ok(_) => Ok(Some(n)),
                    Err(e) if is_failed_condition(e.as_service_error()) => Ok(None),
                    Err(e) => Err(e.into()),
                }
            }
        });
        let winners: Vec<usize> = puts.await?.into_iter().flatten().collect();
        Broken::unless(winners.len() == 1, || format!("writers {winners:?} found {sort} absent"))?;
        let stands = table.get("races", &sort).await?.and_then(|mut item| item.remove("writer"));
        Broken::unless_same("the item that stands", stands, Some(number(winners[0])))?;
    }
    Ok(())
}

/// PutItem, ReturnValuesOnConditionCheckFailure: ALL_OLD returns the item that failed the condition, NONE nothing.
pub async fn a_failed_condition_returns_what_stands_if_asked(table: Table) -> Verdict {
    let first = item("a", "b", "who", text("first"));
    table.put(first.clone()).send().await?;
    for (asked, expected) in [
        (ReturnValuesOnConditionCheckFailure::AllOld, Some(first)),
        (ReturnValuesOnConditionCheckFailure::None, None),
    ] {
        let put = table.put(item("a", "b", "who", text("second")));
        let put = put.condition_expression("attribute_not_exists(pk)");
        let error = put.return_values_on_condition_check_failure(asked).send().await;
        let Err(error) = error else {
            return Err(Broken("a failed condition was answered with success".into()));
        };
        match error.into_service_error() {
            PutItemError::ConditionalCheckFailedException(failed) => {
                Broken::unless_same("the item in the answer", failed.item, expected)?;
            }
            other => return Err(other.into()),
        }
    }
    Ok(())
}

/// ConsistentRead: "the response reflects the updates from all prior write operations that were successful".
pub async fn an_item_is_read_as_soon_as_it_is_written(table: Table) -> Verdict {
    at_once(8, |n| {
        let table = table.clone();
        async move {
            for round in 0..25 {
                table.put(item("counters", &n.to_string(), "round", number(round))).send().await?;
                let read = table.get("counters", &n.to_string()).await?;
                let read = read.and_then(|mut item| item.remove("round"));
                Broken::unless_same("read after its write", read, Some(number(round)))?;
            }
            Ok(())
        }
    })
    .await
    .map(|_| ())
}

/// "The maximum item size in DynamoDB is 400 KB, which includes both attribute name … and … value lengths".
pub async fn an_item_holds_400_kilobytes_and_no_more(table: Table) -> Verdict {
    // pk, sk and their values are 8 bytes, the third attribute's name is one.
    let largest = 400 * 1024 - 9;
    table.put(item("pp", "ss", "v", text("x".repeat(largest)))).send().await?;
    let error = table.put(item("pp", "ss", "v", text("y".repeat(largest + 1)))).send().await;
    let Err(error) = error else { return Err(Broken("an item of 400 KB and a byte was taken".into())) };
    let code = error.as_service_error().and_then(|e| e.meta().code().map(str::to_owned));
    Broken::unless_same("the error", code.as_deref(), Some("ValidationException"))?;
    let stands = table.get("pp", "ss").await?.and_then(|mut item| item.remove("v"));
    Broken::unless(stands == Some(text("x".repeat(largest))), || "the item did not stay as it was".into())
}

/// "An empty string … is allowed for a non-key attribute"; not for a key.
pub async fn an_empty_text_is_a_value(table: Table) -> Verdict {
    table.put(item("a", "b", "detail", text(""))).send().await?;
    Broken::unless_same("read", table.get("a", "b").await?, Some(item("a", "b", "detail", text(""))))?;
    let refused = table.put(key("a", "")).send().await.is_err();
    Broken::unless(refused, || "an empty text was taken as a key".to_owned())
}

/// ResourceNotFoundException, for reads and writes.
pub async fn a_table_that_is_not_there_is_not_found(table: Table) -> Verdict {
    let absent = Table { name: "absent".to_owned(), ..table };
    let put = absent.put(key("a", "b")).send().await.map_err(|e| e.into_service_error());
    Broken::unless(matches!(put, Err(PutItemError::ResourceNotFoundException(_))), || {
        format!("PutItem: {put:?}")
    })?;
    let get = absent.client.get_item().table_name("absent").set_key(Some(key("a", "b"))).send().await;
    let get = get.map_err(|e| e.into_service_error());
    Broken::unless(matches!(get, Err(GetItemError::ResourceNotFoundException(_))), || {
        format!("GetItem: {get:?}")
    })
}

fn is_failed_condition(error: Option<&PutItemError>) -> bool {
    matches!(error, Some(PutItemError::ConditionalCheckFailedException(_)))
}
