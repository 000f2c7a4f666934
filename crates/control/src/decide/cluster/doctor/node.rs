//! A document with the place of everything in it, so that a finding names its line and a mend touches nothing else.

use std::{ops::Range, sync::Arc};

use serde_json::Number;

/// Where something stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes.
    pub(super) at: Range<usize>,
    /// From 1.
    pub(super) line: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) place: Place,
    /// It stands for several places (anchors, aliases, merged keys): it is read, but never mended.
    pub(super) is_shared: bool,
    /// How deep it is below itself.
    pub(super) depth: u16,
    pub(super) value: Value,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Null,
    Flag(bool),
    Number(Number),
    Text(Arc<str>),
    List { items: Vec<Node>, is_flow: bool },
    Map { entries: Vec<Entry>, is_flow: bool },
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Key,
    pub(super) value: Node,
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) name: Arc<str>,
    pub(super) place: Place,
}

impl Node {
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map { entries, .. } => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List { items, .. } => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The last one counts, as for Kubernetes.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| *entry.key.name == *key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// By `spec.metrics[0].resource`.
    pub(super) fn find(&self, path: &str) -> Option<&Self> {
        let mut node = self;
        for step in path.split('.') {
            let (key, indexes) = step.split_once('[').unwrap_or((step, ""));
            node = node.get(key)?;
            for index in indexes.split('[').filter(|index| !index.is_empty()) {
                node = node.items().get(index.trim_end_matches(']').parse::<usize>().ok()?)?;
            }
        }
        Some(node)
    }

    /// The line of what is at this path, or of the nearest thing around it that is there.
    pub(super) fn line_of(&self, path: &str) -> u32 {
        let mut path = path;
        loop {
            if let Some(found) = self.find(path) {
                return found.place.line;
            }
            let Some(cut) = path.rfind(['.', '[']) else {
                return self.place.line;
            };
            path = &path[..cut];
        }
    }

    /// Whether it or something in it stands for several places.
    pub(super) fn has_shared(&self) -> bool {
        self.is_shared || self.items().iter().any(Self::has_shared) || self.entries().iter().any(|entry| entry.value.has_shared())
    }

    pub(super) fn share(&mut self) {
        self.is_shared = true;
        match &mut self.value {
            Value::List { items, .. } => items.iter_mut().for_each(Self::share),
            Value::Map { entries, .. } => entries.iter_mut().for_each(|entry| entry.value.share()),
            _ => {}
        }
    }

    /// How many there are of it: itself and everything in it.
    pub(super) fn count(&self) -> usize {
        let inside: usize = match &self.value {
            Value::List { items, .. } => items.iter().map(Self::count).sum(),
            Value::Map { entries, .. } => entries.iter().map(|entry| entry.value.count()).sum(),
            _ => 0,
        };
        inside + 1
    }

    /// What it is, for a person: "a text".
    pub(super) const fn what(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing",
            Value::Flag(_) => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List { .. } => "a list",
            Value::Map { .. } => "a mapping",
        }
    }
}
