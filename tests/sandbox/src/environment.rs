//! The environment variables that a `lockstep` process in the sandbox needs: made-up credentials, which no
//! stand-in but the registry and GitHub looks at. Must never hold a real one.

/// The made-up GitHub token.
pub const GITHUB_TOKEN: &str = "sandbox-github-token";

/// The region that everything claims to be in.
pub const REGION: &str = "us-east-1";

/// The account that everything claims to belong to.
pub const ACCOUNT: &str = "000000000000";

/// Names and values.
pub const VARIABLES: [(&str, &str); 6] = [
    ("AWS_ACCESS_KEY_ID", "sandbox"),
    ("AWS_SECRET_ACCESS_KEY", "sandbox"),
    ("AWS_REGION", REGION),
    ("AWS_DEFAULT_REGION", REGION),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("LOCKSTEP_GITHUB_CREDENTIAL", GITHUB_TOKEN),
];
