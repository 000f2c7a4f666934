//! How far back a list reaches, as in `?since=`; absent means everything that is kept.

pub const SINCE: [(&str, &str, i64); 4] = [
    ("5m", "last 5 minutes", 5 * 60_000),
    ("1h", "last hour", 3_600_000),
    ("24h", "last 24 hours", 24 * 3_600_000),
    ("7d", "last 7 days", 7 * 24 * 3_600_000),
];

/// The id, if it is one.
pub fn known(id: &str) -> Option<String> {
    SINCE.iter().any(|s| s.0 == id).then(|| id.to_owned())
}

/// Where it begins when it ends at `now_ms`.
pub fn from_ms(id: Option<&str>, now_ms: i64) -> Option<i64> {
    let span = SINCE.iter().find(|s| Some(s.0) == id)?.2;
    Some(now_ms.saturating_sub(span))
}
