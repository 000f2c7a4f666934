//! Talking to the API server: one account, every answer bounded in time and size, every failure a value.

mod account;
mod client;
mod fault;
mod lines;
mod plain;

use std::fmt::Write as _;

pub(super) use client::{Api, now_ms};
pub(super) use fault::{Fault, Refusal};
pub(super) use lines::Lines;

/// A path segment as it may stand in an address: names of metrics are other people's.
pub(super) fn segment(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'|');
    text.bytes().fold(String::with_capacity(text.len()), |mut path, byte| {
        if plain(byte) {
            path.push(byte.into());
        } else {
            let _ = write!(path, "%{byte:02X}");
        }
        path
    })
}

/// `?a=b&c=d`; pairs with an empty value are left out.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut query = String::new();
    for (key, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.push(if query.is_empty() { '?' } else { '&' });
        query.push_str(key);
        query.push('=');
        query.push_str(&segment(value));
    }
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_said_in_a_query_ends_it() {
        assert_eq!(
            query(&[("labelSelector", "a=b,c in (d)"), ("continue", ""), ("limit", "5")]),
            "?labelSelector=a%3Db%2Cc%20in%20%28d%29&limit=5"
        );
        assert_eq!(segment("../x?y#z"), "..%2Fx%3Fy%23z");
    }
}
