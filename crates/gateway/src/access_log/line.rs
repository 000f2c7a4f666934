//! A request as one line of JSON. Everything in it may have been written by an attacker, also for the terminal of who reads it.

use std::{fmt::Write as _, net::IpAddr, time::Duration};

use model::time::utc;

/// Longest parts, in characters. What is cut ends in `…`.
const SHORT_MAX: usize = 128;
const HOST_MAX: usize = 255;
const TEXT_MAX: usize = 512;
const TARGET_MAX: usize = 1_024;

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry<'a> {
    /// Unix time, ms.
    pub(crate) at_ms: i64,
    pub(crate) request_id: Option<&'a [u8]>,
    pub(crate) trace_id: Option<u128>,
    pub(crate) client: Option<IpAddr>,
    pub(crate) method: &'a str,
    pub(crate) host: &'a [u8],
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    /// Absent: the client got no answer.
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
    pub(crate) took: Duration,
    /// Until the head of the instance's answer.
    pub(crate) instance_took: Option<Duration>,
    pub(crate) pool: Option<&'a str>,
    pub(crate) instance: Option<&'a str>,
    pub(crate) retries: usize,
    /// "HTTP/2".
    pub(crate) protocol: &'a str,
    /// "TLSv1.3"; absent in the clear.
    pub(crate) tls: Option<&'a str>,
    pub(crate) user_agent: Option<&'a [u8]>,
    pub(crate) referer: Option<&'a [u8]>,
}

impl Entry<'_> {
    /// With its line end.
    pub(super) fn in_a_line(&self) -> String {
        let mut line = Line(String::with_capacity(512));
        line.0.push('{');
        line.raw("time", format_args!("\"{}\"", rfc3339(self.at_ms)));
        line.optional("request_id", self.request_id, SHORT_MAX);
        if let Some(id) = self.trace_id {
            line.raw("trace_id", format_args!("\"{id:032x}\""));
        }
        if let Some(client) = self.client {
            line.raw("client", format_args!("\"{client}\""));
        }
        line.text("method", self.method.as_bytes(), SHORT_MAX);
        line.text("host", self.host, HOST_MAX);
        line.text("path", self.path.as_bytes(), TARGET_MAX);
        line.optional("query", self.query.map(str::as_bytes), TARGET_MAX);
        match self.status {
            Some(status) => line.raw("status", format_args!("{status}")),
            None => line.raw("status", format_args!("null")),
        }
        line.raw("bytes", format_args!("{}", self.bytes));
        line.raw("ms", format_args!("{:.2}", ms(self.took)));
        if let Some(took) = self.instance_took {
            line.raw("instance_ms", format_args!("{:.2}", ms(took)));
        }
        line.optional("pool", self.pool.map(str::as_bytes), SHORT_MAX);
        line.optional("instance", self.instance.map(str::as_bytes), SHORT_MAX);
        line.raw("retries", format_args!("{}", self.retries));
        line.text("protocol", self.protocol.as_bytes(), SHORT_MAX);
        line.optional("tls", self.tls.map(str::as_bytes), SHORT_MAX);
        line.optional("user_agent", self.user_agent, TEXT_MAX);
        // Its query is somebody else's, and may hold as much as ours.
        let referer = self
            .referer
            .map(|referer| referer.split(|b| matches!(b, b'?' | b'#')).next().unwrap_or_default());
        line.optional("referer", referer, TEXT_MAX);
        line.0.push_str("}\n");
        line.0
    }
}

struct Line(String);

impl Line {
    /// `value` is JSON.
    fn raw(&mut self, name: &str, value: std::fmt::Arguments<'_>) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        let _infallible = write!(self.0, "\"{name}\":{value}");
    }

    fn optional(&mut self, name: &str, value: Option<&[u8]>, max: usize) {
        if let Some(value) = value {
            self.text(name, value, max);
        }
    }

