//! Addresses on the page. Must never make a link of text from elsewhere unless it is an address of the web: what a
//! record holds may have been written by anybody whom an adapter asked.

use lockstep_events::CommitSha;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::place::Place;
use crate::config::GitHubConfig;

/// The text itself if it can be a link: http or https, without blanks or control characters.
pub(super) fn web(text: &str) -> Option<&str> {
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    (is_web && text.chars().all(|c| c.is_ascii_graphic())).then_some(text)
}

/// Where people look at a repository. GitHub's API is at a host of its own, GitHub Enterprise Server's below `/api/v3`
/// of the host that people use ("Getting started with the REST API"); of any other address nothing can be told.
pub(super) fn repository(github: &GitHubConfig) -> Option<String> {
    let api = github.api_url.trim_end_matches('/');
    let host = match api {
        "https://api.github.com" => "https://github.com",
        enterprise => enterprise.strip_suffix("/api/v3")?,
    };
    web(host).map(|host| format!("{host}/{}/{}", encoded(&github.owner), encoded(&github.repository)))
}

/// A commit's page.
pub(super) fn commit(place: &Place, commit: &CommitSha) -> Option<String> {
    place.repository.as_ref().map(|repository| format!("{repository}/commit/{commit}"))
}

/// The service's logs in the ECS console; `None` where the task definition's ARN does not tell a region of the public
/// partition (the others have other consoles).
pub(super) fn logs(place: &Place, task_definition: &str) -> Option<String> {
    let region = task_definition.strip_prefix("arn:aws:ecs:")?.split(':').next()?;
    let is_region = !region.is_empty() && region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_region.then(|| {
        format!(
            "https://{region}.console.aws.amazon.com/ecs/v2/clusters/{}/services/{}/logs?region={region}",
            encoded(&place.cluster),
            encoded(&place.service)
        )
    })
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string().replace("%2D", "-").replace("%2E", ".")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Kind;

    fn github(api_url: &str) -> GitHubConfig {
        GitHubConfig {
            api_url: api_url.to_owned(),
            owner: "own\"er".to_owned(),
            repository: "re.po-x".to_owned(),
            app_id: None,
            credential_variable: "V".to_owned(),
            version_file: "f".to_owned(),
            version_key: "k".to_owned(),
            build_workflow: "w".to_owned(),
            required_checks: Vec::new(),
        }
    }

    fn place() -> Place {
        Place {
            application: "shop".parse().unwrap(),
            environment: "production".parse().unwrap(),
            kind: Kind::Production,
            cluster: "main".to_owned(),
            service: "shop/web".to_owned(),
            repository: repository(&github("https://api.github.com/")),
        }
    }

    #[test]
    fn only_addresses_of_the_web_are_links() {
        assert_eq!(web("https://example.test/a?b#c"), Some("https://example.test/a?b#c"));
        assert_eq!(web("http://127.0.0.1:1/x"), Some("http://127.0.0.1:1/x"));
        for bad in [
            "javascript:alert(1)",
            "JAVASCRIPT:x",
            "data:text/html,x",
            "//x",
            "https://a b",
            "https://a\n",
            "",
        ] {
            assert_eq!(web(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_commit_is_looked_at_where_people_look() {
        let sha: CommitSha = "abcdef0123456789abcdef0123456789abcdef01".parse().unwrap();
        assert_eq!(
            commit(&place(), &sha).unwrap(),
            format!("https://github.com/own%22er/re.po-x/commit/{sha}")
        );
        let enterprise = repository(&github("https://git.example.test/api/v3")).unwrap();
        assert_eq!(enterprise, "https://git.example.test/own%22er/re.po-x");
        assert_eq!(repository(&github("http://127.0.0.1:4000")), None);
        assert_eq!(repository(&github("javascript:/api/v3")), None);
    }

    #[test]
    fn logs_are_linked_where_the_region_is_known() {
        let arn = "arn:aws:ecs:eu-west-1:111122223333:task-definition/shop:7";
        let expected = "https://eu-west-1.console.aws.amazon.com/ecs/v2/clusters/main/services/shop%2Fweb/logs?region=eu-west-1";
        assert_eq!(logs(&place(), arn).as_deref(), Some(expected));
        for bad in
            ["shop:7", "arn:aws-cn:ecs:cn-north-1:1:x", "arn:aws:ecs:evil.test/:1:x", "arn:aws:ecs::1:x"]
        {
            assert_eq!(logs(&place(), bad), None, "{bad}");
        }
    }
}
