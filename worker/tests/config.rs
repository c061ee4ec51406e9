//! The configuration file: what is refused, and in which words.

#![expect(clippy::unwrap_used, reason = "a panic is the report")]

use std::path::Path;

use lockstep::config::{Config, ConfigError, Kind};

const EXAMPLE: &str = r#"
table = "lockstep"
[queue]
url = "https://sqs.example/1/lockstep"
dead_letter_url = "https://sqs.example/1/lockstep-dead-letters"
[applications.sample.github]
owner = "acme"
repository = "sample"
version_file = "Cargo.toml"
build_workflow = "build-image.yml"
[applications.sample.registry]
repository = "docker.io/acme/sample"
[applications.sample.environments.staging]
kind = "staging"
cluster = "staging"
service = "app"
container = "app"
database = { service = "database" }
readiness = { url = "https://staging.example/ready" }
[applications.sample.environments.production]
kind = "production"
anyone_may_ask = true
cluster = "production"
service = "app"
container = "app"
readiness = { url = "https://example/ready" }
"#;

fn parse(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse(text, Path::new("lockstep.toml"), variables)
}

fn refusal(text: &str) -> String {
    parse(text, &[]).unwrap_err().to_string()
}

#[test]
fn the_example_of_the_readme_is_valid() {
    let readme = include_str!("../../README.md");
    let toml = readme.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    let config = parse(toml, &[]).unwrap();
    let application = &config.applications["test-io"];
    assert_eq!(application.release_tag.to_string(), "{version}");
    let production = &application.environments["production"];
    assert_eq!(application.counterpart(production).unwrap().as_str(), "staging");
    let windows = readme.split("```toml").nth(2).unwrap().split("```").next().unwrap();
    let config = parse(&format!("{toml}{windows}"), &[]).unwrap();
    assert_eq!(config.applications["test-io"].environments["production"].freeze.len(), 2);
}

#[test]
fn an_unknown_key_is_refused_with_its_path_and_the_nearest_known_one() {
    let cases = [
        ("tabel = 'x'\n", "unknown key `tabel`: did you mean `table`?"),
        ("[worker]\nconcurency = 2\n", "unknown key `worker.concurency`: did you mean `concurrency`?"),
    ];
    for (line, expected) in cases {
        let text =
            if line.starts_with('[') { format!("{EXAMPLE}{line}") } else { format!("{line}{EXAMPLE}") };
        assert_eq!(refusal(&text), expected);
    }
    let nested = EXAMPLE.replace("{ service = \"database\" }", "{ servce = \"database\" }");
    assert_eq!(
        refusal(&nested),
        "unknown key `applications.sample.environments.staging.database.servce`: did you mean `service`?"
    );
    let far = format!("zzzzzzzz = 1\n{EXAMPLE}");
    assert_eq!(refusal(&far), "unknown key `zzzzzzzz`", "nothing like it: nothing is suggested");
}

#[test]
fn variables_go_over_the_file_and_are_checked_like_it() {
    let config = parse(
        EXAMPLE,
        &[
            ("LOCKSTEP__WORKER__POLL_SECONDS", "3"),
            ("LOCKSTEP__AWS__REGION", "eu-central-1"),
            ("LOCKSTEP__APPLICATIONS__SAMPLE__ENVIRONMENTS__STAGING__DESIRED_COUNT", "4"),
            ("UNRELATED", "x"),
        ],
    )
    .unwrap();
    assert_eq!(config.worker.poll_seconds, 3);
    assert_eq!(config.aws.region.as_deref(), Some("eu-central-1"));
    assert_eq!(config.applications["sample"].environments["staging"].desired_count, 4);
    let misspelt = parse(EXAMPLE, &[("LOCKSTEP__WORKER__POL_SECONDS", "3")]).unwrap_err();
    assert!(misspelt.to_string().contains("did you mean `poll_seconds`"), "{misspelt}");
    let inside = parse(EXAMPLE, &[("LOCKSTEP__TABLE__NAME", "x")]).unwrap_err();
    assert!(inside.to_string().contains("not a section"), "{inside}");
}

