//! Runs a test in a network and a process namespace of its own. DynamoDB Local listens on every interface: here
//! the only one is a loopback that nobody else has. And whatever the test started ends with it, however it ends:
//! the kernel kills every process of the namespace when its first one is gone. Must never run a test outside.

use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Says, in the environment of the process inside, which file to write when the test is through.
const THROUGH: &str = "LOCKSTEP_ISOLATED_UNTIL";

/// Brings the loopback up (SIOCGIFFLAGS, SIOCSIFFLAGS) and becomes the test. In Python, which the tools need
/// anyway: `ip` may be absent, and an ioctl is unsafe code in Rust.
const ENTER: &str = r#"
import fcntl, os, socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
flags = struct.unpack("16sh", fcntl.ioctl(s, 0x8913, struct.pack("16sh", b"lo", 0)))[1]
fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", flags | 1))
os.execv(sys.argv[1], sys.argv[1:])
"#;

/// Runs `body` on a runtime of its own, in namespaces of its own. `test` is the calling test's full name, such as
/// `store::dynamodb_local`: this program is started again for that test alone.
///
/// # Panics
/// The test fails inside, namespaces cannot be made, or `test` names no test.
pub fn isolated(test: &str, body: impl AsyncFnOnce()) {
    if let Some(through) = std::env::var_os(THROUGH) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(body());
        std::fs::write(through, "through").unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let through = folder.path().join("through");
    let status = enter(test).env(THROUGH, &through).stdin(Stdio::null()).status();
    let status = status.unwrap_or_else(|e| {
        panic!("setpriv and unshare (util-linux) are needed to run this test apart: {e}; install them")
    });
    assert!(
        status.success(),
        "{test} failed inside its namespaces ({status}): see above. If unshare was not permitted, run the tests as \
         root or allow unprivileged user namespaces"
    );
    assert!(through.exists(), "no test is called {test}: nothing was run");
}

/// This program once more, inside. `setpriv` ends it with this process, also if that is killed.
fn enter(test: &str) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = Command::new("setpriv");
    command.args([
        "--pdeathsig",
        "KILL",
        "unshare",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]);
    if !is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["python3", "-c", ENTER]).arg(program).args(["--exact", test, "--nocapture"]);
    command
}

fn is_root() -> bool {
    let owner = |path: PathBuf| std::os::unix::fs::MetadataExt::uid(&std::fs::metadata(path).unwrap());
    owner(PathBuf::from("/proc/self")) == 0
}
