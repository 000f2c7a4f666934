//! Where settings come from, weakest first. Each variable and each flag is a layer of its own, so that an error or `check-config` names
//! exactly the one that set a value.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{CUSTOMARY, ConfigError, Settings};

/// Read when it is there and `--config` names no other.
const DEFAULT_FILE: &str = "evenkeel.toml";

/// All that settings are made from. A value, so that tests need not touch the process environment.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// `--config`, or the variable `EVENKEEL_CONFIG`.
    pub file: Option<PathBuf>,
    /// Name and value of every environment variable.
    pub variables: Vec<(String, String)>,
    /// Flag, key and value: `("--listen", "console.listen", "127.0.0.1:0")`.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

impl Inputs {
    /// The process environment; a variable that is not UTF-8 cannot be one of ours.
    pub fn from_process(file: Option<PathBuf>, flags: Vec<(&'static str, &'static str, String)>) -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self { file, variables, flags }
    }
}

/// Who set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Flag(name) => write!(f, "the flag {name}"),
        }
    }
}

impl Origin {
    fn name(&self) -> String {
        match self {
            Self::Default => "default:".to_owned(),
            Self::File(path) => format!("file:{}", path.display()),
            Self::Variable(name) => format!("variable:{name}"),
            Self::Flag(name) => format!("flag:{name}"),
        }
    }

    /// The inverse of what a layer writes into figment's metadata.
    pub(super) fn of(metadata: Option<&Metadata>) -> Self {
        let name = metadata.map_or("default:", |m| m.name.as_ref());
        match name.split_once(':') {
            Some(("file", path)) => Self::File(path.into()),
            Some(("variable", name)) => Self::Variable(name.to_owned()),
            Some(("flag", name)) => Self::Flag(name.to_owned()),
            _ => Self::Default,
        }
    }
}

struct Layer {
    origin: Origin,
    dict: Dict,
}

impl Layer {
    fn one(origin: Origin, key: &str, value: Value) -> Self {
        let value = key
            .rsplit('.')
            .fold(value, |value, part| Value::from(Dict::from([(part.to_owned(), value)])));
        let dict = value.into_dict().unwrap_or_default();
        Self { origin, dict }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.name())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Map::from([(Profile::Default, self.dict.clone())]))
    }
}

/// All layers in one, and the file that was read.
pub(super) fn stack(inputs: &Inputs) -> Result<(Figment, Option<PathBuf>), ConfigError> {
    let defaults = Value::serialize(Settings::default())
        .ok()
        .and_then(Value::into_dict)
        .expect("the default settings are a map of plain values");
    let text = |key: &str, raw: &str| typed(&defaults, key, raw);
    let mut figment = Figment::from(Layer {
        origin: Origin::Default,
        dict: defaults.clone(),
    });

    let file = file_to_read(inputs);
    if let Some(path) = &file {
        figment = figment.merge(read(path)?);
    }
    for (name, key) in CUSTOMARY {
        if let Some((_, raw)) = inputs.variables.iter().find(|(n, value)| n == name && !value.is_empty()) {
            figment = figment.merge(Layer::one(Origin::Variable((*name).to_owned()), key, text(key, raw)));
        }
    }
    let mut own: Vec<_> = inputs.variables.iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    own.sort();
    for (name, raw) in own {
        if let Some(key) = key_of_variable(name)? {
            figment = figment.merge(Layer::one(Origin::Variable(name.clone()), &key, text(&key, raw)));
        }
    }
    for (flag, key, raw) in &inputs.flags {
        figment = figment.merge(Layer::one(Origin::Flag((*flag).to_owned()), key, text(key, raw)));
    }
    Ok((figment, file))
}

const PREFIX: &str = "EVENKEEL_";
const FILE_VARIABLE: &str = "EVENKEEL_CONFIG";
/// Read by `evenkeel gateway` itself: it is no setting of a console.
pub(crate) const TOKEN_VARIABLE: &str = "EVENKEEL_GATEWAY_TOKEN";

fn file_to_read(inputs: &Inputs) -> Option<PathBuf> {
    let variable = || {
        inputs
            .variables
            .iter()
            .find(|(name, value)| name == FILE_VARIABLE && !value.is_empty())
    };
    let named = inputs.file.clone().or_else(|| variable().map(|(_, path)| path.into()));
    named.or_else(|| Path::new(DEFAULT_FILE).is_file().then(|| DEFAULT_FILE.into()))
}

fn read(path: &Path) -> Result<Layer, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|e| ConfigError::unreadable(path, &e))?;
    let data = Toml::string(&text).data().map_err(|e| ConfigError::syntax(path, &e))?;
    Ok(Layer {
        origin: Origin::File(path.to_owned()),
        dict: data.into_values().next().unwrap_or_default(),
    })
}

/// `EVENKEEL_CONSOLE__LISTEN` → `console.listen`; `None` for those that are no settings.
fn key_of_variable(name: &str) -> Result<Option<String>, ConfigError> {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    if name == FILE_VARIABLE || name == TOKEN_VARIABLE || is_service_link(rest) {
        return Ok(None);
    }
    if rest == "LOG" {
        return Ok(Some("log.filter".to_owned()));
    }
    if !rest.contains("__") {
        return Err(ConfigError::unknown_variable(name));
    }
    Ok(Some(rest.to_ascii_lowercase().replace("__", ".")))
}

/// Kubernetes puts these into every container beside a Service called "evenkeel" or "evenkeel-gateway": `…_SERVICE_HOST`,
/// `…_SERVICE_PORT` with perhaps a port's name, `…_PORT`, and `…_PORT_80_TCP` with perhaps `_ADDR`, `_PORT` or `_PROTO`. A setting has two
/// underscores between its parts.
fn is_service_link(rest: &str) -> bool {
    // What stands behind the word, wherever it is a word of its own.
    let tails = |word: &'static str| {
        let places = rest.match_indices(word).filter(|(at, _)| *at == 0 || rest[..*at].ends_with('_'));
        places.map(move |(at, _)| &rest[at + word.len()..])
    };
    let of_host = tails("SERVICE_HOST").any(str::is_empty);
    let of_service_port = tails("SERVICE_PORT").any(|tail| tail.is_empty() || tail.starts_with('_'));
    let of_port = tails("PORT").any(|tail| {
        let number = tail.strip_prefix('_').and_then(|tail| tail.chars().next());
        tail.is_empty() || number.is_some_and(|c| c.is_ascii_digit())
    });
    !rest.contains("__") && (of_host || of_service_port || of_port)
}

/// A variable is text; whether `123` means a number depends on the setting.
fn typed(defaults: &Dict, key: &str, raw: &str) -> Value {
    let default = key.split_once('.').and_then(|(group, rest)| defaults.get(group)?.find_ref(rest));
    match default {
        Some(Value::Bool(..) | Value::Num(..) | Value::Array(..)) => raw.parse().unwrap_or_else(|never| match never {}),
        _ => Value::from(raw),
    }
}
