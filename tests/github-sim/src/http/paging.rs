//! Pages of lists and the `Link` header between them (GitHub documentation, "Using pagination").
//!
//! A page beyond the last is empty, not an error.

use axum::http::Uri;
use serde::Deserialize;

const DEFAULT_SIZE: usize = 30;
const LARGEST_SIZE: usize = 100;

/// Which page a client asks for.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct PageQuery {
    per_page: Option<usize>,
    page: Option<usize>,
}

impl PageQuery {
    /// The items of the page and its `Link` header, which is missing when one page holds everything.
    pub(super) fn cut<T>(self, items: Vec<T>, base: &str, uri: &Uri) -> (Vec<T>, Option<String>) {
        self.cut_by(DEFAULT_SIZE, LARGEST_SIZE, items, base, uri)
    }

    /// As [`PageQuery::cut`] for a list with sizes of its own.
    pub(super) fn cut_by<T>(
        self,
        default: usize,
        largest: usize,
        items: Vec<T>,
        base: &str,
        uri: &Uri,
    ) -> (Vec<T>, Option<String>) {
        let size = self.per_page.unwrap_or(default).clamp(1, largest);
        let page = self.page.unwrap_or(1).max(1);
        let last = items.len().div_ceil(size).max(1);
        let link = (last > 1).then(|| links(page, last, base, uri));
        let items = items.into_iter().skip((page - 1).saturating_mul(size)).take(size).collect();
        (items, link)
    }
}

fn links(page: usize, last: usize, base: &str, uri: &Uri) -> String {
    let others: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty() && *pair != "page" && !pair.starts_with("page="))
        .collect();
    let to = |number: usize, relation: &str| {
        let query: String = others.iter().map(|pair| format!("{pair}&")).collect();
        format!("<{base}{}?{query}page={number}>; rel=\"{relation}\"", uri.path())
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(to((page - 1).min(last), "prev"));
    }
    if page < last {
        links.push(to(page + 1, "next"));
        links.push(to(last, "last"));
    }
    if page > 1 {
        links.push(to(1, "first"));
    }
    links.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(uri: &'static str, query: PageQuery, count: u32) -> (Vec<u32>, Option<String>) {
        query.cut((0..count).collect(), "http://h", &Uri::from_static(uri))
    }

    #[test]
    fn a_middle_page_links_everywhere() {
        let query = PageQuery { per_page: Some(2), page: Some(2) };
        let (items, link) = cut("/x?per_page=2&page=2&a=b", query, 5);
        assert_eq!(items, [2, 3]);
        let expected = [
            "<http://h/x?per_page=2&a=b&page=1>; rel=\"prev\"",
            "<http://h/x?per_page=2&a=b&page=3>; rel=\"next\"",
            "<http://h/x?per_page=2&a=b&page=3>; rel=\"last\"",
            "<http://h/x?per_page=2&a=b&page=1>; rel=\"first\"",
        ];
        assert_eq!(link.unwrap(), expected.join(", "));
    }

    #[test]
    fn one_page_has_no_links_and_sizes_are_bounded() {
        assert_eq!(cut("/x", PageQuery::default(), 30).1, None);
        assert_eq!(cut("/x", PageQuery::default(), 31).0.len(), 30);
        assert_eq!(cut("/x", PageQuery { per_page: Some(1000), page: None }, 150).0.len(), 100);
        assert!(cut("/x", PageQuery { per_page: None, page: Some(9) }, 31).0.is_empty());
    }
}
