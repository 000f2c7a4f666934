//! Mends a text where it is wrong. Everything else, comments and order included, stays as it was.

use std::ops::Range;

use serde_json::{Map, Value as Json};

use super::node::{Entry, Node, Place, Value};

/// What takes the place of a stretch of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    at: Range<usize>,
    with: String,
}

/// The text with all of them. Of two that touch the same, the later is left for another round.
pub(super) fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.at.start, edit.at.end));
    let mut out = String::with_capacity(text.len() + 64 * edits.len());
    let mut done = 0;
    let mut is_first = true;
    for edit in edits {
        let touches = !is_first && edit.at.start <= done;
        let Some(before) = text.get(done..edit.at.start).filter(|_| !touches) else {
            continue;
        };
        if text.get(edit.at.clone()).is_none() {
            continue;
        }
        out.push_str(before);
        out.push_str(&edit.with);
        (done, is_first) = (edit.at.end, false);
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

/// Makes edits of one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen<'a> {
    text: &'a str,
}

impl<'a> Pen<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text }
    }

    /// Another value.
    pub(super) fn replace(self, node: &Node, with: &Json) -> Option<Edit> {
        let is_word = !matches!(node.value, Value::List { .. } | Value::Map { .. });
        (is_word && !node.is_shared && !node.place.at.is_empty()).then(|| self.put(&node.place, with))
    }

    /// Another name for a field.
    pub(super) fn rename(self, entry: &Entry, name: &str) -> Option<Edit> {
        let is_simple = !entry.value.is_shared && !entry.key.place.at.is_empty();
        is_simple.then(|| self.put(&entry.key.place, &Json::from(name)))
    }

    fn put(self, place: &Place, with: &Json) -> Edit {
        let old = self.text.get(place.at.clone()).unwrap_or_default();
        let with = match (with, old.as_bytes().first()) {
            // As it was quoted before: JSON stays JSON.
            (Json::String(text), Some(b'"')) => Json::from(text.as_str()).to_string(),
            (Json::String(text), _) => word(text),
            (other, _) => other.to_string(),
        };
        Edit {
            at: place.at.clone(),
            with,
        }
    }

    /// One more field behind the last of a mapping.
    pub(super) fn add(self, map: &Node, key: &str, value: &Json) -> Option<Edit> {
        if map.is_shared {
            return None;
        }
        let Value::Map { entries, is_flow } = &map.value else { return None };
        if *is_flow {
            let close = map.place.at.end.checked_sub(1)?;
            let last = entries.iter().rev().find(|entry| !is_elsewhere(entry, map));
            let (at, comma) = last.map_or((close, ""), |entry| (end_of(entry), ", "));
            let name = if self.is_json() { Json::from(key).to_string() } else { word(key) };
            return Some(Edit {
                at: at..at,
                with: format!("{comma}{name}: {}", self.flow(value)),
            });
        }
        let first = entries.iter().find(|entry| !is_elsewhere(entry, map))?;
        let column = self.column(first.key.place.at.start)?;
        let at = self.line_end(entries.iter().filter(|entry| !is_elsewhere(entry, map)).map(end_of).max()?);
        Some(Edit {
            at: at..at,
            with: self.block(key, value, column).concat(),
        })
    }

    /// What a field holds, where it holds nothing or an empty mapping.
    pub(super) fn fill(self, map: &Node, entry: &Entry, value: &Json) -> Option<Edit> {
        let is_empty = entry.value.is_null() || (entry.value.entries().is_empty() && matches!(entry.value.value, Value::Map { .. }));
        let Value::Map { is_flow, .. } = map.value else { return None };
        if !is_empty || entry.value.is_shared || map.is_shared {
            return None;
        }
        if is_flow {
            let at = entry.value.place.at.clone();
            return (!at.is_empty()).then(|| Edit {
                at,
                with: self.flow(value),
            });
        }
        let column = self.column(entry.key.place.at.start)?;
        let colon = entry.key.place.at.end + self.text.get(entry.key.place.at.end..)?.find(':')? + 1;
        let until = entry.value.place.at.end.max(colon);
        Some(Edit {
            at: colon..until,
            with: self.below(value, column + 2).concat(),
        })
    }

    /// Makes comments of the lines of a field, or of an item of a list, with a line before them that says why.
    pub(super) fn comment_out(self, at: Range<usize>, is_flow: bool, why: &str) -> Option<Edit> {
        if is_flow {
            return None;
        }
        let start = self.line_start(at.start);
        let end = self.line_end(at.end);
        let indent = self.text.get(start..at.start)?;
        // Something before it on its line has to stay.
        if !indent.bytes().all(|b| b == b' ') {
            return None;
        }
        let newline = self.newline();
        let mut with = format!("{indent}# {why}");
        for line in self.text.get(start..end)?.lines() {
            let line = line.strip_prefix(indent).unwrap_or(line);
            with.push_str(newline);
            with.push_str(indent);
            with.push_str("# ");
            with.push_str(line.trim_end_matches('\r'));
        }
        Some(Edit { at: start..end, with })
    }

    /// An item of a list in blocks, with the dash before it.
    pub(super) fn item(self, item: &Node) -> Option<Range<usize>> {
        let start = self.line_start(item.place.at.start);
        let before = self.text.get(start..item.place.at.start)?;
        let dash = start + before.trim_end().strip_suffix('-')?.len();
        Some(dash..item.place.at.end)
    }

    /// A field, from its name to the end of what it holds.
    pub(super) fn field(entry: &Entry) -> Range<usize> {
        entry.key.place.at.start..end_of(entry)
    }

    /// A field with others in its place.
    pub(super) fn exchange(self, map: &Node, entry: &Entry, key: &str, value: &Json) -> Option<Edit> {
        if map.is_shared || entry.value.has_shared() {
            return None;
        }
        let Value::Map { is_flow, .. } = map.value else { return None };
        let at = entry.key.place.at.start..end_of(entry);
        if is_flow {
            let name = if self.is_json() { Json::from(key).to_string() } else { word(key) };
            return Some(Edit {
                at,
                with: format!("{name}: {}", self.flow(value)),
            });
        }
        let column = self.column(at.start)?;
        let lines = self.block(key, value, column);
        let with = lines.concat();
        // It stands where the old one stood, so the first line needs no indent.
        Some(Edit {
            at,
            with: with.trim_start_matches(['\r', '\n']).trim_start_matches(' ').to_owned(),
        })
    }

    fn is_json(self) -> bool {
        self.text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '['])
    }

    fn flow(self, value: &Json) -> String {
        match value {
            Json::String(text) if !self.is_json() => word(text),
            Json::Object(fields) if !self.is_json() => {
                let fields: Vec<_> = ordered(fields)
                    .map(|(key, value)| format!("{}: {}", word(key), self.flow(value)))
                    .collect();
                format!("{{{}}}", fields.join(", "))
            }
            Json::Array(items) if !self.is_json() => {
                let items: Vec<_> = items.iter().map(|item| self.flow(item)).collect();
                format!("[{}]", items.join(", "))
            }
            other => other.to_string(),
        }
    }

    /// `key: value` below something, each line with its line break in front.
    fn block(self, key: &str, value: &Json, column: usize) -> Vec<String> {
        let lead = format!("{}{}{}:", self.newline(), " ".repeat(column), word(key));
        let mut lines = vec![lead];
        match value {
            Json::Object(fields) if !fields.is_empty() => lines.extend(self.below(value, column + 2)),
            Json::Array(items) if !items.is_empty() => lines.extend(self.below(value, column + 2)),
            other => {
                lines.push(" ".to_owned());
                lines.push(self.flow(other));
            }
        }
        lines
    }

    fn below(self, value: &Json, column: usize) -> Vec<String> {
        match value {
            Json::Object(fields) => ordered(fields).flat_map(|(key, value)| self.block(key, value, column)).collect(),
            Json::Array(items) => items
                .iter()
                .flat_map(|item| {
                    let lines = self.below(item, column + 2).concat();
                    let inner = lines.trim_start_matches(['\r', '\n']).trim_start_matches(' ').to_owned();
                    [format!("{}{}- ", self.newline(), " ".repeat(column)), inner]
                })
                .collect(),
            other => vec![format!("{}{}{}", self.newline(), " ".repeat(column), self.flow(other))],
        }
    }

    fn newline(self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }

    fn line_start(self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |n| n + 1)
    }

    /// Before its line break.
    fn line_end(self, at: usize) -> usize {
        // A text in `|` ends with its line break.
        let at = self.text.get(..at).map_or(at, |before| before.trim_end().len());
        let rest = self.text.get(at..).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        at + line.trim_end_matches('\r').len()
    }

    /// How far in something stands; absent where a tab or a letter of more than one column is before it.
    fn column(self, at: usize) -> Option<usize> {
        let before = self.text.get(self.line_start(at)..at)?;
        let before = before.trim_start_matches('\u{feff}');
        before.bytes().all(|b| matches!(b, b' ' | b'-' | b'?')).then_some(before.len())
    }
}

/// What a thing is comes first, as people write it.
fn ordered(fields: &Map<String, Json>) -> impl Iterator<Item = (&String, &Json)> {
    let is_first = |key: &str| matches!(key, "type" | "name");
    let first = fields.iter().filter(move |(key, _)| is_first(key));
    first.chain(fields.iter().filter(move |(key, _)| !is_first(key)))
}

fn end_of(entry: &Entry) -> usize {
    entry.value.place.at.end.max(entry.key.place.at.end)
}

/// It was merged in by `<<` and stands somewhere else.
fn is_elsewhere(entry: &Entry, map: &Node) -> bool {
    entry.key.place.at.start < map.place.at.start || entry.key.place.at.end > map.place.at.end
}

/// A text as YAML writes it: plain where it cannot be taken for something else.
fn word(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./".contains(&b))
        && matches!(super::scalar::plain(text), Value::Text(_));
    // A quantity begins with a digit and is still no number.
    let is_quantity = text.parse::<crate::ports::cluster::Quantity>().is_ok() && text.ends_with(|c: char| c.is_ascii_alphabetic());
    if is_plain || is_quantity && matches!(super::scalar::plain(text), Value::Text(_)) {
        text.to_owned()
    } else {
        Json::from(text).to_string()
    }
}
