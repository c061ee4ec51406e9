//! Telling people what becomes of deployments: chats and programs, over webhooks. A projection of the histories, beside
//! the engine and not in it: it reads what has been recorded, and a webhook that fails, hangs or lies can change nothing
//! about a deployment. Each address is told at least once, in order, with an id by which it knows a repeat; what it was
//! told, or why it was given up, is in the table.

mod announcer;
mod delivering;
mod news;
mod nudges;
mod occasion;
mod signature;
mod slack;
mod subscriber;

pub use announcer::{Announcer, Ports, Rules};
pub use news::News;
pub use nudges::{Nudges, nudging};
pub use signature::{NoSecret, SigningKey};
pub use subscriber::Subscriber;
