//! The news as a message of Slack's (and of what takes Slack's format, such as Mattermost). Pure. What comes from
//! outside is text: it can start no link, no mention and no formatting.

use serde_json::{Value, json};

use super::News;
use crate::config::Occasion;

/// As much of a summary as is shown, in characters: Slack takes 3,000 in a section, and a chat is read at a glance.
const LONGEST_SUMMARY: usize = 1000;

/// The message. `text` is what a notification shows, and what a receiver that knows no blocks falls back to.
pub(super) fn message(news: &News) -> Value {
    let what = news.beta.as_deref().unwrap_or(&news.target);
    let heading = format!(
        "{} {} of {}: {} {}",
        sign(news.occasion),
        escape(news.environment.as_str()),
        escape(news.application.as_str()),
        escape(what),
        verb(news.occasion),
    );
    let summary: String = news.summary.chars().take(LONGEST_SUMMARY).collect();
    let links = [("release", &news.release_url), ("build", &news.build_url)];
    let links = links.iter().filter_map(|(name, url)| url.as_ref().map(|url| (name, url)));
    let links: String = links.map(|(name, url)| format!(" · <{}|{name}>", escape(url))).collect();
    let mut lines = vec![heading.clone()];
    if !summary.is_empty() {
        lines.push(escape(&summary));
    }
    if news.operator_needed {
        lines.push("*Somebody has to look at it.*".to_owned());
    }
    let by = format!("by {} · deployment {}{links}", escape(&news.actor), news.deployment);
    json!({
        "text": heading,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": lines.join("\n")}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": by}]},
        ],
    })
}

fn sign(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Started => ":rocket:",
        Occasion::Healthy => ":white_check_mark:",
        Occasion::RollingBack | Occasion::RolledBack => ":rewind:",
        Occasion::Failed => ":x:",
        Occasion::Rejected | Occasion::ApprovalMissing | Occasion::Cancelled => ":no_entry_sign:",
        Occasion::LockHeldTooLong => ":hourglass:",
    }
}

fn verb(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Started => "is being deployed",
        Occasion::Healthy => "is healthy",
        Occasion::RollingBack => "failed and is being rolled back",
        Occasion::RolledBack => "was rolled back",
        Occasion::Failed => "failed",
        Occasion::Rejected => "was rejected",
        Occasion::ApprovalMissing => "was rejected: not approved",
        Occasion::Cancelled => "was cancelled",
        Occasion::LockHeldTooLong => "takes too long",
    }
}

/// Slack's own escaping (its reference, “Formatting text for app surfaces”, “Escaping text”): these three and no other.
/// Then the characters that format: an invisible word joiner after each keeps them text.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '*' | '~' | '`' => escaped.extend([c, '\u{2060}']),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn news() -> News {
        News {
            kind: "deployment",
            id: "01890a5d-ac96-774b-bcce-b302099a8057/9".to_owned(),
            occasion: Occasion::RolledBack,
            at: "2026-11-23T09:30:00Z".parse().unwrap(),
            application: "shop".parse().unwrap(),
            environment: "production".parse().unwrap(),
            deployment: "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap(),
            seq: Some(9),
            target: "0.2.0-abcdef0.beta".to_owned(),
            beta: None,
            version: None,
            digest: None,
            actor: "alice".to_owned(),
            state: "rolled-back".to_owned(),
            summary: "the tasks exited with 1. Runs 0.1.0 again".to_owned(),
            operator_needed: false,
            build_url: None,
            release_url: Some("https://example.com/r?a=1&b=2".to_owned()),
        }
    }

    fn section(news: &News) -> String {
        message(news)["blocks"][0]["text"]["text"].as_str().unwrap().to_owned()
    }

    #[test]
    fn it_says_where_what_and_why_at_a_glance() {
        let message = message(&news());
        assert_eq!(message["text"], ":rewind: production of shop: 0.2.0-abcdef0.beta was rolled back");
        let section = section(&news());
        assert_eq!(section.lines().nth(1), Some("the tasks exited with 1. Runs 0.1.0 again"));
        assert_eq!(section.lines().count(), 2, "{section}");
        let context = message["blocks"][1]["elements"][0]["text"].as_str().unwrap();
        assert!(context.contains("by alice"), "{context}");
        assert!(context.contains("<https://example.com/r?a=1&amp;b=2|release>"), "{context}");
    }

    #[test]
    fn what_comes_from_outside_is_text() {
        let loud = News {
            summary: "<!channel> *look* <https://evil.example|here> a & b\nnext".to_owned(),
            actor: "<@U1>".to_owned(),
            ..news()
        };
        let section = section(&loud);
        assert!(
            section.contains(
                "&lt;!channel&gt; *\u{2060}look*\u{2060} &lt;https://evil.example|here&gt; a &amp; b next"
            ),
            "{section}"
        );
        let all = message(&loud).to_string();
        assert!(!all.contains("<!channel>") && !all.contains("<@U1>"), "{all}");
    }

    #[test]
    fn somebody_who_has_to_look_is_told_so_and_a_long_story_is_cut() {
        let news = News { operator_needed: true, summary: "x".repeat(5000), ..news() };
        let section = section(&news);
        assert!(section.ends_with("*Somebody has to look at it.*"), "{section}");
        assert!(section.len() < 1200, "{}", section.len());
    }
}
