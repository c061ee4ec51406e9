//! The page: what the table says of every environment and deployment, as HTML for people. Three parts that know
//! nothing of one another's insides: a read model (`read`, `model`: from the table to plain data), the rendering
//! (`html`: from data to markup) and the server (`server`, `live`: from requests to answers). Must never change
//! anything, nor let text from elsewhere become markup.

mod assets;
mod chain;
mod filter;
mod html;
mod links;
mod live;
mod marks;
mod model;
mod place;
mod read;
mod server;

pub use place::Place;
pub use server::{Dashboard, LISTENERS, LOOK_EVERY, serve};
