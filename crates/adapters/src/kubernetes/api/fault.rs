//! How asking the API server can fail.

use std::{fmt, time::Duration};

use http::{HeaderMap, header::RETRY_AFTER};
use serde::Deserialize;

/// Longest time that is waited because the API server asks for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(300);
/// Longest message that is kept.
const MESSAGE_MAX_BYTES: usize = 1_024;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::kubernetes) enum Fault {
    /// It answered, and did not do it.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// It certainly did not arrive: no address, refused, TLS, no credentials.
    #[error("{why}")]
    NotSent { why: String },
    /// It may have arrived.
    #[error("no answer within {} s", .after.as_secs_f32())]
    TimedOut { after: Duration },
    /// The connection ended; it may have arrived.
    #[error("{why}")]
    Broken { why: String },
    /// The answer is longer than it may be, or not what the API says.
    #[error("its answer cannot be read: {why}")]
    Unreadable { why: String },
}

/// Anything but 2xx.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kubernetes) struct Refusal {
    pub code: u16,
    /// "Forbidden", "Expired", `AlreadyExists`; empty where it is not told.
    pub reason: String,
    pub message: String,
    pub causes: Vec<Cause>,
    pub retry_after: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub(in crate::kubernetes) struct Cause {
    pub reason: String,
    pub message: String,
    pub field: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            401 => write!(f, "401: the API server does not take the console's credentials"),
            429 => write!(f, "429: the API server asks to wait"),
            code => write!(f, "{code}: {}", self.message),
        }
    }
}

/// `metav1.Status`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    message: String,
    reason: String,
    code: u16,
    details: Option<Details>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Details {
    causes: Vec<Cause>,
    retry_after_seconds: Option<u64>,
}

impl Refusal {
    /// From an answer, whose body may be a `Status`, a line of text (flow control) or a proxy's page.
    pub(super) fn read(code: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let status: Status = serde_json::from_slice(body).unwrap_or_else(|_| Status {
            message: String::from_utf8_lossy(&body[..body.len().min(MESSAGE_MAX_BYTES)])
                .trim()
                .to_owned(),
            ..Status::default()
        });
        let header = headers
            .get(RETRY_AFTER)
            .and_then(|v| v.to_str().ok())
            .and_then(|v| v.trim().parse().ok());
        Self::of(code, status, header)
    }

    /// From the object of an `ERROR` event of a watch.
    pub(in crate::kubernetes) fn of_event(object: &str) -> Self {
        let status: Status = serde_json::from_str(object).unwrap_or_default();
        Self::of(if status.code == 0 { 500 } else { status.code }, status, None)
    }

    fn of(code: u16, status: Status, retry_after_s: Option<u64>) -> Self {
        let details = status.details.unwrap_or_default();
        let mut message = status.message;
        if message.len() > MESSAGE_MAX_BYTES {
            let end = (0..=MESSAGE_MAX_BYTES).rev().find(|end| message.is_char_boundary(*end));
            message.truncate(end.unwrap_or(0));
        }
        if message.is_empty() {
            "it does not say why".clone_into(&mut message);
        }
        Self {
            code,
            reason: status.reason,
            message,
            causes: details.causes,
            retry_after: retry_after_s
                .or(details.retry_after_seconds)
                .map(|s| Duration::from_secs(s).min(RETRY_AFTER_MAX)),
        }
    }
}

impl Fault {
    pub(in crate::kubernetes) fn unreadable(why: impl fmt::Display) -> Self {
        Self::Unreadable { why: why.to_string() }
    }

    /// The status it was answered with.
    pub(in crate::kubernetes) fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// How long the API server asks to wait.
    pub(in crate::kubernetes) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// Whether the API server itself answered in order: it is there, and knows who asks.
    pub(in crate::kubernetes) fn is_answer(&self) -> bool {
        matches!(self.code(), Some(403 | 404 | 409 | 410 | 422 | 429))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_from_a_status_from_text_and_from_nothing() {
        let status = br#"{"kind":"Status","message":"too old resource version","reason":"Expired","code":410,
            "details":{"causes":[{"reason":"x","message":"m","field":"spec.maxReplicas"}],"retryAfterSeconds":7}}"#;
        let refusal = Refusal::read(410, &HeaderMap::new(), status);
        assert_eq!(
            (refusal.code, &*refusal.reason, refusal.retry_after),
            (410, "Expired", Some(Duration::from_secs(7)))
        );
        assert_eq!(refusal.causes[0].field, "spec.maxReplicas");

        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, "99999".parse().unwrap());
        let busy = Refusal::read(429, &headers, b"Too many requests, please try again later.\n");
        assert_eq!(
            (&*busy.message, busy.retry_after),
            ("Too many requests, please try again later.", Some(RETRY_AFTER_MAX))
        );
        assert_eq!(Refusal::read(502, &HeaderMap::new(), b"").message, "it does not say why");
    }
}
