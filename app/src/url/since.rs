//! How far back a list reaches, as in `?since=`; absent means everything that is kept.

use serde::{Deserialize, Serialize};

use super::Query;

pub const SINCE: [(&str, &str, i64); 4] = [
    ("5m", "last 5 minutes", 5 * 60_000),
    ("1h", "last hour", 3_600_000),
    ("24h", "last 24 hours", 24 * 3_600_000),
    ("7d", "last 7 days", 7 * 24 * 3_600_000),
];

/// The id, if it is one.
fn known(id: &str) -> Option<String> {
    SINCE.iter().any(|s| s.0 == id).then(|| id.to_owned())
}

/// Where it begins when it ends at `now_ms`.
fn from_ms(id: Option<&str>, now_ms: i64) -> Option<i64> {
    let span = SINCE.iter().find(|s| Some(s.0) == id)?.2;
    Some(now_ms.saturating_sub(span))
}

/// Which stretch of a list whose newest come first: how far back it reaches, and where this page of it begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stretch {
    /// An id from [`SINCE`].
    pub since: Option<String>,
    pub before_id: Option<i64>,
}

impl Stretch {
    /// What cannot be read is left out.
    pub fn from_query(query: &Query) -> Self {
        Self {
            since: query.get("since").and_then(known),
            before_id: query.get("before").and_then(|id| id.parse().ok()),
        }
    }

    /// Where it begins; "the last hour" ends at `now_ms`.
    pub fn from_ms(&self, now_ms: i64) -> Option<i64> {
        from_ms(self.since.as_deref(), now_ms)
    }

    /// Whether what is new belongs on top: not on a later page.
    pub const fn is_first_page(&self) -> bool {
        self.before_id.is_none()
    }

    /// The same page of the whole list.
    #[must_use]
    pub const fn of_all(&self) -> Self {
        Self {
            since: None,
            before_id: self.before_id,
        }
    }
}
