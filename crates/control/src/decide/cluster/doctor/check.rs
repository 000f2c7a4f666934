//! Compares a document with the fields that Kubernetes knows, and gives back what of it can be read.

use std::collections::HashSet;

use model::{Severity, cluster::FindingCode};
use serde_json::{Map, Value as Json};

use super::{
    edit::Pen,
    node::{Entry, Node, Value},
    notes::{Notes, note, short},
    schema::{Field, Shape},
};
use crate::ports::cluster::Quantity;

/// A name this far from a known one may be meant by it.
const TYPOS_MAX: usize = 3;
/// Longest name that is compared: the longest known one has 32 letters.
const COMPARED_MAX_BYTES: usize = 48;

/// What is right of `node`, in JSON; what is wrong is noted and left out.
pub(super) fn check(pen: Pen<'_>, node: &Node, shape: Shape, path: &str, notes: &mut Notes) -> Option<Json> {
    match (shape, &node.value) {
        (Shape::Any, _) | (_, Value::Null) => None,
        (Shape::Text, Value::Text(text)) => Some(Json::from(&**text)),
        (Shape::Word(words), Value::Text(text)) => word(pen, node, words, text, path, notes),
        (Shape::Whole(from, to), _) => whole(pen, node, (from, to), path, notes),
        (Shape::Flag, Value::Flag(flag)) => Some(Json::from(*flag)),
        (Shape::Quantity, _) => quantity(pen, node, path, notes),
        (Shape::List(of), Value::List { items, .. }) => {
            // Places in the list stay: findings name them.
            let item = |(n, item)| check(pen, item, *of, &format!("{path}[{n}]"), notes).unwrap_or_else(|| empty(*of));
            Some(items.iter().enumerate().map(item).collect())
        }
        (Shape::Named(of), Value::Map { entries, .. }) => {
            twice(entries, path, notes);
            let one = |entry: &Entry| {
                let value = check(pen, &entry.value, *of, &join(path, &short(&entry.key.name)), notes)?;
                Some((entry.key.name.to_string(), value))
            };
            Some(Json::Object(entries.iter().filter_map(one).collect()))
        }
        (Shape::Map(fields), Value::Map { entries, .. }) => Some(map(pen, node, entries, fields, path, notes)),
        (shape, _) => {
            wrong(pen, node, shape, path, notes);
            None
        }
    }
}

fn empty(shape: Shape) -> Json {
    match shape {
        Shape::Text | Shape::Word(_) => Json::from(""),
        _ => Json::Object(Map::new()),
    }
}

pub(super) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

const fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Any => "anything",
        Shape::Text | Shape::Word(_) => "a text",
        Shape::Whole(..) => "a whole number",
        Shape::Flag => "true or false",
        Shape::Quantity => "a quantity such as 250m or 64Mi",
        Shape::List(_) => "a list",
        Shape::Named(_) | Shape::Map(_) => "a mapping",
    }
}

fn wrong(pen: Pen<'_>, node: &Node, shape: Shape, path: &str, notes: &mut Notes) {
    let what = expected(shape);
    let said = note(
        FindingCode::InvalidObject,
        Severity::Critical,
        path,
        node.place.line,
        format!("{path} is {}", node.what()),
        format!("Kubernetes takes {what} here; this is {}.", node.what()),
    );
    // A number or a flag where a text belongs: in quotes it is one.
    let as_text = match (shape, &node.value) {
        (Shape::Text, Value::Number(number)) => pen.replace(node, &Json::from(number.to_string())),
        (Shape::Text, Value::Flag(flag)) => pen.replace(node, &Json::from(flag.to_string())),
        _ => None,
    };
    let said = if as_text.is_some() {
        said.advice("Put it in quotes", "Unquoted, YAML takes it for something else.")
    } else {
        said.advice("Write what is expected", format!("{path}: {what}"))
    };
    notes.push(said.mend(as_text));
}

