//! Where a stand-in for SQS is known to break one of AWS's rules. Each is asserted: one that is mended fails the suite
//! until it is taken out here.

use conformance::Deviation;

/// rustack behind the sandbox's front, which the sandbox embeds.
pub const RUSTACK: &[Deviation] = &[
    Deviation {
        rule: "receipts::what_is_no_receipt_is_refused",
        shows: "delete: taken",
        harmless: "the worker uses only receipts that it was given",
    },
    Deviation {
        rule: "limits::a_delay_of_fifteen_minutes_is_the_longest",
        shows: "901 seconds: taken",
        harmless: "the adapter cuts what is longer, which its own tests show",
    },
    Deviation {
        rule: "limits::a_visibility_of_twelve_hours_is_the_longest",
        shows: "43201 seconds: taken",
        harmless: "the configuration refuses what is longer and the adapter cuts it",
    },
    Deviation {
        rule: "limits::ten_messages_are_the_most",
        shows: "11 messages: taken",
        harmless: "the adapter asks for ten at most",
    },
    Deviation {
        rule: "limits::a_poll_of_twenty_seconds_is_the_longest",
        shows: "21 seconds: taken",
        harmless: "the adapter cuts what is longer",
    },
    Deviation {
        rule: "limits::a_body_of_a_mebibyte_is_taken",
        shows: "Message must be shorter than 262144 bytes",
        harmless: "SQS's own limit until 2025; the worker's messages are a few kilobytes",
    },
    Deviation {
        rule: "limits::characters_outside_of_xml_are_refused",
        shows: "taken",
        harmless: "the worker's messages are JSON, which escapes them, and the adapter replaces them in a reason",
    },
    Deviation {
        rule: "batches::one_bad_entry_does_not_keep_the_others",
        shows: "([\"good\", \"bad\"], [])",
        harmless: "it takes the delay of the bad entry, as above; the worker sends no batches",
    },
    Deviation {
        rule: "dead_letters::a_redrive_policy_takes_its_number_as_text",
        shows: "expected i32",
        harmless: "the worker's own queues are made with a number; `infra/` is not run against it",
    },
];

/// ministack 1.5.
pub const MINISTACK: &[Deviation] = &[
    Deviation {
        rule: "receipts::every_receive_has_a_receipt_of_its_own",
        shows: "ReceiptHandleIsInvalid",
        harmless: "stricter than SQS with an older receipt; the worker deletes with the latest and goes on either way",
    },
    Deviation {
        rule: "receipts::a_message_is_deleted_and_deleted_again",
        shows: "ReceiptHandleIsInvalid",
        harmless: "stricter than SQS; the worker logs a failed delete and goes on",
    },
    Deviation {
        rule: "limits::a_delay_of_fifteen_minutes_is_the_longest",
        shows: "901 seconds: taken",
        harmless: "the adapter cuts what is longer, which its own tests show",
    },
    Deviation {
        rule: "limits::a_visibility_of_twelve_hours_is_the_longest",
        shows: "43201 seconds: taken",
        harmless: "the configuration refuses what is longer and the adapter cuts it",
    },
    Deviation {
        rule: "limits::a_poll_of_twenty_seconds_is_the_longest",
        shows: "21 seconds: taken",
        harmless: "the adapter cuts what is longer",
    },
    Deviation {
        rule: "batches::one_bad_entry_does_not_keep_the_others",
        shows: "([\"good\", \"bad\"], [])",
        harmless: "it takes the delay of the bad entry, as above; the worker sends no batches",
    },
];
