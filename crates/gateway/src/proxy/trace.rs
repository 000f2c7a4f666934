//! Where a request stands in a distributed trace: W3C Trace Context, level 1 (<https://www.w3.org/TR/trace-context-1/>).
//!
//! A valid `traceparent` is continued: its trace keeps its id and whether it is recorded, the gateway becomes the parent of what the instance
//! does. Anything else begins a new trace, and what others said about the old one (`tracestate`) is not passed on.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue};
use pingora_error::Result;
use pingora_http::RequestHeader;

pub(super) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// `00-` trace id `-` parent id `-` flags.
const LENGTH: usize = 2 + 1 + 32 + 1 + 16 + 1 + 2;
/// The one flag of level 1.
const SAMPLED: u8 = 1;

/// The gateway's own place in a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Trace {
    pub(super) id: u128,
    /// The gateway's, as the parent of what follows.
    span: u64,
    pub(super) sampled: bool,
    /// Somebody before began it, so what goes with it is passed on.
    is_continued: bool,
}

impl Trace {
    /// `sample`: the share of new traces that is to be recorded. Whether one that is continued is recorded was decided where it began.
    pub(super) fn of(headers: &HeaderMap, sample: f64) -> Self {
        match incoming(headers) {
            Some((id, sampled)) => Self {
                id,
                span: rand::random::<u64>().max(1),
                sampled,
                is_continued: true,
            },
            None => Self {
                id: rand::random::<u128>().max(1),
                span: rand::random::<u64>().max(1),
                sampled: rand::random::<f64>() < sample,
                is_continued: false,
            },
        }
    }

    pub(super) fn write(self, request: &mut RequestHeader) -> Result<()> {
        if !self.is_continued {
            request.remove_header(&TRACESTATE);
        }
        let value = HeaderValue::try_from(self.to_string()).expect("hexadecimal digits are printable");
        request.insert_header(TRACEPARENT, value)
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.id, self.span, u8::from(self.sampled))
    }
}

/// Two are as good as none: nobody knows which one is meant.
fn incoming(headers: &HeaderMap) -> Option<(u128, bool)> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => parse(value.as_bytes()),
        _ => None,
    }
}

/// The trace's id, and whether it is recorded. A version to come is read as this one, as far as this one goes.
fn parse(value: &[u8]) -> Option<(u128, bool)> {
    let (known, rest) = value.split_at_checked(LENGTH)?;
    let version = hex(&known[..2])?;
    let fits = match version {
        0 => rest.is_empty(),
        0xff => false,
        _ => rest.first().is_none_or(|b| *b == b'-'),
    };
    let dashes = [2, 35, 52].iter().all(|&at| known[at] == b'-');
    let (id, parent, flags) = (hex(&known[3..35])?, hex(&known[36..52])?, hex(&known[53..])?);
    let sampled = flags & u128::from(SAMPLED) != 0;
    (fits && dashes && id != 0 && parent != 0).then_some((id, sampled))
}

