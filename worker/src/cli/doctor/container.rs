//! The container that is deployed: is it in the task definition that runs, of the configured image, and does it get
//! the variables that it needs. Names of variables only, never a value.

use super::check::Check::{
    ContainerEnvironment, ContainerFound, ContainerImage, ContainerReadOnly, ContainerSecrets,
};
use super::finding::Finding;
use crate::config::EnvironmentConfig;
use crate::ports::Answer;
use crate::ports::setup::ContainerSetup;

/// What the configuration says of it.
pub(super) struct Wanted<'a> {
    pub(super) environment: &'a EnvironmentConfig,
    /// The image repository, `host/name`.
    pub(super) repository: &'a str,
    /// The task definition that was looked at.
    pub(super) definition: &'a str,
}

/// Judges the containers of a task definition; `health` says what it means that ours has a health check, or none.
pub(super) fn judge(
    answer: &Answer<Option<Vec<ContainerSetup>>>,
    wanted: &Wanted<'_>,
    health: impl Fn(bool) -> Finding,
) -> Vec<Finding> {
    let (name, definition) = (&wanted.environment.container, wanted.definition);
    let containers = match answer {
        Ok(Some(containers)) => containers,
        Ok(None) => {
            let seen = format!("ECS does not know {definition}, which the service runs");
            let remedy = "register it again and update the service";
            return vec![Finding::problem(ContainerFound, seen, remedy)];
        }
        Err(fault) => return vec![Finding::blocked(ContainerFound, fault)],
    };
    let Some(ours) = containers.iter().find(|container| &container.name == name) else {
        let names: Vec<_> = containers.iter().map(|container| container.name.as_str()).collect();
        let seen = format!("{definition} has no container {name}, only: {}", names.join(", "));
        let remedy = "correct `container` in the configuration, or name the container so";
        return vec![Finding::problem(ContainerFound, seen, remedy)];
    };
    vec![
        Finding::ok(ContainerFound, format!("{name} of {definition}")),
        judge_image(containers, ours, wanted.repository),
        judge_environment(ours, &wanted.environment.required_environment),
        judge_secrets(ours, &wanted.environment.required_secrets),
        Finding::preferably(
            ours.read_only_root,
            ContainerReadOnly,
            if ours.read_only_root {
                "its root file system is read-only"
            } else {
                "its root file system can be written to"
            },
            "set readonlyRootFilesystem, with a volume for what the application has to write",
        ),
        health(ours.health_check),
    ]
}

fn judge_image(containers: &[ContainerSetup], ours: &ContainerSetup, repository: &str) -> Finding {
    let same = |container: &&ContainerSetup| is_of(&container.image, repository);
    let others = containers.iter().filter(|container| container.name != ours.name).filter(same);
    let others: Vec<_> = others.map(|container| container.name.as_str()).collect();
    if !others.is_empty() {
        return Finding::problem(
            ContainerImage,
            format!("of {repository} too: {}", others.join(", ")),
            "give them images of another repository: their digests could not be told from the deployed one's",
        );
    }
    // The first deployment replaces it.
    Finding::preferably(
        is_of(&ours.image, repository),
        ContainerImage,
        ours.image.as_str(),
        "another repository than `registry.repository`: the first deployment replaces it; check that this is the right service",
    )
}

/// Whether an image is of this repository; Docker Hub's goes by several names.
fn is_of(image: &str, repository: &str) -> bool {
    let name = image.split('@').next().unwrap_or_default();
    // A colon after the last slash begins a tag; before it, a port.
    let name = match name.rsplit_once(':') {
        Some((before, tag)) if !tag.contains('/') => before,
        _ => name,
    };
    plain(name) == plain(repository)
}

fn plain(repository: &str) -> &str {
    let prefixes = ["docker.io/", "index.docker.io/", "registry-1.docker.io/"];
    let bare = prefixes.iter().find_map(|prefix| repository.strip_prefix(prefix)).unwrap_or(repository);
    bare.strip_prefix("library/").unwrap_or(bare)
}

fn judge_environment(ours: &ContainerSetup, required: &[String]) -> Finding {
    let has = |name: &String| ours.environment.contains(name) || ours.secrets.contains(name);
    judge_names(ContainerEnvironment, "required_environment", required, has, "give each a value")
}

fn judge_secrets(ours: &ContainerSetup, required: &[String]) -> Finding {
    // One that is in both lists is refused by ECS; one that is a plain value can be read by whoever sees the definition.
    let has = |name: &String| ours.secrets.contains(name);
    judge_names(
        ContainerSecrets,
        "required_secrets",
        required,
        has,
        "give each to it as a secret, not as a plain value",
    )
}

