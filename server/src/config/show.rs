//! The effective settings as text, each with its origin, secrets cut out.

use std::fmt::Write as _;

use figment::value::Value;

use super::{
    ConfigError, Inputs, key,
    layers::stack,
    load::{load, origin},
};

/// Whole TOML, so that it can be saved and used; the origin stands behind each line.
///
/// # Errors
/// As [`load`].
pub fn show(inputs: &Inputs) -> Result<String, ConfigError> {
    let config = load(inputs)?;
    let (figment, _) = stack(inputs)?;
    // Serialised from the typed settings and not from figment's raw values: only the types know what is secret.
    let values = Value::serialize(&config.settings).map_err(ConfigError::of)?;
    let mut out = String::new();
    for group in groups() {
        let Some(dict) = values.find_ref(group).and_then(Value::as_dict) else {
            continue;
        };
        let _ = writeln!(out, "[{group}]");
        for (name, value) in dict {
            let from = origin(&figment, &format!("{group}.{name}"));
            let line = match value {
                Value::Empty(..) => format!("# {name} is not set"),
                value => format!("{name} = {}", toml_text(value)),
            };
            let _ = writeln!(out, "{line:<48} # {from}");
        }
        out.push('\n');
    }
    for list in ["pools", "routes", "clusters"] {
        let from = origin(&figment, list);
        for item in values.find_ref(list).and_then(Value::as_array).unwrap_or_default() {
            let _ = writeln!(out, "[[{list}]] # {from}");
            for (name, value) in item.as_dict().into_iter().flatten() {
                let text = toml_text(value);
                if text != "{}" && !matches!(value, Value::Empty(..)) {
                    let _ = writeln!(out, "{name} = {text}");
                }
            }
            out.push('\n');
        }
    }
    if config.is_embedded() {
        out.push_str("# No [[pools]]: three samples and traffic to them are started (the embedded default).\n");
    }
    Ok(out)
}

fn groups() -> Vec<&'static str> {
    key::below(&[])
        .into_iter()
        .filter(|g| !matches!(*g, "pools" | "routes" | "clusters"))
        .collect()
}

fn toml_text(value: &Value) -> String {
    match value {
        Value::Array(_, items) => format!("[{}]", items.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        Value::Dict(_, dict) => {
            let set = dict.iter().filter(|(_, v)| !matches!(v, Value::Empty(..)));
            let items: Vec<_> = set.map(|(k, v)| format!("{k} = {}", toml_text(v))).collect();
            if items.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", items.join(", "))
            }
        }
        // JSON writes text, numbers and truth values as TOML does.
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

/// Every key of the default settings, for the test that compares them with the list of keys.
#[cfg(test)]
pub(super) fn default_keys() -> Vec<String> {
    let values = Value::serialize(super::Settings::default()).unwrap();
    let mut out = Vec::new();
    for (group, value) in values.as_dict().unwrap() {
        keys_of(group, value, &mut out);
    }
    // Lists have keys of their own.
    out.retain(|key| key.contains('.'));
    out
}

#[cfg(test)]
fn keys_of(name: &str, value: &Value, out: &mut Vec<String>) {
    match value.as_dict() {
        Some(dict) => dict
            .iter()
            .for_each(|(member, value)| keys_of(&format!("{name}.{member}"), value, out)),
        None => out.push(name.to_owned()),
    }
}
