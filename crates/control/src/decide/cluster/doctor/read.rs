//! From text to documents. Every bound is here: what is larger, deeper or more than this is refused with a sentence, not read.

use std::collections::{HashMap, HashSet};

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span, StructureStyle, options};
use model::cluster::DoctorAnswer;

use super::{
    node::{Entry, Key, Node, Place, Value},
    scalar,
};

/// Deepest nesting; a Deployment has about 12.
const DEPTH_MAX: u16 = 64;
/// Most values of one input, those that aliases repeat included: ten times what 500 documents of Kubernetes have.
const NODES_MAX: usize = 200_000;

/// Why a document, or everything, cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub(super) struct Unreadable {
    pub(super) line: u32,
    pub(super) why: String,
}

/// Each document that is not empty, or why it cannot be read. What refuses the input as a whole comes last.
pub(super) fn read(text: &str) -> Vec<Result<Node, Unreadable>> {
    if let Err(refused) = fits(text) {
        return vec![Err(refused)];
    }
    let mut options = options! { flow_nesting_limit: usize::from(DEPTH_MAX), block_nesting_limit: usize::from(DEPTH_MAX) };
    options.set_emit_comments(false);
    let mut parser = Parser::new_from_str_with_options(text, options);
    let mut documents = Vec::new();
    let mut builder = Builder::default();
    while let Some(next) = parser.next_event() {
        let refused = match next {
            Ok((Event::DocumentEnd, _)) => {
                documents.extend(builder.take().map(Ok));
                None
            }
            Ok((event, span)) => builder.event(event, span).err(),
            Err(error) => Some(unreadable(text, &error)),
        };
        if let Some(refused) = refused {
            let is_too_much = builder.nodes > NODES_MAX;
            documents.push(Err(refused));
            builder.take();
            // What follows the next `---` can be read all the same.
            if is_too_much || !matches!(parser.proceed_next_document(), Ok(true)) {
                break;
            }
        }
        if documents.len() > DoctorAnswer::DOCUMENTS_MAX {
            let line = documents.pop().map_or(1, |d| d.map_or_else(|e| e.line, |node| node.place.line));
            documents.push(Err(Unreadable {
                line,
                why: format!(
                    "more than {} documents: those from here on are not read",
                    DoctorAnswer::DOCUMENTS_MAX
                ),
            }));
            break;
        }
    }
    documents
}

fn fits(text: &str) -> Result<(), Unreadable> {
    let refused = |line, why| Err(Unreadable { line, why });
    if text.len() > DoctorAnswer::INPUT_MAX_BYTES {
        let why = format!("{} bytes; at most {} are read", text.len(), DoctorAnswer::INPUT_MAX_BYTES);
        return refused(1, why);
    }
    let is_barred = |c: char| (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || matches!(c, '\u{fffe}' | '\u{ffff}');
    if let Some((at, barred)) = text.char_indices().find(|(_, c)| is_barred(*c)) {
        return refused(
            line_at(text, at),
            format!("the control character U+{:04X} has no place in YAML", u32::from(barred)),
        );
    }
    Ok(())
}

fn line_at(text: &str, at: usize) -> u32 {
    line(text.get(..at).unwrap_or(text).matches('\n').count() + 1)
}

fn unreadable(text: &str, error: &ScanError) -> Unreadable {
    let at = error.marker().byte_offset().unwrap_or_default().min(text.len());
    let start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let around = text[start..].lines().next().unwrap_or_default();
    let hint = if around.contains("{{") || text[..start].lines().next_back().unwrap_or_default().contains("{{") {
        "; it looks like a template: give what it renders to, such as `helm template` prints"
    } else if around.starts_with('\t') || around.trim_start_matches(' ').starts_with('\t') {
        "; YAML is indented by spaces, and there is a tab"
    } else {
        ""
    };
    Unreadable {
        line: line(error.marker().line()),
        why: format!("this is not YAML: {}{hint}", error.info()),
    }
}

fn line(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// A collection that is not finished yet.
struct Open {
    place: Place,
    anchor: usize,
    is_flow: bool,
    held: Held,
}

enum Held {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Option<Key> },
}

/// Makes one document of events.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    done: Option<Node>,
    /// Of the whole input.
    nodes: usize,
}