#[test]
fn values_out_of_their_range_are_refused_with_what_is_expected() {
    let with = |line: &str| refusal(&format!("{EXAMPLE}{line}"));
    assert!(with("[worker]\nconcurrency = 0\n").contains("expected 1 to 64"));
    assert!(with("[worker]\nclaim_lease_seconds = 20\n").contains("at least three times"));
    for cap in ["poll_cap_seconds = 901", "poll_seconds = 60\npoll_cap_seconds = 59", "poll_seconds = 121"] {
        let refused = with(&format!("[worker]\n{cap}\n"));
        assert!(refused.contains("worker.poll_cap_seconds is") && refused.contains("to 900"), "{refused}");
    }
    let constant = format!("{EXAMPLE}[worker]\npoll_seconds = 900\npoll_cap_seconds = 900\n");
    assert_eq!(parse(&constant, &[]).unwrap().policy().poll_cap.as_secs(), 900);
    assert!(with("[retry]\ncap_seconds = 901\n").contains("at most 900"));
    let database = EXAMPLE.replace(
        "readiness = { url = \"https://example/ready\" }",
        "readiness = { url = \"https://example/ready\" }\ndatabase = { service = \"database\" }",
    );
    assert!(refusal(&database).contains("never made fresh"));
    let counterpart = EXAMPLE.replace("kind = \"staging\"", "kind = \"staging\"\ncounterpart = \"staging\"");
    assert!(refusal(&counterpart).contains("must be of the other kind"));
    let counterpart =
        EXAMPLE.replace("kind = \"production\"", "kind = \"production\"\ncounterpart = \"staging\"");
    assert!(refusal(&counterpart).contains("has no `counterpart`"));
    assert!(with("[worker]\nclaim_lease_seconds = 901\n").contains("at most 900"));
    let same = EXAMPLE.replace("cluster = \"production\"", "cluster = \"staging\"");
    assert!(refusal(&same).contains("deploy to the same ECS service app of cluster staging"));
    let secret = EXAMPLE.replace("https://example/ready", "https://user:secret@example/ready");
    assert!(refusal(&secret).contains("holds a user or password"));
    let name = EXAMPLE.replace("environments.production", "environments.Production");
    assert!(refusal(&name).contains("is not a valid environment name"));
    let missing = EXAMPLE.replace("table = \"lockstep\"", "");
    assert!(refusal(&missing).contains("table"));
    assert!(refusal("table = ").contains("not valid TOML"));
}

#[test]
fn freeze_windows_are_read_and_what_is_wrong_with_one_is_said_with_its_place() {
    let freeze = |window: &str| {
        format!("{EXAMPLE}[[applications.sample.environments.production.freeze]]\n{window}reason = 'rest'\n")
    };
    let weekly = "days = ['friday']\nfrom = 16:00\nuntil = '00:00'\nzone = 'Europe/Berlin'\n";
    let config = parse(&freeze(weekly), &[]).unwrap();
    let environments = &config.applications["sample"].environments;
    assert_eq!((environments["production"].freeze.len(), environments["staging"].freeze.len()), (1, 0));
    let written = toml::to_string(&config).unwrap();
    assert_eq!(toml::to_string(&parse(&written, &[]).unwrap()).unwrap(), written, "as it was written");
    assert_eq!(
        refusal(&freeze(&weekly.replace("days", "day"))),
        "unknown key `applications.sample.environments.production.freeze[0].day`: did you mean `days`?"
    );
    let zone = refusal(&freeze(&weekly.replace("Berlin", "Berln")));
    for part in
        ["freeze window \"rest\"", "zone is \"Europe/Berln\"", "sample.environments.production.freeze"]
    {
        assert!(zone.contains(part), "{part}: {zone}");
    }
}

#[test]
fn who_may_ask_is_said_completely_or_not_at_all() {
    let guarded = EXAMPLE.replace("anyone_may_ask = true\n", "");
    let section =
        |keys: &str| format!("{guarded}[applications.sample.environments.production.requests]\n{keys}");
    let runs = "workflow = 'deploy.yml'\nworkflow_senders = ['AROARUNS']\n";
    let config = parse(&section(runs), &[]).unwrap();
    let production = &config.applications["sample"].environments["production"];
    let requests = production.requests.as_ref().unwrap();
    assert_eq!(requests.max_age_seconds, 3600);
    assert!(requests.wants_approval(production.kind) && requests.wants_another(production.kind));
    assert!(!requests.wants_approval(Kind::Staging) && !requests.wants_another(Kind::Staging));
    assert_eq!(production.github_environment("production"), "production");
    let lax = parse(&section(&format!("{runs}require_approval = false\ngithub_environment = 'live'\n")), &[]);
    let lax = &lax.unwrap().applications["sample"].environments["production"];
    assert!(
        !lax.requests.as_ref().unwrap().wants_another(lax.kind),
        "as require_approval, unless it is said"
    );
    assert_eq!(lax.github_environment("production"), "live");

    let person = "people_senders = ['AIDAPERSON']\n";
    parse(&section(person), &[]).unwrap();
    let cases = [
        ("", "nobody may ask"),
        ("workflow = 'deploy.yml'\n", "belong together"),
        ("workflow_senders = ['AROARUNS']\n", "belong together"),
        (
            "workflow = '.github/workflows/deploy.yml'\nworkflow_senders = ['AROARUNS']\n",
            "expected a file name",
        ),
        (&format!("{runs}people_senders = ['AROARUNS']\n"), "name it in one"),
        (&format!("{person}max_age_seconds = 0\n"), "max_age_seconds must be at least 1"),
        ("people_senders = ['arn:aws:iam::1:role/x']\n", "neither name nor ARN"),
        ("people_senders = ['']\n", "neither name nor ARN"),
    ];
    for (keys, words) in cases {
        let refusal = refusal(&section(keys));
        assert!(refusal.contains("environments.production.requests") && refusal.contains(words), "{refusal}");
    }
    let words = refusal(&guarded);
    assert!(
        words.contains("environments.production: it is not said who may deploy to production"),
        "{words}"
    );
    assert!(
        words.contains("`requests`") && words.contains("`anyone_may_ask = true`"),
        "both ways are shown: {words}"
    );
    parse(EXAMPLE, &[]).unwrap();
    let both = format!("{EXAMPLE}[applications.sample.environments.production.requests]\n{person}");
    assert!(refusal(&both).contains("remove one of them"), "{}", refusal(&both));
    let wakers = EXAMPLE.replace("[queue]", "[queue]\nworker_senders = ['AROAWORKER:task']");
    assert!(refusal(&wakers).contains("queue.worker_senders: \"AROAWORKER:task\" is no sender's id"));
}

