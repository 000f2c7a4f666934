//! What is wrong with the settings: one sentence that names the file, variable or flag, the key, and what is allowed.

use std::{fmt, ops::RangeInclusive, path::Path};

use figment::error::{Actual, Kind};

use super::{Origin, key};

/// Values are echoed into a terminal, so they are cut and escaped.
const ECHO_MAX_CHARS: usize = 80;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    #[error("{file} cannot be read: {why}; name another with --config, or leave it out to start the embedded default")]
    Unreadable { file: String, why: String },
    #[error("{file} is not valid TOML: {why}")]
    Syntax { file: String, why: String },
    #[error("{origin}: there is no setting {key}; allowed here: {allowed}")]
    Unknown { origin: String, key: String, allowed: String },
    #[error("{origin}: {key} is wrong ({why}); allowed: {allowed}")]
    Wrong {
        origin: String,
        key: String,
        why: String,
        allowed: String,
    },
    #[error("{origin}: {what} needs {missing}; allowed: {allowed}")]
    Missing {
        origin: String,
        what: String,
        missing: String,
        allowed: String,
    },
    #[error("{origin}: {sentence}")]
    Contradiction { origin: String, sentence: String },
}

impl ConfigError {
    pub(super) fn unreadable(file: &Path, why: &std::io::Error) -> Self {
        Self::Unreadable {
            file: file.display().to_string(),
            why: why.to_string(),
        }
    }

    /// toml's report is several lines with a drawing; the first line has the position, those after the drawing the reason.
    pub(super) fn syntax(file: &Path, error: &figment::Error) -> Self {
        let report = error.kind.to_string();
        let lines = report.lines().filter(|l| !l.contains('|')).map(str::trim).filter(|l| !l.is_empty());
        Self::Syntax {
            file: file.display().to_string(),
            why: lines.collect::<Vec<_>>().join(", ").replace("TOML parse error at ", ""),
        }
    }

    pub(super) fn unknown_variable(name: &str) -> Self {
        Self::Unknown {
            origin: Origin::Variable(name.to_owned()).to_string(),
            key: name.to_owned(),
            allowed: "EVENKEEL_LOG, EVENKEEL_CONFIG and EVENKEEL_<GROUP>__<KEY>, such as EVENKEEL_CONSOLE__LISTEN".to_owned(),
        }
    }

    pub(super) fn of(error: figment::Error) -> Self {
        let origin = Origin::of(error.metadata.as_ref()).to_string();
        let entry = key::find(&error.path);
        let shown = key::shown(&error.path);
        let expected = |fallback: &str| entry.map_or_else(|| fallback.to_owned(), |key| key.allowed.to_owned());
        let secret = entry.is_some_and(|key| key.secret);
        match error.kind {
            Kind::UnknownField(..) => Self::Unknown {
                origin,
                key: echo(&shown),
                allowed: key::below(&error.path[..error.path.len().saturating_sub(1)]).join(", "),
            },
            Kind::MissingField(field) => {
                let mut path = error.path;
                path.push(field.to_string());
                Self::Missing {
                    origin,
                    what: echo(&shown),
                    missing: field.to_string(),
                    allowed: key::find(&path).map_or_else(|| "a list of tables".to_owned(), |k| k.allowed.to_owned()),
                }
            }
            Kind::InvalidType(actual, wanted) | Kind::InvalidValue(actual, wanted) => Self::Wrong {
                origin,
                key: echo(&shown),
                why: if secret {
                    "it is not text".to_owned()
                } else {
                    format!("it is {}", echo(&in_words(&actual)))
                },
                allowed: expected(&wanted),
            },
            Kind::UnknownVariant(variant, allowed) => Self::Wrong {
                origin,
                key: echo(&shown),
                why: format!("it is {:?}", echo(&variant)),
                allowed: expected(&allowed.join(", ")),
            },
            other => {
                let why = if secret {
                    "it cannot be used".to_owned()
                } else {
                    echo(&other.to_string())
                };
                let why = if why.starts_with("data did not match") {
                    "it has the wrong type".to_owned()
                } else {
                    why
                };
                Self::Wrong {
                    origin,
                    key: echo(&shown),
                    why,
                    allowed: expected("see evenkeel.example.toml"),
                }
            }
        }
    }

    pub(super) fn wrong(origin: &Origin, bad: BadValue) -> Self {
        let path: Vec<String> = bad.key.split('.').map(str::to_owned).collect();
        Self::Wrong {
            origin: origin.to_string(),
            key: key::shown(&path),
            why: echo(&bad.why),
            allowed: key::find(&path).map_or("see evenkeel.example.toml", |k| k.allowed).to_owned(),
        }
    }
}

/// A value that a group's own check refuses. The key is written as figment does: `pools.0.health.rise`.
#[derive(Debug)]
pub(super) struct BadValue {
    pub(super) key: String,
    why: String,
}

impl BadValue {
    pub(super) fn new(key: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            why: why.into(),
        }
    }

    pub(super) fn within<T: PartialOrd + fmt::Display>(key: &str, value: T, range: RangeInclusive<T>) -> Result<(), Self> {
        if range.contains(&value) {
            Ok(())
        } else {
            Err(Self::new(key, format!("{value} is out of range")))
        }
    }
}

fn in_words(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => format!("the number {value}"),
        Actual::Signed(value) => format!("the number {value}"),
        Actual::Float(value) => format!("the number {value}"),
        Actual::Str(text) => format!("the text {text:?}"),
        Actual::Seq => "a list".to_owned(),
        Actual::Map => "a table".to_owned(),
        other => other.to_string(),
    }
}

/// One line, at most [`ECHO_MAX_CHARS`], nothing that steers a terminal.
pub(super) fn echo(text: &str) -> String {
    let mut out: String = text
        .chars()
        .take(ECHO_MAX_CHARS)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(ECHO_MAX_CHARS).is_some() {
        out.push('…');
    }
    out
}
