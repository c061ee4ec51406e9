//! Where a stand-in for DynamoDB is known to break one of AWS's rules. Each is asserted: one that is mended fails the
//! suite until it is taken out here.

use conformance::Deviation;

/// dynoxide, which the sandbox embeds.
pub const DYNOXIDE: &[Deviation] = &[];

/// AWS's DynamoDB Local 1.25.
pub const DYNAMODB_LOCAL: &[Deviation] = &[Deviation {
    rule: "transactions::an_item_is_in_one_only_once",
    shows: "found Some(\"TransactionCanceledException\"), expected Some(\"ValidationException\")",
    harmless: "it refuses the transaction too, under another name, and no transaction of the worker's names an item twice",
}];

/// ministack 1.5.
pub const MINISTACK: &[Deviation] = &[];
