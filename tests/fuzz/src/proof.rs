//! The count of what was executed, where docs/testing.md takes it from: `proof/fuzz.txt` in cargo's target
//! directory, put together anew from one file a target, since each target may be a process of its own.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};

/// Runs a check; should it panic, says first with which document.
#[expect(clippy::print_stderr, reason = "which document it was is told nowhere else")]
pub(crate) fn naming(document: &Path, check: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(check)) {
        eprintln!("the document that failed: {}", document.display());
        resume_unwind(panic);
    }
}

/// Forgets what an earlier run of this target has written down: should this one fail, that is no proof any more.
/// `temporary` is cargo's directory for tests' files, beside which the proofs are.
pub(crate) fn forget(temporary: &str, target: &str) {
    let folder = folder(temporary);
    // There is nothing to forget before the first run.
    let _absent = std::fs::remove_file(folder.join(target));
    summarise(&folder);
}

/// Writes down how many documents and how many made inputs a target has executed without a failure.
#[expect(clippy::print_stdout, reason = "the line is for people, and docs/testing.md")]
pub(crate) fn write(temporary: &str, target: &str, documents: usize, made: u64) {
    println!("fuzz {target}: {documents} documents, {made} made inputs");
    let folder = folder(temporary);
    replace(&folder.join(target), &format!("{documents} {made}"));
    summarise(&folder);
}

fn folder(temporary: &str) -> PathBuf {
    let folder = Path::new(temporary).with_file_name("proof").join("fuzz");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// One line for each target that has passed, and one for all of them.
fn summarise(folder: &Path) {
    let mut rows: Vec<(String, u64, u64)> = std::fs::read_dir(folder)
        .unwrap()
        .filter_map(|entry| {
            // A file with an extension is being written by another target.
            let path = entry.unwrap().path();
            if path.extension().is_some() {
                return None;
            }
            let text = std::fs::read_to_string(&path).ok()?;
            let (documents, made) = text.split_once(' ')?;
            let name = path.file_name()?.to_str()?.to_owned();
            Some((name, documents.parse().ok()?, made.parse().ok()?))
        })
        .collect();
    rows.sort();
    let mut text = String::new();
    for (name, documents, made) in &rows {
        writeln!(text, "{name}: {documents} documents, {made} made inputs").unwrap();
    }
    let total: u64 = rows.iter().map(|(_, documents, made)| documents + made).sum();
    writeln!(text, "fuzz: {} targets passed, {total} executions", rows.len()).unwrap();
    replace(&folder.with_file_name("fuzz.txt"), &text);
}

/// Another target may read or write the same file at this moment.
fn replace(path: &Path, text: &str) {
    let mine = path.with_extension(format!("{}.part", std::process::id()));
    std::fs::write(&mine, text).unwrap();
    std::fs::rename(&mine, path).unwrap();
}