/// Lower case only: upper case is invalid here.
fn hex(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const NUMBER: u128 = 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736;

    /// The examples and rules of the specification, §2.2.2 and §4.
    #[test]
    fn only_what_the_specification_allows_is_continued() {
        let parent = "00f067aa0ba902b7";
        let (zeros32, zeros16) = ("0".repeat(32), "0".repeat(16));
        let good = [
            (format!("00-{ID}-{parent}-01"), true),
            (format!("00-{ID}-{parent}-00"), false),
            (format!("00-{ID}-{parent}-ff"), true),
            (format!("00-{ID}-{parent}-02"), false),
            (format!("cc-{ID}-{parent}-01"), true),
            (format!("cc-{ID}-{parent}-01-what-the-future-will-be-like"), true),
            (format!("cc-{ID}-{parent}-01-"), true),
        ];
        for (value, sampled) in good {
            assert_eq!(parse(value.as_bytes()), Some((NUMBER, sampled)), "{value}");
        }
        let bad = [
            String::new(),
            "00".to_owned(),
            format!("ff-{ID}-{parent}-01"),
            format!("00-{ID}-{parent}-01-extra"),
            format!("00-{ID}-{parent}-01-"),
            format!("00-{ID}-{parent}-01."),
            format!("cc-{ID}-{parent}-01.what"),
            format!("00-{}-{parent}-01", ID.to_uppercase()),
            format!("00-{ID}-{}-01", parent.to_uppercase()),
            format!("0X-{ID}-{parent}-01"),
            format!("00-{ID}-{parent}-0X"),
            format!("00-{zeros32}-{parent}-01"),
            format!("00-{ID}-{zeros16}-01"),
            format!("00-{}-{parent}-01", &ID[1..]),
            format!("00-{ID}0-{parent}-01"),
            format!("00-{ID}-{parent}-1"),
            format!("00-{ID}-{parent}"),
            format!("00_{ID}-{parent}-01"),
            format!("00-{ID}_{parent}-01"),
            format!("00-{ID}-{parent}_01"),
            format!(" 00-{ID}-{parent}-01"),
            format!("00-{}-{parent}-01", "g".repeat(32)),
        ];
        for value in bad {
            assert_eq!(parse(value.as_bytes()), None, "{value:?}");
        }
    }

    fn sent(headers: &[(&'static str, String)], sample: f64) -> RequestHeader {
        let mut request = RequestHeader::build("GET", b"/", None).unwrap();
        for (name, value) in headers {
            request.append_header(*name, value.as_str()).unwrap();
        }
        Trace::of(&request.headers.clone(), sample).write(&mut request).unwrap();
        assert_eq!(request.headers.get_all(TRACEPARENT).iter().count(), 1);
        request
    }

    #[test]
    fn a_trace_goes_on_with_the_gateway_as_the_parent_and_with_its_state() {
        let parent = format!("00-{ID}-00f067aa0ba902b7-01");
        let request = sent(
            &[
                ("traceparent", parent.clone()),
                ("tracestate", "a=1".to_owned()),
                ("tracestate", "b=2".to_owned()),
            ],
            0.0,
        );
        let value = request.headers[TRACEPARENT].to_str().unwrap().to_owned();
        assert!(
            value.starts_with(&format!("00-{ID}-")) && value.ends_with("-01") && value != parent,
            "{value}"
        );
        assert_eq!(request.headers.get_all("tracestate").iter().count(), 2);
    }

    #[test]
    fn a_new_trace_begins_where_there_is_none_or_two_and_takes_no_state_along() {
        let one = format!("00-{ID}-00f067aa0ba902b7-01");
        let other = format!("00-{}-00f067aa0ba902b7-01", "1".repeat(32));
        for headers in [
            vec![],
            vec![("traceparent", one.clone()), ("traceparent", other)],
            vec![("traceparent", one.clone()), ("traceparent", one)],
            vec![("traceparent", "nonsense".to_owned())],
        ] {
            let headers = [headers, vec![("tracestate", "a=1".to_owned())]].concat();
            for (sample, flag) in [(0.0, "-00"), (1.0, "-01")] {
                let request = sent(&headers, sample);
                let value = request.headers[TRACEPARENT].to_str().unwrap();
                assert!(
                    parse(value.as_bytes()).is_some() && !value.contains(ID) && value.ends_with(flag),
                    "{value}"
                );
                assert!(!request.headers.contains_key("tracestate"));
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_sent_is_always_valid(value in prop::collection::vec(any::<u8>(), 0..80), sample in 0.0..=1.0) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                headers.append(TRACEPARENT, value);
            }
            let trace = Trace::of(&headers, sample);
            prop_assert_eq!(parse(trace.to_string().as_bytes()), Some((trace.id, trace.sampled)));
        }
    }
}