fn judge_names(
    check: super::check::Check,
    key: &str,
    required: &[String],
    has: impl Fn(&String) -> bool,
    remedy: &str,
) -> Finding {
    let missing: Vec<_> = required.iter().filter(|name| !has(name)).map(String::as_str).collect();
    if required.is_empty() {
        Finding::ok(check, format!("{key} in the configuration names none"))
    } else if missing.is_empty() {
        Finding::ok(check, format!("it has all of {key}: {}", required.join(", ")))
    } else {
        let seen = format!("it lacks, of {key}: {}", missing.join(", "));
        Finding::problem(check, seen, format!("{remedy} in the task definition that the service runs"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::finding::Outcome::{self, Ok, Problem, Warning};
    use super::*;
    use crate::config::Config;

    fn environment() -> EnvironmentConfig {
        let text = r#"
            table = "t"
            queue = { url = "q", dead_letter_url = "d" }
            [applications.shop]
            github = { owner = "o", repository = "r", version_file = "f", build_workflow = "w" }
            registry = { repository = "host:5000/r" }
            [applications.shop.environments.staging]
            kind = "staging"
            cluster = "c"
            service = "s"
            container = "app"
            required_environment = ["DATABASE_URL", "API_KEY"]
            required_secrets = ["API_KEY"]
            readiness = { url = "http://127.0.0.1/" }
        "#;
        let mut config = Config::parse(text, Path::new("test.toml"), std::iter::empty()).unwrap();
        config.applications.remove("shop").unwrap().environments.remove("staging").unwrap()
    }

    fn good() -> ContainerSetup {
        ContainerSetup {
            name: "app".into(),
            image: "host:5000/r:1.0.0".into(),
            environment: ["DATABASE_URL".to_owned()].into(),
            secrets: ["API_KEY".to_owned()].into(),
            read_only_root: true,
            health_check: true,
        }
    }

    fn outcomes(containers: Vec<ContainerSetup>) -> Vec<Outcome> {
        let environment = environment();
        let wanted = Wanted { environment: &environment, repository: "host:5000/r", definition: "arn:app:1" };
        let health = |check| Finding::preferably(check, ContainerFound, "health", "check it");
        let findings = judge(&Answer::Ok(Some(containers)), &wanted, health);
        findings.iter().map(|finding| finding.outcome).collect()
    }

    #[test]
    fn a_container_that_fits_and_each_that_does_not() {
        // Found, image, environment, secrets, read-only, health.
        assert_eq!(outcomes(vec![good()]), [Ok; 6]);
        assert_eq!(outcomes(vec![]), [Problem]);
        assert_eq!(outcomes(vec![ContainerSetup { name: "web".into(), ..good() }]), [Problem]);
        let image = ContainerSetup { image: "nginx:1".into(), ..good() };
        assert_eq!(outcomes(vec![image]), [Ok, Warning, Ok, Ok, Ok, Ok]);
        let twin = ContainerSetup { name: "twin".into(), ..good() };
        assert_eq!(outcomes(vec![good(), twin]), [Ok, Problem, Ok, Ok, Ok, Ok]);
        let bare = ContainerSetup { environment: [].into(), ..good() };
        assert_eq!(outcomes(vec![bare]), [Ok, Ok, Problem, Ok, Ok, Ok]);
        let plain = ContainerSetup {
            environment: ["DATABASE_URL".to_owned(), "API_KEY".to_owned()].into(),
            secrets: [].into(),
            ..good()
        };
        assert_eq!(outcomes(vec![plain]), [Ok, Ok, Ok, Problem, Ok, Ok]);
        let writable = ContainerSetup { read_only_root: false, health_check: false, ..good() };
        assert_eq!(outcomes(vec![writable]), [Ok, Ok, Ok, Ok, Warning, Warning]);
    }

    #[test]
    fn a_repository_is_told_from_its_tag_digest_and_port() {
        for image in ["host:5000/r", "host:5000/r:1", "host:5000/r@sha256:0", "host:5000/r:1@sha256:0"] {
            assert!(is_of(image, "host:5000/r"), "{image}");
        }
        assert!(is_of("acme/app:1", "docker.io/acme/app"));
        assert!(is_of("docker.io/library/nginx", "nginx"));
        assert!(!is_of("host:5000/r2:1", "host:5000/r"));
        assert!(!is_of("host:5001/r:1", "host:5000/r"));
    }
}
