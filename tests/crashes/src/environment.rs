//! The environment that the worker's adapters read secrets from. A process cannot safely change its own, so the
//! suite starts itself once more with it. Must never hold a real credential, nor let one of the caller's through.

use std::process::{Command, ExitCode};

/// The made-up GitHub token.
pub(crate) const GITHUB_TOKEN: &str = "crashes-github-token";

/// Set in the process that has the environment.
const MARK: &str = "LOCKSTEP_CRASHES_STAGED";

/// The only root that any of the clients trusts: a certificate whose key nobody has. No TLS server can be spoken
/// to, and no client spends its start on reading a host's certificates.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/nobody.pem");

const VARIABLES: [(&str, &str); 7] = [
    (MARK, "yes"),
    ("AWS_ACCESS_KEY_ID", "crashes"),
    ("AWS_SECRET_ACCESS_KEY", "crashes"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("HOSTNAME", "crashes"),
    ("LOCKSTEP_GITHUB_CREDENTIAL", GITHUB_TOKEN),
    ("SSL_CERT_FILE", ROOT),
];

/// What must not reach the adapters: other credentials and endpoints, and proxies.
const FOREIGN: [&str; 11] = [
    "AWS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
];

/// Whether this process has the environment.
pub(crate) fn is_staged() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs this program once more, with the same arguments and the environment; its exit code.
pub(crate) fn run_staged() -> std::io::Result<ExitCode> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(std::env::args_os().skip(1)).envs(VARIABLES);
    for name in FOREIGN {
        command.env_remove(name);
    }
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}
