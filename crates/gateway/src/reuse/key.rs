//! What makes two requests the same.

use std::{
    hash::{BuildHasher as _, Hash, Hasher, RandomState},
    sync::{Arc, LazyLock},
};

use http::{HeaderMap, HeaderName, Method, header, request::Parts};

/// Longer ones are not worth remembering.
const BYTES_MAX: usize = 16 * 1024;

/// Scheme, host, target and every field that an instance could decide by, as bytes: equal keys, equal requests. A hash would let somebody
/// look for two requests with the same one, and be answered with what is not theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    /// First, so that different keys are mostly told apart by it.
    hash: u64,
    bytes: Arc<[u8]>,
}

impl Hash for Key {
    /// What was hashed once needs no reading again.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Of this process, so that nobody can look for keys that collide.
static HASHER: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Fields that differ between requests for the same thing. An answer that names one of them in `Vary` is neither shared nor kept.
const NOT_ASKED: [&str; 14] = [
    "connection",
    "dnt",
    "host",
    "keep-alive",
    "priority",
    "referer",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-evenkeel-receipt",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-request-id",
];

/// A request with one of these asks for something else than the whole, present answer.
const SPECIAL: [HeaderName; 11] = [
    header::CACHE_CONTROL,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_UNMODIFIED_SINCE,
    header::PRAGMA,
    header::RANGE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

pub(crate) fn is_asked(name: &str) -> bool {
    !NOT_ASKED.contains(&name) && !name.starts_with("sec-")
}

impl Key {
    /// `None` for a request that is answered for itself only.
    pub(crate) fn new(request: &Parts, is_secure: bool, authority: &str) -> Option<Self> {
        let is_special = SPECIAL.iter().any(|name| request.headers.contains_key(name));
        if request.method != Method::GET || is_special || !is_whole_upstream(&request.headers) {
            return None;
        }
        let target = request.uri.path_and_query()?.as_str();
        let mut fields: Vec<_> = request
            .headers
            .iter()
            .filter(|(name, _)| is_asked(name.as_str()))
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
            .collect();
        // Stable: the order of values of one field matters, that of fields does not.
        fields.sort_by_key(|(name, _)| *name);
        let mut key = Vec::with_capacity(256);
        // None of them holds a line end.
        let scheme = if is_secure { "https" } else { "http" };
        for part in [scheme.as_bytes(), authority.to_ascii_lowercase().as_bytes(), target.as_bytes()] {
            key.extend_from_slice(part);
            key.push(b'\n');
        }
        for (name, value) in fields {
            key.extend_from_slice(name.as_bytes());
            key.push(b':');
            key.extend_from_slice(value);
            key.push(b'\n');
        }
        (key.len() <= BYTES_MAX).then(|| Self {
            hash: HASHER.hash_one(&key),
            bytes: key.into(),
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// Whether all of its fields reach the instance: those that `Connection` names are for the gateway alone (RFC 9110 §7.6.1). A request with
/// such fields would be taken for another one than the instance sees.
fn is_whole_upstream(headers: &HeaderMap) -> bool {
    let is_about_connection =
        |token: &str| matches!(token.trim(), "") || ["close", "keep-alive"].iter().any(|known| token.trim().eq_ignore_ascii_case(known));
    let mut nominating = headers.get_all(header::CONNECTION).iter();
    nominating.all(|value| value.to_str().is_ok_and(|value| value.split(',').all(is_about_connection)))
}

/// Whether a request is anybody's: what it is answered may be kept for others.
pub(crate) fn is_anonymous(headers: &HeaderMap) -> bool {
    !headers.contains_key(header::AUTHORIZATION) && !headers.contains_key(header::COOKIE)
}

#[cfg(test)]
mod tests {
    use http::Request;
    use proptest::prelude::*;

    use super::*;

    fn parts(method: &str, target: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn key(method: &str, target: &str, host: &str, fields: &[(&str, &str)]) -> Option<Key> {
        Key::new(&parts(method, target, fields), false, host)
    }

    #[test]
    fn what_an_instance_could_decide_by_makes_another_request() {
        let plain = key("GET", "/a?b=1", "h", &[]).unwrap();
        assert_eq!(
            key("GET", "/a?b=1", "H", &[("user-agent", "x"), ("x-request-id", "1")]),
            Some(plain.clone())
        );
        for other in [
            key("GET", "/a?b=2", "h", &[]),
            key("GET", "/A?b=1", "h", &[]),
            key("GET", "/a?b=1", "g", &[]),
            key("GET", "/a?b=1", "h", &[("accept", "text/html")]),
            key("GET", "/a?b=1", "h", &[("cookie", "who=ada")]),
            key("GET", "/a?b=1", "h", &[("authorization", "Bearer a")]),
            key("GET", "/a?b=1", "h", &[("x-tenant", "a")]),
            key("GET", "/a?b=1", "h", &[("x-original-url", "/admin")]),
            Key::new(&parts("GET", "/a?b=1", &[]), true, "h"),
        ] {
            assert!(other.is_some_and(|other| other != plain));
        }
    }

    #[test]
    fn who_asks_for_something_else_asks_alone() {
        for (method, field) in [
            ("POST", None),
            ("HEAD", None),
            ("GET", Some(("range", "bytes=0-1"))),
            ("GET", Some(("if-none-match", "\"a\""))),
            ("GET", Some(("cache-control", "no-cache"))),
            ("GET", Some(("upgrade", "websocket"))),
            ("GET", Some(("content-length", "3"))),
            ("GET", Some(("connection", "accept-language"))),
            ("GET", Some(("connection", "close, x-tenant"))),
            ("GET", Some(("connection", "\u{e9}"))),
        ] {
            assert_eq!(key(method, "/", "h", &Vec::from_iter(field)), None, "{method} {field:?}");
        }
        assert!(key("GET", "/", "h", &[("connection", "Keep-Alive, close")]).is_some());
        let long = "x".repeat(BYTES_MAX);
        assert_eq!(key("GET", "/", "h", &[("accept", &long)]), None);
    }

    proptest! {
        #[test]
        fn fields_cannot_pretend_to_be_others(a in "[a-z:]{0,6}", b in "[a-z:]{0,6}", c in "[a-z:]{0,6}", d in "[a-z:]{0,6}") {
            let one = key("GET", "/", "h", &[("x-a", &a), ("x-b", &b)]);
            let other = key("GET", "/", "h", &[("x-a", &c), ("x-b", &d)]);
            prop_assert_eq!(one == other, a == c && b == d);
        }
    }
}
