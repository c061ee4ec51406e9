//! What the worker relies on in SQS, asserted of every stand-in: raw calls and the queue port over the worker's
//! own adapter, each rule on a queue of its own. Every rule is AWS's, for standard queues (API reference and
//! developer guide of Amazon SQS); what a standard queue only usually does is no rule.

#![expect(
    unreachable_pub,
    reason = "a test program exports nothing; `pub` here means: for the other modules"
)]
#![expect(clippy::unwrap_used, reason = "a panic is the report")]

mod batches;
mod dead_letters;
mod deviations;
mod fixtures;
mod limits;
mod receipts;
mod sending;
mod visibility;

use conformance::{Deviation, Ministack, Rule, isolated, judge, proof, rules};
use fixtures::Place;
use sandbox::stand_ins::Sqs;

fn rules() -> Vec<Rule<Place>> {
    rules! {
        sending:
            a_body_comes_back_as_it_was,
            a_delayed_message_does_not_come_before,
            an_empty_poll_is_an_empty_list,
            a_long_poll_ends_when_a_message_comes,
            many_receivers_lose_nothing,
            attributes_travel_with_the_message,
            a_message_says_how_often_it_was_received_and_who_sent_it,
            a_queue_that_is_not_there_is_not_found;
        visibility:
            a_received_message_is_hidden_and_comes_again,
            an_extension_keeps_it_hidden,
            a_message_given_back_comes_at_once;
        receipts:
            every_receive_has_a_receipt_of_its_own,
            a_message_is_deleted_and_deleted_again,
            what_is_no_receipt_is_refused;
        limits:
            a_delay_of_fifteen_minutes_is_the_longest,
            a_visibility_of_twelve_hours_is_the_longest,
            a_poll_of_twenty_seconds_is_the_longest,
            ten_messages_are_the_most,
            a_body_of_256_kibibytes_is_taken,
            a_body_of_a_mebibyte_is_taken,
            a_body_of_more_than_a_mebibyte_is_refused,
            an_empty_body_is_refused,
            characters_outside_of_xml_are_refused;
        batches:
            ten_messages_are_sent_received_and_deleted_together,
            more_than_ten_none_or_the_same_id_twice_are_refused,
            one_bad_entry_does_not_keep_the_others;
        dead_letters:
            a_message_received_too_often_moves_as_it_was,
            a_parked_message_says_why_and_which,
            a_redrive_policy_takes_its_number_as_text,
            queues_are_made_once_and_keep_what_they_hold;
    }
}

async fn judged(stand_in: &str, endpoint: &str, known: &[Deviation]) {
    let line = judge(stand_in, &rules(), known, async |_| Place::create(endpoint).await).await;
    proof(env!("CARGO_TARGET_TMPDIR"), &format!("conformance-queue-{stand_in}"), &line);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_queues() {
    let service = Sqs::start(([127, 0, 0, 1], 0).into(), "us-east-1", "000000000000").unwrap();
    judged("rustack", &service.endpoint(), deviations::RUSTACK).await;
    service.shutdown().await;
}

#[test]
fn ministack() {
    isolated("ministack", async || {
        let service = Ministack::start().await;
        judged("ministack", service.endpoint(), deviations::MINISTACK).await;
    });
}
