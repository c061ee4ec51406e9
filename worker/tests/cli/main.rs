//! The real binary against dynoxide's DynamoDB and rustack's SQS in this process: what it prints, what it
//! sends, and which code it ends with. Must never reach another machine.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "in a test a panic is the report, in its helpers too"
)]

mod asking;
mod dead_letters;
mod doctor;
mod exporting;
mod handbook;
mod holding;
mod operating;
mod page;
mod planning;
mod reading;
mod records;
mod reference;
mod support;
mod terminal;
mod usage;
mod waiting;
mod working;