    fn text(&mut self, name: &str, value: &[u8], max: usize) {
        self.raw(name, format_args!(""));
        self.0.push('"');
        // At most four bytes make a character, so no more of them need to be looked at.
        let value = String::from_utf8_lossy(&value[..value.len().min(max * 4 + 4)]);
        let mut characters = value.chars();
        for character in characters.by_ref().take(max) {
            self.character(character);
        }
        if characters.next().is_some() {
            self.0.push('…');
        }
        self.0.push('"');
    }

    fn character(&mut self, character: char) {
        match character {
            '"' => self.0.push_str("\\\""),
            '\\' => self.0.push_str("\\\\"),
            character if is_hidden(character) => {
                let _infallible = write!(self.0, "\\u{:04x}", u32::from(character));
            }
            character => self.0.push(character),
        }
    }
}

/// Steers a terminal, ends a line, or turns the text around it: all in the first plane.
fn is_hidden(character: char) -> bool {
    character.is_control() || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

fn rfc3339(at_ms: i64) -> String {
    let at = utc(at_ms);
    let (year, month, day, second, ms) = (at.year, at.month, at.day, at.second_of_day, at.ms);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{ms:03}Z",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_request_is_one_object() {
        let entry = Entry {
            at_ms: 951_827_696_789,
            request_id: Some(b"order-7"),
            trace_id: Some(0x4b),
            client: Some("203.0.113.9".parse().unwrap()),
            method: "GET",
            host: b"shop.test",
            path: "/cart",
            status: Some(200),
            bytes: 12,
            took: Duration::from_micros(1_500),
            instance_took: Some(Duration::from_millis(1)),
            pool: Some("web"),
            instance: Some("web-1"),
            protocol: "HTTP/2",
            tls: Some("TLSv1.3"),
            user_agent: Some(b"curl/8"),
            referer: Some(b"https://a.test/x?token=1#y"),
            ..Entry::default()
        };
        assert_eq!(
            entry.in_a_line(),
            "{\"time\":\"2000-02-29T12:34:56.789Z\",\"request_id\":\"order-7\",\"trace_id\":\"0000000000000000000000000000004b\",\
             \"client\":\"203.0.113.9\",\"method\":\"GET\",\"host\":\"shop.test\",\"path\":\"/cart\",\"status\":200,\"bytes\":12,\
             \"ms\":1.50,\"instance_ms\":1.00,\"pool\":\"web\",\"instance\":\"web-1\",\"retries\":0,\"protocol\":\"HTTP/2\",\
             \"tls\":\"TLSv1.3\",\"user_agent\":\"curl/8\",\"referer\":\"https://a.test/x\"}\n"
        );
    }

    #[test]
    fn what_is_long_is_cut() {
        let long = "é".repeat(100_000);
        let line = Entry {
            path: &long,
            host: long.as_bytes(),
            user_agent: Some(long.as_bytes()),
            referer: Some(long.as_bytes()),
            query: Some(&long),
            request_id: Some(long.as_bytes()),
            ..Entry::default()
        }
        .in_a_line();
        assert!(line.len() < 8_000, "{}", line.len());
        let value: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["user_agent"].as_str().unwrap(), format!("{}…", "é".repeat(TEXT_MAX)));
    }

    proptest! {
        #[test]
        fn a_line_stays_one_line_and_one_object(agent in prop::collection::vec(any::<u8>(), 0..600), path in ".*") {
            let line = Entry { user_agent: Some(&agent), path: &path, ..Entry::default() }.in_a_line();
            let is_closed = line.ends_with("}\n");
            prop_assert!(is_closed);
            prop_assert!(!line[..line.len() - 1].chars().any(is_hidden), "{line:?}");
            let value: Value = serde_json::from_str(&line).unwrap();
            let told: Vec<char> = value["user_agent"].as_str().unwrap().chars().take(TEXT_MAX).collect();
            let said: Vec<char> = String::from_utf8_lossy(&agent).chars().take(TEXT_MAX).collect();
            prop_assert_eq!(told, said);
        }
    }
}
