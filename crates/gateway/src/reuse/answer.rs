//! An answer in whole, ready for several clients.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use bytes::{Bytes, BytesMut};
use http::{HeaderValue, StatusCode, header, request::Parts};
use http_cache_semantics::CachePolicy;
use pingora_http::ResponseHeader;

use super::{
    key::{is_anonymous, is_asked},
    space::{Space, Taken},
};

/// Bytes of a body; larger answers are for one client.
const BODY_MAX: usize = 1024 * 1024;

#[derive(Debug)]
pub(crate) struct SharedAnswer {
    /// Without what belongs to one request: id, times, cookies of ours.
    pub(crate) head: ResponseHeader,
    pub(crate) body: Bytes,
    pub(crate) served_by: Option<HeaderValue>,
    /// When its head came, and the age it had then.
    at: Instant,
    age: Duration,
    /// A shared cache may keep it, and the request was nobody's in particular.
    pub(crate) may_be_kept: bool,
}

impl SharedAnswer {
    pub(crate) fn age(&self) -> Duration {
        self.at.elapsed() + self.age
    }
}

/// Writes an answer down while it goes to the client that asked first.
#[derive(Debug)]
pub(crate) struct Recorder {
    answer: SharedAnswer,
    body: BytesMut,
    taken: Taken,
}

impl Recorder {
    /// `None` when the answer is for one client only.
    pub(crate) fn begin(request: &Parts, head: &ResponseHeader, served_by: Option<HeaderValue>, space: Arc<Space>) -> Option<Self> {
        if !is_for_all(head) || announced(head).is_some_and(|length| length > BODY_MAX) {
            return None;
        }
        let policy = CachePolicy::new(request, &head.as_owned_parts());
        let answer = SharedAnswer {
            head: head.clone(),
            body: Bytes::new(),
            served_by,
            at: Instant::now(),
            age: policy.age(SystemTime::now()),
            may_be_kept: head.status == 200 && policy.is_storable() && is_anonymous(&request.headers),
        };
        Some(Self {
            answer,
            body: BytesMut::new(),
            taken: Taken::nothing(space),
        })
    }

    /// A shared cache may keep the answer.
    pub(crate) fn may_be_kept(&self) -> bool {
        self.answer.may_be_kept
    }

    /// `false` when it has become too large.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> bool {
        let fits = self.taken.grow(bytes.len()) && self.body.len() + bytes.len() <= BODY_MAX;
        if fits {
            self.body.extend_from_slice(bytes);
        }
        fits
    }

    /// `None` when less came than was announced.
    pub(crate) fn finish(self) -> Option<SharedAnswer> {
        if announced(&self.answer.head).is_some_and(|announced| announced != self.body.len()) {
            return None;
        }
        let mut answer = self.answer;
        answer.body = self.body.freeze();
        answer.head.remove_header(&header::TRANSFER_ENCODING);
        // RFC 9110 §8.6.
        if answer.head.status != StatusCode::NO_CONTENT {
            answer.head.set_content_length(answer.body.len()).ok()?;
        }
        Some(answer)
    }
}

fn announced(head: &ResponseHeader) -> Option<usize> {
    head.headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Whether the answer says of itself that it is the same for everybody who asks the same: no cookie, not private, not to be stored or
/// asked for anew, and varying by nothing that the key leaves out. What cannot be read says the worst.
fn is_for_all(head: &ResponseHeader) -> bool {
    let list = |name| {
        let values = head.headers.get_all(name).iter();
        values
            .flat_map(|value| value.to_str().unwrap_or("*").split(','))
            .map(|part: &str| part.trim().to_ascii_lowercase())
    };
    let directives = |directive: String| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        matches!(
            name,
            "*" | "private" | "no-store" | "no-cache" | "must-revalidate" | "proxy-revalidate"
        )
    };
    head.status.as_u16() >= 200
        && !matches!(head.status.as_u16(), 206 | 304)
        && head.status.as_u16() < 500
        && !head.headers.contains_key(header::SET_COOKIE)
        && !list(header::CACHE_CONTROL).any(directives)
        && list(header::VARY).all(|name| name.is_empty() || (name != "*" && is_asked(&name)))
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn recorder(request: &[(&str, &str)], status: u16, fields: &[(&'static str, &str)]) -> Option<Recorder> {
        let mut asked = Request::builder().uri("/a");
        for (name, value) in request {
            asked = asked.header(*name, *value);
        }
        let mut head = ResponseHeader::build(status, None).unwrap();
        for (name, value) in fields {
            head.append_header(*name, *value).unwrap();
        }
        Recorder::begin(&asked.body(()).unwrap().into_parts().0, &head, None, Arc::default())
    }

    #[test]
    fn what_is_one_clients_own_is_not_shared() {
        let own: [(u16, &[(&str, &str)]); 12] = [
            (200, &[("set-cookie", "a=b")]),
            (200, &[("cache-control", "Private")]),
            (200, &[("cache-control", "max-age=5, no-store")]),
            (200, &[("cache-control", "max-age=5"), ("cache-control", "no-cache=\"x\"")]),
            (200, &[("cache-control", "private, x=\"\u{e9}\"")]),
            (200, &[("content-length", "1048577")]),
            (200, &[("vary", "*")]),
            (200, &[("vary", "Accept, User-Agent")]),
            (200, &[("vary", "é")]),
            (206, &[]),
            (304, &[]),
            (503, &[]),
        ];
        for (status, fields) in own {
            assert!(recorder(&[], status, fields).is_none(), "{status} {fields:?}");
        }
        for fields in [
            &[][..],
            &[("vary", "Accept-Encoding, Accept")],
            &[("cache-control", "public, max-age=60")],
        ] {
            assert!(recorder(&[], 200, fields).is_some(), "{fields:?}");
        }
    }

    #[test]
    fn what_is_kept_is_nobodys_in_particular() {
        let kept = |request: &[(&str, &str)], status| {
            recorder(request, status, &[("cache-control", "max-age=60")])
                .unwrap()
                .answer
                .may_be_kept
        };
        assert!(kept(&[], 200));
        assert!(!kept(&[("cookie", "who=ada")], 200) && !kept(&[("authorization", "x")], 200));
        assert!(!kept(&[], 404), "an error is no answer to go back to");
    }

    #[test]
    fn a_broken_answer_is_never_whole() {
        let mut short = recorder(&[], 200, &[("content-length", "5")]).unwrap();
        assert!(short.push(b"abc"));
        assert!(short.finish().is_none());
        let mut whole = recorder(&[], 200, &[("transfer-encoding", "chunked")]).unwrap();
        assert!(whole.push(b"abc"));
        let whole = whole.finish().unwrap();
        assert_eq!(
            (&whole.body[..], &whole.head.headers["content-length"]),
            (&b"abc"[..], &HeaderValue::from_static("3"))
        );
        assert!(!whole.head.headers.contains_key("transfer-encoding"));
    }

    #[test]
    fn a_large_answer_is_for_one() {
        let mut large = recorder(&[], 200, &[]).unwrap();
        assert!(large.push(&vec![0; BODY_MAX]));
        assert!(!large.push(b"x"));
    }
}
