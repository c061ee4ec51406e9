//! DynamoDB Local, AWS's own, in memory. Must be started inside [`crate::isolated`] only: it listens on every
//! interface and checks no credentials.

use tokio::process::Command;

use crate::program::Program;
use crate::tools::tool;

const PORT: u16 = 8100;

/// A running DynamoDB Local. Killed when dropped, and everything in it is gone.
pub struct DynamoDbLocal(Program);

impl DynamoDbLocal {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// It is not installed, or does not start.
    pub async fn start() -> Self {
        let folder = tool("dynamodb-local");
        let mut command = Command::new(tool("java"));
        // Little memory, one collector thread, no optimising compiler: it shares the machine with its clients.
        command.args(["-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
        command.arg(format!("-Djava.library.path={}", folder.join("DynamoDBLocal_lib").display()));
        command.arg("-jar").arg(folder.join("DynamoDBLocal.jar"));
        command.args(["-inMemory", "-sharedDb", "-disableTelemetry", "-port", &PORT.to_string()]);
        Self(Program::start(command, PORT).await)
    }

    /// The endpoint URL.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        self.0.endpoint()
    }
}
