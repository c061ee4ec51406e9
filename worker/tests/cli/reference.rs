//! docs/cli.md is what the command line's definition says, and completions and man pages are made of it too. To renew
//! it after a change: `UPDATE_GENERATED=1 cargo test -p lockstep --test cli reference`.

use std::path::Path;

use super::support::{binary, write};

async fn run(arguments: &[&str]) -> (Option<i32>, String) {
    // No configuration is read: there is none here.
    let config = write("this is no configuration");
    let output = binary(&config).args(arguments).output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_checked_in_reference_matches_the_definition() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/cli.md");
    let expected = lockstep::cli::reference();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "docs/cli.md has drifted: see the first lines of this file");
}

#[test]
fn every_command_option_and_exit_code_is_in_the_reference() {
    let text = lockstep::cli::reference();
    for part in [
        "\n## `lockstep deploy`\n",
        "\n## `lockstep dlq redrive`\n",
        "| `--config <FILE>` |",
        "| `--wait-timeout <SECONDS>` |",
        "Default: `production`.",
        "Variable: `LOCKSTEP_CONFIG`.",
        "| 11 | doctor: no problem was found",
    ] {
        assert!(text.contains(part), "{part:?} is not in it");
    }
    assert!(!text.contains("Print help"), "what every program has is not worth a line");
}

#[tokio::test]
async fn every_shell_gets_completions_without_a_configuration() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, script) = run(&["completions", shell]).await;
        assert_eq!(code, Some(0), "{shell}");
        assert!(script.contains("redrive") && script.contains("wait-timeout"), "{shell}: {script}");
    }
    assert_eq!(run(&["completions", "csh"]).await.0, Some(2));
}

#[tokio::test]
async fn man_pages_are_written_one_a_command() {
    let (code, page) = run(&["man"]).await;
    assert_eq!(code, Some(0));
    assert!(page.contains(".TH lockstep 1") && page.contains("SUBCOMMANDS"), "{page}");
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("man1");
    let (code, silent) = run(&["man", "--out", out.to_str().unwrap()]).await;
    assert_eq!((code, silent.as_str()), (Some(0), ""));
    for page in ["lockstep.1", "lockstep-deploy.1", "lockstep-dlq-redrive.1"] {
        let text = std::fs::read_to_string(out.join(page)).unwrap();
        assert!(text.contains(".SH SYNOPSIS"), "{page}: {text}");
    }
}