impl Builder {
    /// The document; absent where it is empty.
    fn take(&mut self) -> Option<Node> {
        self.open.clear();
        self.anchors.clear();
        self.done.take().filter(|node| !node.is_null())
    }

    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Unreadable> {
        let place = Place {
            at: span.byte_range().unwrap_or_default(),
            line: line(span.start.line()),
        };
        match event {
            Event::Scalar(word, style, anchor, tag) => {
                let is_text = tag.as_ref().is_some_and(|tag| tag.core_suffix() == Some("str"));
                let value = match style {
                    ScalarStyle::Plain if !is_text => scalar::plain(&word),
                    _ => scalar::text(&word),
                };
                let node = self.node(place, value, 0)?;
                self.put(node, anchor)
            }
            Event::SequenceStart(style, anchor, _) => self.begin(place, style, anchor, Held::List(Vec::new())),
            Event::MappingStart(style, anchor, _) => {
                let held = Held::Map {
                    entries: Vec::new(),
                    key: None,
                };
                self.begin(place, style, anchor, held)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(place),
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor) else {
                    let why = "an alias stands inside of what it stands for".to_owned();
                    return Err(Unreadable { line: place.line, why });
                };
                // Counted before it is copied: nine lines can stand for a billion values.
                self.nodes = self.nodes.saturating_add(known.count());
                self.counted(place.line)?;
                let mut node = known.clone();
                node.share();
                node.place = place;
                self.put(node, 0)
            }
            _ => Ok(()),
        }
    }

    fn node(&mut self, place: Place, value: Value, depth: u16) -> Result<Node, Unreadable> {
        self.nodes += 1;
        self.counted(place.line)?;
        if depth > DEPTH_MAX {
            return Err(Unreadable {
                line: place.line,
                why: format!("nested more than {DEPTH_MAX} deep"),
            });
        }
        Ok(Node {
            place,
            is_shared: false,
            depth,
            value,
        })
    }

    fn counted(&self, line: u32) -> Result<(), Unreadable> {
        if self.nodes <= NODES_MAX {
            return Ok(());
        }
        let why = format!("more than {NODES_MAX} values, with those that aliases repeat: nothing from here on is read");
        Err(Unreadable { line, why })
    }

    fn begin(&mut self, place: Place, style: StructureStyle, anchor: usize, held: Held) -> Result<(), Unreadable> {
        self.counted(place.line)?;
        self.open.push(Open {
            place,
            anchor,
            is_flow: style == StructureStyle::Flow,
            held,
        });
        Ok(())
    }

    fn end(&mut self, end: Place) -> Result<(), Unreadable> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let is_flow = open.is_flow;
        let (value, last, depth) = match open.held {
            Held::List(items) => {
                let last = items.last().map(|item| item.place.at.end);
                let depth = items.iter().map(|item| item.depth + 1).max();
                (Value::List { items, is_flow }, last, depth)
            }
            Held::Map { entries, .. } => {
                let last = entries
                    .iter()
                    .map(|entry| entry.value.place.at.end.max(entry.key.place.at.end))
                    .max();
                let entries = merged(entries);
                let depth = entries.iter().map(|entry| entry.value.depth + 1).max();
                (Value::Map { entries, is_flow }, last, depth)
            }
        };
        let mut place = open.place;
        // The end of a block is told where the next thing begins.
        place.at.end = if is_flow {
            end.at.end
        } else {
            last.unwrap_or(place.at.start).max(place.at.start)
        };
        let node = self.node(place, value, depth.unwrap_or_default())?;
        self.put(node, open.anchor)
    }

    fn put(&mut self, mut node: Node, anchor: usize) -> Result<(), Unreadable> {
        if node.is_null()
            && node.place.at.is_empty()
            && let Some(Open {
                held: Held::Map { key: Some(key), .. },
                ..
            }) = self.open.last()
        {
            // Nothing stands behind the key, and where nothing stands is told where the next thing begins.
            node.place = Place {
                at: key.place.at.end..key.place.at.end,
                line: key.place.line,
            };
        }
        if anchor != 0 {
            node.share();
            self.nodes = self.nodes.saturating_add(node.count());
            self.counted(node.place.line)?;
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.done = Some(node);
            return Ok(());
        };
        match &mut open.held {
            Held::List(items) => items.push(node),
            Held::Map { entries, key } => match key.take() {
                Some(key) => entries.push(Entry { key, value: node }),
                None => *key = Some(self::key(node)?),
            },
        }
        Ok(())
    }
}

fn key(node: Node) -> Result<Key, Unreadable> {
    let name = match &node.value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => number.to_string().into(),
        Value::Flag(flag) => flag.to_string().into(),
        Value::Null => "null".into(),
        Value::List { .. } | Value::Map { .. } => {
            return Err(Unreadable {
                line: node.place.line,
                why: "the name of a field is a text, not a list or a mapping; `{{ … }}` of a template has to be rendered first".to_owned(),
            });
        }
    };
    Ok(Key { name, place: node.place })
}

/// With what `<<` stands for; a field of its own counts more.
fn merged(mut entries: Vec<Entry>) -> Vec<Entry> {
    let Some(at) = entries.iter().position(|entry| &*entry.key.name == "<<") else {
        return entries;
    };
    let merge = entries.remove(at);
    let sources = match merge.value.value {
        Value::List { items, .. } => items,
        _ => vec![merge.value],
    };
    let mut names: HashSet<_> = entries.iter().map(|own| own.key.name.clone()).collect();
    let mut all = Vec::new();
    for source in sources {
        let Value::Map { entries: more, .. } = source.value else { continue };
        for mut entry in more {
            if names.insert(entry.key.name.clone()) {
                entry.value.share();
                all.push(entry);
            }
        }
    }
    // First, so that what is written in the mapping itself stays its end.
    all.append(&mut entries);
    all
}
