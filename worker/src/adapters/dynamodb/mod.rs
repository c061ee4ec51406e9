//! The table on Amazon DynamoDB. Layout, reading, writing and creating it are a file each.

mod attempts;
mod cancelled;
mod deliveries;
mod holds;
mod items;
mod keys;
mod once;
mod read;
mod setup;
mod store;
mod table;
mod transactions;

pub use setup::DynamoDbInspector;
pub use store::DynamoDbStore;
pub use table::create_table;