#[test]
fn who_is_told_is_named_by_variables_and_what_cannot_be_is_refused() {
    let page = include_str!("../../docs/notifications.md");
    let toml = page.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    let config = parse(&format!("{EXAMPLE}{}", toml.replace("test-io/", "sample/")), &[]).unwrap();
    let told = &config.notifications;
    assert_eq!((told.webhooks.len(), told.webhooks["chat"].occasions.len()), (2, 5));
    assert!(parse(EXAMPLE, &[]).unwrap().notifications.webhooks.is_empty());

    let with = |name: &str, keys: &str| {
        format!("{EXAMPLE}[notifications.webhooks.{name}]\nurl_variable = 'X'\n{keys}")
    };
    let cases = [
        (with("chat", "format = 'json'"), "secret_variable"),
        (with("chat", "format = 'slack'\nsecret_variable = 'Y'"), "Slack checks no signature"),
        (
            with("chat", "format = 'slack'\nenvironments = ['production']"),
            "expected <application>/<environment>",
        ),
        (with("chat", "format = 'slack'\noccasions = ['sometimes']"), "sometimes"),
        (with("Chat", "format = 'slack'"), "lower-case letters"),
        (
            with("chat", "format = 'slack'\nurl = 'https://x'"),
            "unknown key `notifications.webhooks.chat.url`",
        ),
        (format!("{EXAMPLE}[notifications]\ngive_up_after_seconds = 0"), "at least 1"),
    ];
    for (text, words) in cases {
        let refusal = refusal(&text);
        assert!(refusal.contains(words), "{words}: {refusal}");
    }
}

/// What is written down of the keys is what is read: renew with `UPDATE_GENERATED=1 cargo test -p lockstep --test config reference`.
#[test]
fn the_checked_in_reference_matches_the_types() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md");
    let expected = lockstep::config::reference();
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&file, &expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(found == expected, "docs/configuration.md has drifted: see the first lines of it\n{expected}");
}

#[test]
fn the_reference_has_every_key_of_the_example_with_its_default_and_meaning() {
    let page = lockstep::config::reference();
    let defaults = parse(EXAMPLE, &[]).unwrap().worker;
    for line in [
        "| `table` | text |  | The DynamoDB table's name. |".to_owned(),
        format!("| `poll_cap_seconds` | integer | `{}` |", defaults.poll_cap_seconds),
        "## `applications.<name>.environments.<name>.database`".to_owned(),
        "## `applications.<name>.environments.<name>.freeze[]`".to_owned(),
        "| `kind` | one of `staging`, `production` |".to_owned(),
        "| `commit_pointer` | text | optional |".to_owned(),
    ] {
        assert!(page.contains(&line), "{line}\n{page}");
    }
    let without_meaning: Vec<_> =
        page.lines().filter(|line| line.starts_with("| `") && line.ends_with("|  |")).collect();
    assert_eq!(without_meaning, Vec::<&str>::new());
}

/// Every TOML example in the documents is read as `lockstep` would read it.
#[test]
fn every_example_in_the_documents_is_valid() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut documents: Vec<_> =
        std::fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    documents.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    documents.sort();
    let mut examples = 0;
    for path in documents {
        let text = std::fs::read_to_string(&path).unwrap();
        for example in text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()) {
            examples += 1;
            let (whole, part) = (parse(example, &[]), parse(&format!("{}{example}", extended(example)), &[]));
            if let (Err(_), Err(problem)) = (whole, part) {
                panic!("{}: {problem}\n{example}", path.display());
            }
        }
    }
    assert!(examples > 0, "the documents have examples");
}

/// The README's example, as far as a part of a file does not replace it.
fn extended(part: &str) -> String {
    let readme = include_str!("../../README.md");
    let whole = readme.split("```toml").nth(1).unwrap().split("```").next().unwrap();
    let named: Vec<_> = part.lines().filter(|line| line.starts_with('[')).collect();
    let mut kept = true;
    let keep = |line: &&str| {
        if line.starts_with('[') {
            kept = !named.contains(line);
        }
        kept
    };
    whole.lines().filter(keep).map(|line| format!("{line}\n")).collect()
}
