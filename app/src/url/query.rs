//! The query part of a URL, changed one key at a time.

use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_location, use_navigate},
    params::ParamsMap,
};

/// Percent-encodes what may not stand in a query value (RFC 3986, unreserved characters and a few that read well stay).
pub fn encode(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::with_capacity(value.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~' | b',' | b':' | b'/' | b'@') {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String cannot fail");
        }
        out
    })
}

/// Keys and values in a fixed order, so that the same state is always the same URL.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query(Vec<(String, String)>);

impl Query {
    pub fn from_params(params: &ParamsMap) -> Self {
        params
            .latest_values()
            .fold(Self::default(), |query, (key, value)| query.with(key, value))
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(k, _)| k == key)
            .map(|(_, v)| v.as_str())
            .filter(|v| !v.is_empty())
    }

    /// With `key` set; an empty value removes it.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.0.retain(|(k, _)| k != key);
        if !value.is_empty() {
            let at = self.0.partition_point(|(k, _)| k.as_str() < key);
            self.0.insert(at, (key.to_owned(), value.to_owned()));
        }
        self
    }

    #[must_use]
    pub fn without(self, key: &str) -> Self {
        self.with(key, "")
    }

    /// Only the keys in `kept`: what goes along to another page.
    #[must_use]
    pub fn only(&self, kept: &[&str]) -> Self {
        Self(self.0.iter().filter(|(k, _)| kept.contains(&k.as_str())).cloned().collect())
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// `path?a=b&c=d`
    pub fn href(&self, path: &str) -> String {
        let pairs: Vec<String> = self.0.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        if pairs.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", pairs.join("&"))
        }
    }
}

/// Follows an address in place of the current one.
type Go = Box<dyn Fn(&str) + Send + Sync>;

/// The current page's query, and how to change it in place.
#[derive(Clone, Copy)]
pub struct UseQuery {
    pub query: Memo<Query>,
    path: Memo<String>,
    go: StoredValue<Go>,
}

/// Of the page around the caller.
pub fn use_query() -> UseQuery {
    let location = use_location();
    let navigate = use_navigate();
    let go = move |href: &str| {
        navigate(
            href,
            NavigateOptions {
                replace: true,
                scroll: false,
                ..NavigateOptions::default()
            },
        );
    };
    UseQuery {
        query: Memo::new(move |_| location.query.with(Query::from_params)),
        path: location.pathname,
        go: StoredValue::new(Box::new(go)),
    }
}

impl UseQuery {
    pub fn get(self, key: &str) -> Option<String> {
        self.query.with(|q| q.get(key).map(str::to_owned))
    }

    /// This page with `key` changed: for links that work without scripts.
    pub fn link(self, key: &str, value: &str) -> String {
        self.query.with(|q| q.clone().with(key, value).href(&self.path.read()))
    }

    /// This page with the query that `change` makes of the current one.
    pub fn link_with(self, change: impl FnOnce(Query) -> Query) -> String {
        self.query.with(|q| change(q.clone()).href(&self.path.read()))
    }

    /// Changes the URL without a new history entry. From event handlers and effects only.
    pub fn replace(self, change: impl FnOnce(Query) -> Query) {
        let before = self.query.get_untracked();
        let after = change(before.clone());
        if after != before {
            let href = after.href(&self.path.get_untracked());
            self.go.with_value(|go| go(&href));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_state_is_the_same_url() {
        let a = Query::default().with("sort", "errors").with("q", "a b&c");
        let b = Query::default().with("q", "a b&c").with("sort", "name").with("sort", "errors");
        assert_eq!(a.href("/pools"), "/pools?q=a%20b%26c&sort=errors");
        assert_eq!(a, b);
        assert_eq!(a.without("q").without("sort").href("/pools"), "/pools");
    }

    #[test]
    fn hostile_values_cannot_leave_their_place() {
        assert_eq!(encode("\"><script>é"), "%22%3E%3Cscript%3E%C3%A9");
    }

    #[test]
    fn another_page_gets_only_what_belongs_to_it() {
        let query = Query::default().with("range", "5m").with("tab", "settings");
        assert_eq!(query.only(&["range"]).href("/events"), "/events?range=5m");
    }
}
