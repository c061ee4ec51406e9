//! ministack, an independent stand-in for many services of AWS, of which SQS and DynamoDB are used here. Must be
//! started inside [`crate::isolated`] only: it checks no credentials.

use tokio::process::Command;

use crate::program::Program;
use crate::tools::tool;

const PORT: u16 = 8101;

/// A running ministack. Killed when dropped, and everything in it is gone.
pub struct Ministack(Program);

impl Ministack {
    /// Starts one and waits until it listens.
    ///
    /// # Panics
    /// It is not installed, or does not start.
    pub async fn start() -> Self {
        let mut command = Command::new(tool("ministack/bin/ministack"));
        command.envs([
            ("BIND_HOST", "127.0.0.1"),
            ("MINISTACK_HOST", "127.0.0.1"),
            ("SERVICES", "sqs,dynamodb"),
        ]);
        command.env("GATEWAY_PORT", PORT.to_string()).env("LOG_LEVEL", "WARNING");
        // It looks for containers of its own to remove; there are none, and nobody's Docker is to be asked.
        command.env("DOCKER_HOST", "unix:///nonexistent");
        Self(Program::start(command, PORT).await)
    }

    /// The endpoint URL, of both services.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.0.endpoint()
    }
}
