//! What ties the two ends of a request together: its id, who served it, and how long each part took.
//!
//! `x-request-id` is the client's when it is short and plain, else a random one; instance and client get the same. `server-timing` (W3C
//! Server Timing) tells the instance's share, from the moment the request was there in whole to the head of its answer, and the rest.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
pub(super) const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// A UUID has 36 characters, some systems put several together.
const ID_MAX: usize = 128;

pub(super) fn request_id(headers: &HeaderMap) -> HeaderValue {
    let mut ids = headers.get_all(X_REQUEST_ID).iter();
    match (ids.next(), ids.next()) {
        (Some(id), None) if is_plain(id.as_bytes()) => id.clone(),
        _ => HeaderValue::try_from(format!("{:032x}", rand::random::<u128>())).expect("hexadecimal digits are printable"),
    }
}

/// It goes into logs and pages: letters, digits, and what UUIDs and paths of ids are made of.
fn is_plain(id: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b':' | b'/' | b'=' | b'+');
    (1..=ID_MAX).contains(&id.len()) && id.iter().all(plain)
}

pub(super) fn server_timing(instance: Duration, whole: Duration) -> HeaderValue {
    let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
    let gateway = whole.saturating_sub(instance);
    HeaderValue::try_from(format!("gateway;dur={:.2}, instance;dur={:.2}", ms(gateway), ms(instance))).expect("numbers are printable")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(X_REQUEST_ID, value.parse().unwrap());
        }
        request_id(&headers).to_str().unwrap().to_owned()
    }

    #[test]
    fn a_plain_id_is_kept_and_anything_else_replaced() {
        assert_eq!(
            id(&["f47ac10b-58cc-4372-a567-0e02b2c3d479"]),
            "f47ac10b-58cc-4372-a567-0e02b2c3d479"
        );
        let long = "x".repeat(ID_MAX + 1);
        for strange in [&[][..], &["", ""], &["a", "b"], &["<script>"], &["a b"], &[long.as_str()]] {
            let made = id(strange);
            assert!(
                made.len() == 32 && made.bytes().all(|b| b.is_ascii_hexdigit()),
                "{strange:?}: {made}"
            );
            assert_ne!(made, id(strange));
        }
    }

    #[test]
    fn times_are_told_in_milliseconds() {
        let timing = server_timing(Duration::from_micros(12_340), Duration::from_micros(12_600));
        assert_eq!(timing, "gateway;dur=0.26, instance;dur=12.34");
        assert_eq!(
            server_timing(Duration::from_secs(1), Duration::ZERO),
            "gateway;dur=0.00, instance;dur=1000.00"
        );
    }
}
