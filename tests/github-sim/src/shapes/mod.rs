//! How the model is written as GitHub's JSON (REST API version 2022-11-28).
//!
//! Field names and nesting are those of GitHub's documentation, so that typed clients read them. Nothing may
//! be decided here: a shape only renders what the model says.

mod actions;
mod checks;
mod commits;
mod content;
mod deployments;
mod environments;
mod git;
mod releases;
mod repository;
mod users;
mod view;

pub(crate) use users::user;
pub(crate) use view::{View, time, web};
