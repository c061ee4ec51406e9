//! The page as a program meets it: what each address answers, what every answer says to a browser, and news.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a panic in a test is the report")]

use std::time::Duration;

use browser::Stage;
use reqwest::header::{CACHE_CONTROL, CONTENT_TYPE, HOST};
use reqwest::{Client, Method, Response, StatusCode};

async fn get(url: &str) -> Response {
    Client::new().get(url).send().await.unwrap()
}

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let stage = Stage::start().await;
    let healthy = format!("/deployments/{}", stage.seeds().healthy);
    for path in ["/", healthy.as_str(), "/nowhere", "/?state=sleeping", "/assets/page.css", "/deployments/1"]
    {
        let answer = get(&format!("{}{path}", stage.url())).await;
        let header =
            |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or("");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        let page = answer.text().await.unwrap();
        for bad in ["<style", " style=", "onclick", "javascript:", "<script>"] {
            assert!(!page.contains(bad), "{path} holds {bad}");
        }
    }
}

#[tokio::test]
async fn a_page_names_its_files_by_hash_and_they_may_be_kept() {
    let stage = Stage::start().await;
    let page = get(&stage.url()).await.text().await.unwrap();
    let paths: Vec<_> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(paths.len(), 3, "{paths:?}");
    assert_eq!(page.matches("integrity=\"sha256-").count(), 2);
    for path in paths {
        let answer = get(&format!("{}{path}", stage.url())).await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        assert!(answer.headers()[CACHE_CONTROL].to_str().unwrap().contains("immutable"));
        assert!(!answer.headers()[CONTENT_TYPE].to_str().unwrap().contains("html"));
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_known_is_said_with_its_status() {
    let stage = Stage::start().await;
    for (path, status, words) in [
        ("/deployments/1", StatusCode::NOT_FOUND, "No such deployment"),
        ("/deployments/01890a5d-ac96-774b-bcce-b302099a8057", StatusCode::NOT_FOUND, "No such deployment"),
        ("/elsewhere", StatusCode::NOT_FOUND, "nothing at this address"),
        ("/?state=%3Cb%3E", StatusCode::BAD_REQUEST, "There is no state “&lt;b&gt;”"),
        ("/?environment=stagin", StatusCode::BAD_REQUEST, "only: staging, production"),
    ] {
        let answer = get(&format!("{}{path}", stage.url())).await;
        assert_eq!(answer.status(), status, "{path}");
        let page = answer.text().await.unwrap();
        assert!(page.contains(words), "{path}: {page}");
    }
}

#[tokio::test]
async fn nothing_is_changed_by_it_and_no_other_name_is_answered() {
    let stage = Stage::start().await;
    let client = Client::new();
    for method in [Method::POST, Method::PUT, Method::DELETE, Method::PATCH] {
        let answer = client.request(method.clone(), stage.url()).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    assert_eq!(client.head(stage.url()).send().await.unwrap().status(), StatusCode::OK);
    let answer = client.get(stage.url()).header(HOST, "evil.test").send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST);
    assert!(!answer.text().await.unwrap().contains("staging"));
}

#[tokio::test]
async fn what_came_from_outside_stays_text() {
    let stage = Stage::start().await;
    let page = get(&format!("{}/deployments/{}", stage.url(), stage.seeds().rolled_back))
        .await
        .text()
        .await
        .unwrap();
    assert!(page.contains("&lt;script&gt;document.title="), "{page}");
    assert!(!page.contains("<script>document"));
}

#[tokio::test]
async fn news_is_a_mark_for_each_change_until_the_end() {
    let mut stage = Stage::start().await;
    let id = stage.seeds().under_way;
    let mut deployment = get(&format!("{}/live?deployment={id}", stage.url())).await;
    let mut overview = get(&format!("{}/live", stage.url())).await;
    assert_eq!(deployment.headers()[CONTENT_TYPE], "text/event-stream");
    let first = next_mark(&mut deployment).await;
    assert!(first.parse::<u64>().is_ok(), "{first}");
    let whole = next_mark(&mut overview).await;
    let page = get(&stage.url()).await.text().await.unwrap();
    assert!(page.contains(&format!("data-mark=\"{whole}\"")), "a page carries the mark of what it shows");

    stage.advance().await;
    let second = next_mark(&mut deployment).await;
    assert!(second.parse::<u64>().unwrap() > first.parse().unwrap(), "{first} {second}");
    assert_ne!(next_mark(&mut overview).await, whole);
    assert_eq!(stage.advance().await, "healthy");
    assert_eq!(next_mark(&mut deployment).await, "ended");
    let page = get(&format!("{}/deployments/{id}", stage.url())).await.text().await.unwrap();
    assert!(!page.contains("data-live"), "what has ended has no news");
}

/// The data of the next event; each is a mark.
async fn next_mark(news: &mut Response) -> String {
    let mut seen = String::new();
    let mark = async {
        loop {
            let chunk = news.chunk().await.unwrap().expect("the news go on");
            seen.push_str(std::str::from_utf8(&chunk).unwrap());
            if let Some(event) = seen.split("\n\n").find(|event| event.contains("data:")) {
                assert!(event.starts_with("event: mark"), "{event}");
                return event.split("data: ").nth(1).unwrap().trim().to_owned();
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), mark).await.expect("a mark comes in time")
}
