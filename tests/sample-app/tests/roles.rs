//! Both roles as the sandbox runs them: real processes, answering over HTTP on 127.0.0.1.
#![allow(clippy::unwrap_used, reason = "a panic in a test is its report")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sample_app::release::{Behaviour, Migration, ReleaseFile, ReleaseSpec};
use serde_json::{Value, json};

const DEADLINE: Duration = Duration::from_secs(60);

/// A process of this test's own, killed when the test ends.
struct Process {
    child: Child,
    port: u16,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(folder: &Path, role: &str, database: Option<&Process>) -> Process {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let program = folder.join("sample-app");
    if !program.exists() {
        std::fs::copy(env!("CARGO_BIN_EXE_sample-app"), &program).unwrap();
    }
    let mut command = Command::new(program);
    command.arg(role).env_clear().env("PORT", port.to_string()).current_dir(folder).stderr(Stdio::piped());
    if let Some(database) = database {
        command.env("DATABASE_URL", format!("http://127.0.0.1:{}", database.port));
    }
    Process { child: spawn(&mut command), port }
}

/// Starts a program just copied. Another test's process, forked while the copy was open for writing, can
/// keep it busy until that process has started its own program.
fn spawn(command: &mut Command) -> Child {
    let begun = Instant::now();
    loop {
        match command.spawn() {
            Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && begun.elapsed() < DEADLINE => {
                std::thread::sleep(Duration::from_millis(10));
            }
            outcome => return outcome.unwrap(),
        }
    }
}

fn serve(folder: &Path, release: &ReleaseFile, database: Option<&Process>) -> Process {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("release.json"), serde_json::to_vec(release).unwrap()).unwrap();
    start(folder, "serve", database)
}

/// One HTTP request; `None` while nothing listens.
fn ask(process: &Process, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", process.port)).ok()?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).unwrap_or(Value::Null)))
}

fn until(process: &Process, path: &str, status: u16) -> Value {
    let begun = Instant::now();
    loop {
        match ask(process, "GET", path, "") {
            Some((found, body)) if found == status => return body,
            other => assert!(begun.elapsed() < DEADLINE, "{path} never answered {status}: {other:?}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The exit code and everything said on standard error.
fn end(mut process: Process) -> (Option<i32>, String) {
    let mut said = String::new();
    process.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (process.child.wait().unwrap().code(), said)
}

fn good() -> ReleaseSpec {
    let migration = |id: &str, sql: &str| Migration { id: id.to_owned(), sql: sql.to_owned() };
    ReleaseSpec {
        migrations: vec![migration("1", "CREATE TABLE accounts (name TEXT NOT NULL)")],
        seed: vec!["INSERT INTO accounts (name) VALUES ('first')".to_owned()],
        ..ReleaseSpec::default()
    }
}

/// A release whose second migration works on an empty database only.
fn bad() -> ReleaseSpec {
    let mut spec = good();
    spec.migrations.push(Migration {
        id: "2".to_owned(),
        sql: "ALTER TABLE accounts ADD COLUMN email TEXT NOT NULL".to_owned(),
    });
    spec.seed = vec!["INSERT INTO accounts (name, email) VALUES ('first', 'a@example.org')".to_owned()];
    spec
}

#[test]
fn a_release_migrates_seeds_once_and_keeps_notes() {
    let folder = tempfile::tempdir().unwrap();
    let db_folder = folder.path().join("db");
    std::fs::create_dir(&db_folder).unwrap();
    // The application is started first: it waits for its database.
    let database = start(&db_folder, "database", None);
    let app = serve(&folder.path().join("one"), &good().release("1.0.0", "c1"), Some(&database));
    assert_eq!(until(&app, "/api/v1/ready", 200), json!({ "status": "ready" }));
    assert_eq!(until(&app, "/api/v1/info", 200), json!({ "version": "1.0.0", "commit": "c1" }));
    let (status, _) = ask(&app, "POST", "/api/v1/notes", r#"{"text":"it's kept"}"#).unwrap();
    assert_eq!(status, 201);

    let second = serve(&folder.path().join("two"), &good().release("1.0.1", "c2"), Some(&database));
    until(&second, "/api/v1/ready", 200);
    assert_eq!(until(&second, "/api/v1/notes", 200), json!([{ "id": 1, "text": "it's kept" }]));
    let count = json!({ "sql": "SELECT count(*) FROM accounts" }).to_string();
    let (_, counted) = ask(&database, "POST", "/sql", &count).unwrap();
    assert_eq!(counted["rows"], json!([[1]]), "the seed ran once");
}

#[test]
fn a_migration_for_empty_databases_only_fails_after_the_release_before() {
    let folder = tempfile::tempdir().unwrap();
    for (name, with_baseline) in [("fresh", false), ("migrated", true)] {
        let db_folder = folder.path().join(name);
        std::fs::create_dir(&db_folder).unwrap();
        let database = start(&db_folder, "database", None);
        if with_baseline {
            let before = serve(&db_folder.join("before"), &good().release("1.0.0", "c1"), Some(&database));
            until(&before, "/api/v1/ready", 200);
        }
        let app = serve(&db_folder.join("bad"), &bad().release("1.1.0", "c2"), Some(&database));
        if with_baseline {
            let (code, said) = end(app);
            assert_eq!(code, Some(1), "{said}");
            assert!(said.contains("migration 2 failed"), "{said}");
        } else {
            until(&app, "/api/v1/ready", 200);
        }
    }
}

#[test]
fn misbehaviour_is_as_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let release = |behaviour, slow_start_ms| {
        ReleaseSpec { behaviour, slow_start_ms, ..ReleaseSpec::default() }.release("2.0.0", "c3")
    };
    let (code, said) = end(serve(&folder.path().join("crash"), &release(Behaviour::CrashAtStart, 0), None));
    assert_eq!(code, Some(1));
    assert!(said.contains("crashes at its start"), "{said}");

    let (code, said) =
        end(serve(&folder.path().join("late"), &release(Behaviour::CrashAfterStart, 100), None));
    assert_eq!(code, Some(1));
    assert!(said.contains("crashes at its start"), "{said}");

    let never = serve(&folder.path().join("never"), &release(Behaviour::NeverReady, 0), None);
    assert_eq!(until(&never, "/api/v1/ready", 503), json!({ "status": "never ready" }));
    until(&never, "/api/v1/info", 200);

    let slow = serve(&folder.path().join("slow"), &release(Behaviour::SlowStart, 1500), None);
    assert_eq!(until(&slow, "/api/v1/ready", 503), json!({ "status": "starting" }));
    until(&slow, "/api/v1/ready", 200);
}

#[test]
fn sigterm_stops_both_roles_with_success() {
    let folder = tempfile::tempdir().unwrap();
    let database = start(folder.path(), "database", None);
    until(&database, "/health", 200);
    let app = serve(&folder.path().join("app"), &good().release("1.0.0", "c1"), Some(&database));
    until(&app, "/api/v1/ready", 200);
    for process in [app, database] {
        let signalled = Command::new("kill").arg(process.child.id().to_string()).status().unwrap();
        assert!(signalled.success());
        let (code, said) = end(process);
        assert_eq!(code, Some(0), "{said}");
    }
}

#[test]
fn a_release_that_needs_a_database_says_so_without_one() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said) = end(serve(folder.path(), &good().release("1.0.0", "c1"), None));
    assert_eq!(code, Some(1));
    assert!(said.contains("DATABASE_URL"), "{said}");
}
