//! Small pieces that several pages share. What a colour says is always said in words too.

use jiff::Timestamp;
use lockstep_events::{DeploymentId, ImageDigest};
use maud::{Markup, html};

use super::super::links;
use crate::timeline::span;

/// A moment, as people read it and as machines do.
pub(super) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at) { (at.strftime("%F %T")) } }
}

/// How long ago something began; the script keeps it right.
pub(super) fn since(at: Timestamp, now: Timestamp) -> Markup {
    let at = at.min(now);
    html! { span data-since=(at) { (span(now.duration_since(at))) } }
}

/// A state as a badge: its phase chooses the look, and is the word.
pub(super) fn badge(state: &str) -> Markup {
    let phase = state.split('/').next().unwrap_or(state);
    let look = match phase {
        "healthy" => "good",
        "rolled-back" | "rolling-back" => "warn",
        "failed" => "bad",
        "rejected" | "cancelled" => "still",
        _ => "busy",
    };
    html! { span.badge.(look) { (phase) } }
}

/// A digest: all of it, since it is what is compared.
pub(super) fn digest(digest: &ImageDigest) -> Markup {
    html! { code.digest { (digest) } }
}

/// A text that is a link if it can be one.
pub(super) fn maybe_link(text: &str) -> Markup {
    html! {
        @match links::web(text) {
            Some(address) => a href=(address) rel="noreferrer" { (text) },
            None => (text),
        }
    }
}

/// A text that leads to this address, if there is one.
pub(super) fn linked(address: Option<&str>, text: &Markup) -> Markup {
    html! {
        @match address {
            Some(address) => a href=(address) rel="noreferrer" { (text) },
            None => (text),
        }
    }
}

/// A deployment's page's address.
pub(super) fn address(id: DeploymentId) -> String {
    format!("/deployments/{id}")
}

/// A link to a deployment, by the end of its id: the beginning is its time, which its neighbours share.
pub(super) fn deployment(id: DeploymentId) -> Markup {
    let text = id.to_string();
    let short = text.rsplit('-').next().unwrap_or(&text);
    html! { a href=(address(id)) { "deployment " code { "…" (short) } } }
}

/// `family:revision` of a task definition's ARN, with the whole at hand.
pub(super) fn task_definition(arn: &str) -> Markup {
    let short = arn.rsplit('/').next().unwrap_or(arn);
    html! { code title=(arn) { (short) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        let evil = "<script>alert(1)</script>\"'&";
        let page = html! { (maybe_link(evil)) (badge(evil)) (task_definition(evil)) }.into_string();
        assert!(!page.contains("<script>") && page.contains("&lt;script&gt;"), "{page}");
        assert!(!page.contains("alert(1)</script>\"'"), "{page}");
        assert!(!maybe_link("javascript:alert(1)").into_string().contains("href"));
        assert!(maybe_link("https://example.test/").into_string().contains("href=\"https://example.test/\""));
    }

    #[test]
    fn a_clock_that_runs_ahead_makes_no_negative_time() {
        let (early, late) =
            ("2026-11-24T00:00:00Z".parse().unwrap(), "2026-11-24T00:01:05Z".parse().unwrap());
        assert!(since(early, late).into_string().contains(">1 min 5 s<"));
        assert!(since(late, early).into_string().contains(">0 s<"));
    }
}
