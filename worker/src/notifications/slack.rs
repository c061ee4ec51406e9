//! The news as a message of Slack's (and of what takes Slack's format, such as Mattermost). Pure. What comes from
//! outside is text: it can start no link, no mention and no formatting.

use serde_json::{Value, json};

use super::News;
use crate::config::Occasion;

/// As much of a summary as is shown, in characters as sent: Slack takes 3,000 in a section, and a chat is read at a glance.
const LONGEST_SUMMARY: usize = 1000;

/// As much of a name, a ref or an address.
const LONGEST_NAME: usize = 200;

/// The message. `text` is what a notification shows, and what a receiver that knows no blocks falls back to.
pub(super) fn message(news: &News) -> Value {
    let what = news.beta.as_deref().unwrap_or(&news.target);
    let heading = format!(
        "{} {} of {}: {} {}",
        sign(news.occasion),
        name(news.environment.as_str()),
        name(news.application.as_str()),
        name(what),
        verb(news.occasion),
    );
    let links = [("release", &news.release_url), ("build", &news.build_url)];
    let links = links.iter().filter_map(|(name, url)| url.as_ref().map(|url| (name, url)));
    let links: String = links.map(|(name, url)| format!(" · <{}|{name}>", address(url))).collect();
    let mut lines = vec![heading.clone()];
    if !news.summary.is_empty() {
        lines.push(text(&news.summary, LONGEST_SUMMARY));
    }
    if news.operator_needed {
        lines.push("*Somebody has to look at it.*".to_owned());
    }
    let by = format!("by {} · deployment {}{links}", name(&news.actor), news.deployment);
    json!({
        "text": heading,
        "blocks": [
            {"type": "section", "text": {"type": "mrkdwn", "text": lines.join("\n"), "verbatim": true}},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": by, "verbatim": true}]},
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

fn name(raw: &str) -> String {
    text(raw, LONGEST_NAME)
}

/// Where a link goes: only what Slack's own syntax would end it with is replaced.
fn address(url: &str) -> String {
    let escaped = url.replace('&', "&amp;").replace('<', "%3C").replace('>', "%3E").replace('|', "%7C");
    escaped.chars().filter(|c| !c.is_control()).collect()
}

/// Text from outside, at most so long as it is sent. First Slack's own escaping (its reference, “Formatting text for app surfaces”,
/// “Escaping text”): these three and no other. Then an invisible word joiner after whatever formats, mentions or begins a link
/// there or in Markdown (Mattermost), which keeps it text.
fn text(raw: &str, longest: usize) -> String {
    let mut shown = String::with_capacity(raw.len().min(longest));
    let mut left = longest;
    for c in raw.chars() {
        let mut piece = match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        };
        if matches!(c, '*' | '~' | '`' | '_' | '@' | '#' | ':' | '[' | ']') {
            piece.push('\u{2060}');
        }
        let Some(rest) = left.checked_sub(piece.chars().count()) else {
            shown.push('…');
            break;
        };
        left = rest;
        shown.push_str(&piece);
    }
    shown
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
                "&lt;!channel&gt; *\u{2060}look*\u{2060} &lt;https:\u{2060}//evil.example|here&gt; a &amp; b next"
            ),
            "{section}"
        );
        let all = message(&loud).to_string();
        assert!(!all.contains("<!channel>") && !all.contains("<@U1>"), "{all}");
    }

    #[test]
    fn nor_is_there_a_mention_a_link_or_markdown_of_mattermost_s() {
        let loud = News {
            target: "@channel".to_owned(),
            summary: "_see_ https://evil.example [here](https://evil.example) @all".to_owned(),
            ..news()
        };
        let all = message(&loud);
        for part in ["@channel", "@all", "https://evil", "](", "_see_"] {
            assert!(!all.to_string().contains(part), "{part}: {all}");
        }
        assert_eq!(all["blocks"][0]["text"]["verbatim"], true, "Slack links nothing by itself");
    }

    #[test]
    fn no_text_makes_a_part_longer_than_slack_takes() {
        let long = "&@".repeat(5000);
        let news = News {
            actor: long.clone(),
            target: long.clone(),
            summary: long,
            operator_needed: true,
            ..news()
        };
        let all = message(&news);
        for part in
            [&all["text"], &all["blocks"][0]["text"]["text"], &all["blocks"][1]["elements"][0]["text"]]
        {
            let length = part.as_str().unwrap().chars().count();
            assert!(length < 2000, "{length}");
        }
        assert!(section(&news).contains('…'));
    }

    #[test]
    fn somebody_who_has_to_look_is_told_so_and_a_long_story_is_cut() {
        let news = News { operator_needed: true, summary: "x".repeat(5000), ..news() };
        let section = section(&news);
        assert!(section.ends_with("*Somebody has to look at it.*"), "{section}");
        assert!(section.len() < 1200, "{}", section.len());
    }
}