fn word(pen: Pen<'_>, node: &Node, words: &'static [&'static str], text: &str, path: &str, notes: &mut Notes) -> Option<Json> {
    if words.contains(&text) {
        return Some(Json::from(text));
    }
    let meant = nearest(text, words.iter().copied());
    let said = note(
        FindingCode::InvalidObject,
        Severity::Critical,
        path,
        node.place.line,
        format!("{path} is {:?}", short(text)),
        format!("Kubernetes takes {} here, and refuses everything else.", words.join(", ")),
    );
    notes.push(match meant {
        Some(meant) => said
            .advice(&format!("Write {meant}"), format!("{path}: {meant}"))
            .mend(pen.replace(node, &Json::from(meant))),
        None => said.advice("Choose one", words.join(", ")),
    });
    None
}

fn whole(pen: Pen<'_>, node: &Node, (from, to): (i64, i64), path: &str, notes: &mut Notes) -> Option<Json> {
    let number = match &node.value {
        Value::Number(number) => number.as_i64(),
        Value::Text(text) => {
            // "10" and "70%" are what was meant, and no numbers.
            let meant = text.trim().trim_end_matches('%').trim_end().parse::<i64>().ok();
            let said = note(
                FindingCode::InvalidObject,
                Severity::Critical,
                path,
                node.place.line,
                format!("{path} is a text"),
                format!("Kubernetes takes a whole number here, and refuses {:?}.", short(text)),
            );
            notes.push(match meant {
                Some(meant) => said
                    .advice("Write the number", format!("{path}: {meant}"))
                    .mend(pen.replace(node, &Json::from(meant))),
                None => said.advice("Write a whole number", format!("{path}: a whole number, without quotes and unit")),
            });
            return meant.filter(|n| (from..=to).contains(n)).map(Json::from);
        }
        _ => None,
    };
    let Some(number) = number else {
        wrong(pen, node, Shape::Whole(from, to), path, notes);
        return None;
    };
    if !(from..=to).contains(&number) {
        notes.push(
            note(
                FindingCode::InvalidObject,
                Severity::Critical,
                path,
                node.place.line,
                format!("{path} is {number}"),
                format!("it has to be between {from} and {to}."),
            )
            .advice("Write a number within the bounds", format!("{path}: {from} to {to}")),
        );
        return None;
    }
    Some(Json::from(number))
}

fn quantity(pen: Pen<'_>, node: &Node, path: &str, notes: &mut Notes) -> Option<Json> {
    let text = match &node.value {
        Value::Text(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        _ => {
            wrong(pen, node, Shape::Quantity, path, notes);
            return None;
        }
    };
    if text.parse::<Quantity>().is_ok() {
        return Some(Json::from(text));
    }
    notes.push(
        note(
            FindingCode::InvalidObject,
            Severity::Critical,
            path,
            node.place.line,
            format!("{path} is no quantity"),
            format!(
                "Kubernetes takes a number with n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi or Ei, and refuses {:?}.",
                short(&text)
            ),
        )
        .advice("Write a quantity", "250m is a quarter, 64Mi are 64 × 1,024 × 1,024."),
    );
    None
}

fn map(pen: Pen<'_>, node: &Node, entries: &[Entry], fields: &'static [Field], path: &str, notes: &mut Notes) -> Json {
    twice(entries, path, notes);
    let mut read = Map::new();
    for entry in entries {
        let name = &*entry.key.name;
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            unknown(pen, node, entry, fields, path, notes);
            continue;
        };
        if let Some(value) = check(pen, &entry.value, field.shape, &join(path, name), notes) {
            read.insert(name.to_owned(), value);
        } else {
            read.remove(name);
        }
    }
    for field in fields.iter().filter(|field| field.is_needed) {
        if node.get(field.name).is_none_or(Node::is_null) {
            let at = join(path, field.name);
            notes.push(
                note(
                    FindingCode::InvalidObject,
                    Severity::Critical,
                    &at,
                    node.place.line,
                    format!("{at} is missing"),
                    "Kubernetes refuses the object without it.",
                )
                .advice("Write it", format!("{at}: {}", expected(field.shape))),
            );
        }
    }
    Json::Object(read)
}

fn twice(entries: &[Entry], path: &str, notes: &mut Notes) {
    let mut seen = HashSet::with_capacity(entries.len());
    for entry in entries {
        if notes.is_full() {
            return;
        }
        if !seen.insert(&*entry.key.name) {
            let at = join(path, &short(&entry.key.name));
            notes.push(
                note(
                    FindingCode::InvalidObject,
                    Severity::Warning,
                    &at,
                    entry.key.place.line,
                    format!("{at} stands there twice"),
                    "the last one counts, and strict readers refuse it.",
                )
                .advice("Keep one of them", "Which one is meant cannot be told from here."),
            );
        }
    }
}

fn unknown(pen: Pen<'_>, node: &Node, entry: &Entry, fields: &'static [Field], path: &str, notes: &mut Notes) {
    // The comparison costs more than the finding.
    if notes.is_full() {
        notes.left_out += 1;
        return;
    }
    let name = &*entry.key.name;
    let at = join(path, &short(name));
    let meant = nearest(name, fields.iter().map(|field| field.name)).filter(|meant| node.entry(meant).is_none());
    let said = note(
        FindingCode::UnknownField,
        Severity::Critical,
        &at,
        entry.key.place.line,
        format!("Kubernetes does not know {at}"),
        match meant {
            Some(meant) => format!("{meant} is the nearest field there; what stands here has no effect, or the object is refused."),
            None => "what stands here has no effect, or the object is refused.".to_owned(),
        },
    );
    notes.push(if let Some(meant) = meant {
        said.advice(&format!("Write {meant}"), join(path, meant))
            .mend(pen.rename(entry, meant))
    } else {
        let known: Vec<_> = fields.iter().map(|field| field.name).collect();
        said.advice("Known are", known.join(", "))
    });
}

/// The known name that was meant, if only one is near enough.
pub(super) fn nearest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if name.is_empty() || name.len() > COMPARED_MAX_BYTES {
        return None;
    }
    let lower = name.to_lowercase();
    let far = |known: &str| strsim::osa_distance(&lower, &known.to_lowercase());
    let (meant, distance) = known.map(|known| (known, far(known))).min_by_key(|(_, distance)| *distance)?;
    // Half of a short word is another word.
    (distance <= TYPOS_MAX && distance * 3 <= meant.len().max(name.len())).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_is_known_and_another_word_is_not() {
        let known = ["minReplicas", "maxReplicas", "metrics", "behavior", "name"];
        let meant = |name| nearest(name, known.into_iter());
        assert_eq!(meant("minReplica"), Some("minReplicas"));
        assert_eq!(meant("maxreplicas"), Some("maxReplicas"));
        assert_eq!(meant("behaviour"), Some("behavior"));
        assert_eq!(meant("metric"), Some("metrics"));
        assert_eq!(meant("labels"), None);
        assert_eq!(meant("age"), None);
        assert_eq!(meant(&"x".repeat(1_000)), None);
    }
}
