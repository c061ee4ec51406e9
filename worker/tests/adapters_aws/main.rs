//! The AWS adapters over real HTTP against local servers: dynoxide for DynamoDB, rustack for SQS, a scripted
//! double and the simulator for ECS. Must never reach another machine.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report, in its helpers too")]

mod clients;
mod dynamodb;
mod ecs;
mod faults;
mod setup;
mod sqs;
mod support;
