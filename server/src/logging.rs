//! Logs: one event is one escaped line of bounded length, for a person on a terminal and as JSON otherwise. On stderr, so that stdout
//! holds only what a command was asked for.

use std::{
    fmt::{self, Write as _},
    io::IsTerminal as _,
};

use serde_json::{Map, Value};
use tracing::{Event, Level, Subscriber, field::Field};
use tracing_subscriber::{
    EnvFilter,
    field::Visit,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime as _, SystemTime},
    },
    registry::LookupSpan,
};

use crate::config::{LogFormat, LogSettings};

/// One field's text. Longer ones are cut: a log is no place for a body.
const FIELD_MAX_CHARS: usize = 1_000;
/// Fields of one event.
const FIELDS_MAX: usize = 40;

/// To be called once, by the process itself and not by a library or a test.
pub(crate) fn start(settings: &LogSettings) {
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let human = match settings.format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Human => true,
        LogFormat::Json => false,
    };
    let lines = Lines {
        json: !human,
        colour: human && std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .event_format(lines)
        .finish();
    // A second one is refused; the first goes on.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let text = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!(place, panic = text, "a part of the program panicked");
    }));
}

struct Lines {
    json: bool,
    colour: bool,
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        let line = if self.json {
            fields.json(&time, level, target)
        } else {
            fields.human(&time, level, self.colour)
        };
        writeln!(writer, "{line}")
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        } else if self.rest.len() < FIELDS_MAX {
            self.rest.insert(field.name().trim_start_matches("log.").to_owned(), value);
        }
    }

    /// Written by hand so that the fixed part comes first and in order; `serde_json` escapes every control character.
    fn json(self, time: &str, level: Level, target: &str) -> String {
        let fixed = [
            ("at", Value::from(time)),
            ("level", level.as_str().to_lowercase().into()),
            ("message", self.message.into()),
            ("target", target.into()),
        ];
        let is_fixed = |name: &str| ["at", "level", "message", "target"].contains(&name);
        let rest = self.rest.into_iter().filter(|(name, _)| !is_fixed(name));
        let all = fixed.map(|(name, value)| (name.to_owned(), value)).into_iter().chain(rest);
        let members: Vec<_> = all.map(|(name, value)| format!("{}:{value}", Value::from(name))).collect();
        format!("{{{}}}", members.join(","))
    }

    fn human(self, time: &str, level: Level, colour: bool) -> String {
        let (on, off, dim) = if colour {
            (paint(level), "\u{1b}[0m", "\u{1b}[2m")
        } else {
            ("", "", "")
        };
        // 2026-11-20T18:30:00.123456Z → 18:30:00
        let clock = time.get(11..19).unwrap_or(time);
        let mut line = format!("{dim}{clock}{off} {on}{:<5}{off} {}", level.as_str(), escaped(&self.message));
        for (name, value) in &self.rest {
            let text = value.as_str().map_or_else(
                || value.to_string(),
                |text| if text.contains(' ') { format!("{text:?}") } else { text.to_owned() },
            );
            let _ = write!(line, " {dim}{name}={off}{}", escaped(&text));
        }
        line
    }
}

fn paint(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        Level::DEBUG => "\u{1b}[34m",
        Level::TRACE => "\u{1b}[35m",
    }
}

/// Nothing that starts a line or steers a terminal.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
        out
    })
}

fn cut(text: &str) -> Value {
    match text.char_indices().nth(FIELD_MAX_CHARS) {
        Some((end, _)) => Value::String(format!("{}…", &text[..end])),
        None => text.into(),
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, cut(&format!("{value:?}")));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, cut(value));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.put(field, cut(&value.to_string()));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value.into());
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool, log: impl FnOnce()) -> String {
        let sink = Sink::default();
        let writer = sink.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || writer.clone())
            .event_format(Lines { json, colour: false })
            .finish();
        tracing::subscriber::with_default(subscriber, log);
        let bytes = sink.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_is_in_it() {
        let evil = "a\nb\r\u{1b}[31mFAKE\u{2028}";
        for json in [true, false] {
            let text = logged(json, || tracing::info!(name = evil, shown = %evil, debug = ?evil, "hello\nworld"));
            assert_eq!(text.lines().count(), 1, "{text:?}");
            assert!(!text.contains('\u{1b}') && !text.contains('\r'), "{text:?}");
        }
    }

    #[test]
    fn json_lines_are_json_and_long_fields_are_cut() {
        let text = logged(true, || tracing::warn!(long = "x".repeat(100_000), count = 3, "too much"));
        let line: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (line["level"].as_str(), line["message"].as_str(), line["count"].as_u64()),
            (Some("warn"), Some("too much"), Some(3))
        );
        assert!(text.len() < 2_000);
        assert!(
            text.starts_with("{\"at\":\"") && text.contains(",\"level\":\"warn\",\"message\":"),
            "{text}"
        );
    }
}
