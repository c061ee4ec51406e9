//! From the model to markup. maud escapes every text that is put in; what is markup is written here, and only here. Must
//! never use `PreEscaped`, inline style or inline script, of which the policy lets none through.

mod course;
mod deployment;
mod overview;
mod parts;
mod picture;
mod report;

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::assets::Assets;
use super::model::{Found, Overview};

/// What makes a page live.
struct Live<'a> {
    /// Where its news come from.
    news_at: String,
    /// Its mark.
    mark: &'a str,
}

/// A page's frame.
struct Frame<'a> {
    title: &'a str,
    /// What is said to somebody who cannot see that the page has changed.
    news: &'a str,
    now: Option<Timestamp>,
    live: Option<Live<'a>>,
}

/// The first page.
pub(super) fn overview(assets: &Assets, overview: &Overview) -> Markup {
    let live = Live { news_at: "/live".to_owned(), mark: &overview.mark };
    let news = overview::in_one_line(overview);
    let frame = Frame { title: "Environments", news: &news, now: Some(overview.now), live: Some(live) };
    page(assets, &frame, &overview::body(overview))
}

/// A deployment's page.
pub(super) fn deployment(assets: &Assets, found: &Found) -> Markup {
    match found {
        Found::Readable(found) => {
            let (title, news) = (deployment::title(found), deployment::news(found));
            let under_way = found.timeline.end.is_none();
            let news_at = format!("/live?deployment={}", found.timeline.id);
            let live = under_way.then_some(Live { news_at, mark: &found.mark });
            let frame = Frame { title: &title, news: &news, now: Some(found.now), live };
            page(assets, &frame, &deployment::body(found))
        }
        Found::Unreadable { id, items, why } => {
            let title = format!("Deployment {id}");
            let frame = Frame { title: &title, news: "", now: None, live: None };
            page(assets, &frame, &deployment::unreadable(&title, items, why))
        }
    }
}

/// A page that says what is wrong.
pub(super) fn trouble(assets: &Assets, title: &str, words: &str) -> Markup {
    let frame = Frame { title, news: "", now: None, live: None };
    let body = html! {
        h1 { (title) }
        p { (words) }
        p { a href="/" { "All environments" } }
    };
    page(assets, &frame, &body)
}

fn page(assets: &Assets, frame: &Frame<'_>, body: &Markup) -> Markup {
    let live = frame.live.as_ref();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (frame.title) " · Lockstep" }
                link rel="icon" href=(assets.icon.path) type="image/svg+xml";
                link rel="stylesheet" href=(assets.style.path) integrity=(assets.style.integrity);
                @if live.is_some() {
                    script src=(assets.script.path) integrity=(assets.script.integrity) defer {}
                }
            }
            body data-live=[live.map(|live| &live.news_at)] data-mark=[live.map(|live| live.mark)]
                data-now=[frame.now.map(|now| now.to_string())] data-news=(frame.news) {
                a.skip href="#content" { "Skip to the content" }
                header {
                    nav aria-label="Site" { a.home href="/" { "Lockstep" } }
                    p #status role="status" {
                        @if live.is_some() {
                            noscript { "Without JavaScript this page shows what was so when it was loaded: load it again for news." }
                        }
                    }
                }
                main #content tabindex="-1" { (body) }
                footer #live-footer data-part {
                    p {
                        "This page changes nothing. Times are UTC."
                        @if let Some(now) = frame.now { " Read at " (parts::time(now)) "." }
                    }
                }
            }
        }
    }
}
