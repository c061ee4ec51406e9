//! Pages of a list: `maxResults` and `nextToken`.
//!
//! The token is the key of the last item given; a list that changes between two pages neither repeats nor skips
//! the items that stay.

use serde_json::{Map, Value, json};

use crate::model::ApiError;

/// How one action pages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paging {
    /// Page size when the caller names none.
    pub(crate) default: usize,
    /// The largest that may be asked for.
    pub(crate) most: usize,
    /// Highest key first.
    pub(crate) descending: bool,
}

/// Cuts a page out of (key, item) pairs in any order; `member` is the list's name in the response.
///
/// # Errors
/// `InvalidParameterException` for a page size out of range.
pub(crate) fn page(
    paging: Paging,
    member: &str,
    mut items: Vec<(String, Value)>,
    max_results: Option<i64>,
    token: Option<&str>,
) -> Result<Value, ApiError> {
    let size = match max_results {
        None => paging.default,
        Some(wanted) => usize::try_from(wanted)
            .ok()
            .filter(|wanted| (1..=paging.most).contains(wanted))
            .ok_or_else(|| ApiError::invalid(format!("maxResults must be between 1 and {}.", paging.most)))?,
    };
    items.sort_by(|a, b| if paging.descending { b.0.cmp(&a.0) } else { a.0.cmp(&b.0) });
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        items.retain(|(key, _)| if paging.descending { key.as_str() < token } else { key.as_str() > token });
    }
    let mut response = Map::new();
    if items.len() > size {
        items.truncate(size);
        if let Some((last, _)) = items.last() {
            response.insert("nextToken".to_owned(), json!(last));
        }
    }
    response.insert(member.to_owned(), items.into_iter().map(|(_, item)| item).collect());
    Ok(Value::Object(response))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Paging, page};

    const PAGING: Paging = Paging { default: 10, most: 100, descending: true };

    fn items(numbers: &[u32]) -> Vec<(String, Value)> {
        numbers.iter().map(|number| (format!("{number:05}"), json!(number))).collect()
    }

    #[test]
    fn pages_follow_each_other_even_when_items_come_and_go() {
        let first = page(PAGING, "list", items(&[1, 2, 3, 4]), Some(2), None).unwrap();
        assert_eq!(first["list"], json!([4, 3]));
        let token = first["nextToken"].as_str().map(str::to_owned);
        let second = page(PAGING, "list", items(&[1, 2, 5]), Some(2), token.as_deref()).unwrap();
        assert_eq!(second, json!({ "list": [2, 1] }));
    }

    #[test]
    fn a_page_size_out_of_range_is_refused() {
        for size in [0, 101, -1] {
            assert_eq!(
                page(PAGING, "list", vec![], Some(size), None).unwrap_err().kind,
                "InvalidParameterException"
            );
        }
    }
}
