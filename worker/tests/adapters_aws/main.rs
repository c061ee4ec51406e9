//! The AWS adapters over real HTTP against local servers: dynoxide for DynamoDB, rustack for SQS, a scripted
//! double for ECS. Must never reach another machine.

mod clients;
mod dynamodb;
mod ecs;
mod faults;
mod sqs;
mod support;
