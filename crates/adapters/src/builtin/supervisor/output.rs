//! What children print, line by line, into our own log: one event and one bounded, escaped line each.

use std::mem;

use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncReadExt};
use tracing::Level;

/// Longest line that is kept; the rest of a longer one is dropped.
const LINE_MAX_BYTES: usize = 8 * 1024;
/// Fields of a structured line that our own log line has already, or that say less here than they cost.
const LEFT_OUT: [&str; 7] = ["at", "timestamp", "level", "target", "message", "span", "spans"];

/// Until the child closes the stream.
pub(super) async fn forward(mut stream: impl AsyncRead + Unpin, process: String) {
    let mut lines = Lines::default();
    let mut buffer = vec![0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        lines.push(&buffer[..count], |line| say(&process, line));
    }
    lines.finish(|line| say(&process, line));
}

fn say(process: &str, line: &[u8]) {
    let (level, text) = understand(&String::from_utf8_lossy(line));
    match level {
        Level::ERROR => tracing::error!(process, "{text}"),
        Level::WARN => tracing::warn!(process, "{text}"),
        Level::INFO => tracing::info!(process, "{text}"),
        Level::DEBUG => tracing::debug!(process, "{text}"),
        Level::TRACE => tracing::trace!(process, "{text}"),
    }
}

/// Level and text. A child that logs JSON, as ours do when not on a terminal, keeps its level; anything else is information.
fn understand(line: &str) -> (Level, String) {
    structured(line).unwrap_or_else(|| (Level::INFO, escape(line)))
}

fn structured(line: &str) -> Option<(Level, String)> {
    let event: Map<String, Value> = serde_json::from_str(line).ok()?;
    let level = event.get("level")?.as_str()?.parse().ok()?;
    let fields = event.get("fields").and_then(Value::as_object).unwrap_or(&event);
    let mut text = escape(fields.get("message")?.as_str()?);
    for (name, value) in fields.iter().filter(|(name, _)| !LEFT_OUT.contains(&name.as_str())) {
        // A JSON string keeps its quotes, and with them its escapes.
        text = format!("{text} {}={value}", escape(name));
    }
    Some((level, text))
}

/// Control characters could start a line of their own, or steer a terminal; so could what Unicode knows of line ends and direction.
fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Cuts a stream into lines, in bounded memory.
#[derive(Debug, Default)]
struct Lines {
    line: Vec<u8>,
    dropped_bytes: usize,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], mut heard: impl FnMut(&[u8])) {
        let mut pieces = bytes.split(|&b| b == b'\n');
        self.extend(pieces.next().unwrap_or_default());
        for piece in pieces {
            self.end(&mut heard);
            self.extend(piece);
        }
    }

    /// What came after the last newline.
    fn finish(mut self, mut heard: impl FnMut(&[u8])) {
        self.end(&mut heard);
    }

    fn extend(&mut self, piece: &[u8]) {
        let fits = piece.len().min(LINE_MAX_BYTES - self.line.len());
        self.line.extend_from_slice(&piece[..fits]);
        self.dropped_bytes += piece.len() - fits;
    }

    fn end(&mut self, heard: &mut impl FnMut(&[u8])) {
        let mut line = mem::take(&mut self.line);
        let dropped = mem::take(&mut self.dropped_bytes);
        if dropped > 0 {
            line.extend_from_slice(format!("… ({dropped} bytes more)").as_bytes());
        }
        if !line.is_empty() {
            heard(&line);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut found = vec![];
        let mut hear = |line: &[u8]| found.push(String::from_utf8_lossy(line).into_owned());
        let mut lines = Lines::default();
        for chunk in chunks {
            lines.push(chunk, &mut hear);
        }
        lines.finish(&mut hear);
        found
    }

    #[test]
    fn lines_are_cut_at_newlines_and_the_last_needs_none() {
        assert_eq!(lines([b"one\ntw".as_slice(), b"o\n\nthree"]), ["one", "two", "three"]);
    }

    #[test]
    fn an_endless_line_is_bounded_and_says_so() {
        let chunk = vec![b'x'; 1 << 20];
        let found = lines([chunk.as_slice(), chunk.as_slice(), b"\nnext"]);
        assert_eq!(found[1], "next");
        assert!(found[0].len() < LINE_MAX_BYTES + 40);
        assert!(found[0].ends_with(&format!("… ({} bytes more)", (2 << 20) - LINE_MAX_BYTES)));
    }

    #[test]
    fn a_structured_line_keeps_its_level_and_fields() {
        let line = r#"{"timestamp":"2026-01-01T00:00:00Z","level":"WARN","fields":{"message":"the target\nis away","why":"a \"b\""},"target":"t"}"#;
        assert_eq!(understand(line), (Level::WARN, r#"the target\nis away why="a \"b\"""#.to_owned()));
        let flat = r#"{"at":"2026-01-01T00:00:00Z","level":"error","message":"gone","code":3,"target":"t"}"#;
        assert_eq!(understand(flat), (Level::ERROR, "gone code=3".to_owned()));
    }

    #[test]
    fn anything_else_is_shown_as_it_is_but_escaped() {
        assert_eq!(understand("\u{1b}[31mred\r"), (Level::INFO, r"\u{1b}[31mred".to_owned()));
        assert_eq!(understand("{\"level\":3}").0, Level::INFO);
    }

    proptest! {
        #[test]
        fn how_the_stream_is_cut_does_not_matter(text in "[ab\n]{0,60}", cut in 0_usize..60) {
            let bytes = text.as_bytes();
            let cut = cut.min(bytes.len());
            prop_assert_eq!(lines([&bytes[..cut], &bytes[cut..]]), lines([bytes]));
        }

        #[test]
        fn no_line_can_break_out(text in ".*") {
            prop_assert!(!understand(&text).1.contains(|c: char| c.is_control() && c != '\t'));
        }
    }
}
