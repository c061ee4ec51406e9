//! What the worker relies on in DynamoDB, asserted of every stand-in: raw calls in `items`, `transactions` and
//! `queries`, and the store port over the worker's own adapter in `history`, `locking`, `closing` and `once`.
//! Every rule is AWS's (API reference and developer guide of Amazon DynamoDB), checked on a table of its own.

#![expect(
    unreachable_pub,
    reason = "a test program exports nothing; `pub` here means: for the other modules"
)]
#![expect(clippy::unwrap_used, reason = "a panic is the report")]

mod closing;
mod deviations;
mod fixtures;
mod history;
mod items;
mod locking;
mod once;
mod queries;
mod transactions;

use conformance::{Deviation, DynamoDbLocal, Ministack, Rule, isolated, judge, proof, rules};
use fixtures::Table;
use sandbox::stand_ins::DynamoDb;

fn rules() -> Vec<Rule<Table>> {
    rules! {
        items:
            of_many_puts_if_absent_one_stands,
            a_failed_condition_returns_what_stands_if_asked,
            an_item_is_read_as_soon_as_it_is_written,
            an_item_holds_400_kilobytes_and_no_more,
            an_empty_text_is_a_value,
            a_table_that_is_not_there_is_not_found;
        transactions:
            one_failed_condition_undoes_everything,
            reasons_come_in_the_order_of_the_items,
            no_reader_sees_half_of_one,
            no_update_is_lost_between_two,
            a_repeat_under_the_same_token_has_no_second_effect,
            another_request_under_the_same_token_is_refused,
            a_cancelled_one_is_tried_anew_under_its_token,
            an_item_is_in_one_only_once,
            a_hundred_items_are_taken_and_no_more,
            an_item_too_large_undoes_everything;
        queries:
            items_come_in_the_order_of_their_sort_keys,
            a_limit_cuts_and_says_where_to_go_on,
            a_page_ends_at_a_megabyte,
            a_prefix_finds_its_own_and_nothing_else;
        history:
            of_many_appends_of_one_number_one_stands,
            a_write_whose_answer_was_lost_is_recognised,
            a_long_history_is_read_whole_and_in_order,
            the_newest_is_the_one_just_written,
            an_item_too_large_is_refused_for_good,
            texts_come_back_as_they_were;
        locking:
            opening_takes_lock_record_and_list_together,
            opening_again_is_recognised,
            a_held_lock_names_its_holder_and_nothing_is_written,
            a_stale_token_takes_nothing,
            of_sixteen_openers_one_wins,
            sixteen_deliveries_of_one_request_are_one_deployment,
            a_rejection_needs_its_holder,
            a_recorded_deployment_is_neither_opened_nor_rejected_again;
        closing:
            closing_writes_everything_and_lets_go,
            closing_again_is_recognised,
            another_token_or_holder_closes_nothing,
            a_number_that_is_taken_closes_nothing,
            a_beta_of_another_image_closes_nothing,
            of_sixteen_closings_one_stands,
            openers_and_a_closer_never_hold_it_together;
        once:
            of_many_images_of_a_commit_all_are_told_one,
            of_many_meanings_of_a_version_all_are_told_one,
            the_list_is_newest_first_and_as_long_as_asked,
            releases_are_listed_to_the_last,
            a_table_is_made_once;
    }
}

async fn judged(stand_in: &str, endpoint: &str, known: &[Deviation]) {
    let line = judge(stand_in, &rules(), known, async |_| Table::create(endpoint).await).await;
    proof(env!("CARGO_TARGET_TMPDIR"), &format!("conformance-table-{stand_in}"), &line);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store() {
    let service = DynamoDb::start(([127, 0, 0, 1], 0).into(), None).unwrap();
    judged("dynoxide", &service.endpoint(), deviations::DYNOXIDE).await;
    service.shutdown().await;
}

#[test]
fn dynamodb_local() {
    isolated("dynamodb_local", async || {
        let service = DynamoDbLocal::start().await;
        judged("dynamodb-local", service.endpoint(), deviations::DYNAMODB_LOCAL).await;
    });
}

#[test]
fn ministack() {
    isolated("ministack", async || {
        let service = Ministack::start().await;
        judged("ministack", service.endpoint(), deviations::MINISTACK).await;
    });
}
