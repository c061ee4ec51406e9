//! Files and folders at a commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

use super::reply::{Reply, accepts};
use crate::app::App;
use crate::model::commits::{Tree, tree_hash};
use crate::model::refusal::Refusal;
use crate::shapes::View;

/// At which commit to look.
#[derive(Debug, Deserialize)]
pub(super) struct RefQuery {
    #[serde(rename = "ref")]
    reference: Option<String>,
}

/// `GET /repos/{owner}/{repo}/contents/{path}?ref=…`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    Path((owner, name, path)): Path<(String, String, String)>,
    Query(query): Query<RefQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    app.repository(&owner, &name, |view| {
        let repository = view.repository;
        let reference = query.reference.as_deref().unwrap_or(&repository.default_branch);
        let sha = repository
            .resolve(reference)
            .ok_or_else(|| Refusal::new(404, format!("No commit found for the ref {reference}")))?;
        let tree = &repository.commit_by_sha(sha)?.tree;
        let path = path.trim_matches('/');
        match tree.get(path) {
            Some(text) if accepts(&headers, "raw") => {
                let kind = [(header::CONTENT_TYPE, "application/vnd.github.raw; charset=utf-8")];
                Ok((kind, text.clone()).into_response())
            }
            Some(text) => Ok(Reply::ok(view.file_content(path, text, reference)).into_response()),
            None => Ok(Reply::ok(folder(view, tree, path, reference)?).into_response()),
        }
    })
}

/// The entries of a folder: files and the folders right below it.
fn folder(view: View<'_>, tree: &Tree, path: &str, reference: &str) -> Result<Value, Refusal> {
    let prefix = if path.is_empty() { String::new() } else { format!("{path}/") };
    let inside: Vec<(&str, &str)> =
        tree.iter().filter_map(|(file, text)| Some((file.strip_prefix(&prefix)?, text.as_str()))).collect();
    if inside.is_empty() {
        return Err(Refusal::not_found());
    }
    let names: BTreeSet<&str> = inside.iter().filter_map(|(file, _)| file.split('/').next()).collect();
    let entries = names.into_iter().map(|name| {
        let full = format!("{prefix}{name}");
        match tree.get(&full) {
            Some(text) => view.file_entry(&full, text, reference),
            None => {
                let below = format!("{name}/");
                let sub: Tree = inside
                    .iter()
                    .filter_map(|(file, text)| {
                        Some((file.strip_prefix(&below)?.to_owned(), (*text).to_owned()))
                    })
                    .collect();
                view.folder_entry(&full, &tree_hash(&sub), reference)
            }
        }
    });
    Ok(entries.collect())
}
