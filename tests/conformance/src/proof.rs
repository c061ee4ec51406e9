//! What a suite has shown, as a file: a passing test's output is not seen.

use std::path::Path;

/// Writes a suite's numbers to `proof/<name>.txt` in cargo's target folder and prints them. `tmpdir` is the
/// caller's `env!("CARGO_TARGET_TMPDIR")`.
///
/// # Panics
/// The file cannot be written.
#[expect(clippy::print_stdout, reason = "the numbers are the suite's result")]
pub fn proof(tmpdir: &str, name: &str, text: &str) {
    let folder = Path::new(tmpdir).parent().unwrap().join("proof");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.txt")), format!("{text}\n")).unwrap();
    println!("{text}");
}
