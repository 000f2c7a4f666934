//! The ticked rows; in the URL, so that they survive a reload and can be sent to a colleague.

use std::collections::BTreeSet;

use leptos::prelude::*;
use model::InstanceId;

use crate::url::UseQuery;

const KEY: &str = "ticked";
/// A URL that every server takes: more names than this stay out of it.
const IN_URL_MAX: usize = 50;

fn parse(text: &str) -> BTreeSet<InstanceId> {
    text.split(',').filter_map(|id| id.parse().ok()).collect()
}

fn write(ticked: &BTreeSet<InstanceId>) -> String {
    if ticked.len() > IN_URL_MAX {
        return String::new();
    }
    ticked.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(",")
}

#[derive(Clone, Copy)]
pub struct Selection {
    ticked: RwSignal<BTreeSet<InstanceId>>,
    query: UseQuery,
}

impl Selection {
    pub fn new(query: UseQuery) -> Self {
        let ticked = query.query.with_untracked(|q| q.get(KEY).map(parse)).unwrap_or_default();
        Self {
            ticked: RwSignal::new(ticked),
            query,
        }
    }

    pub fn has(self, id: &InstanceId) -> bool {
        self.ticked.with(|t| t.contains(id))
    }

    pub fn set(self, id: &InstanceId, ticked: bool) {
        self.set_all(std::slice::from_ref(id), ticked);
    }

    pub fn set_all(self, ids: &[InstanceId], ticked: bool) {
        self.ticked.update(|set| {
            for id in ids {
                if ticked {
                    set.insert(id.clone());
                } else {
                    set.remove(id);
                }
            }
        });
        let text = self.ticked.with_untracked(write);
        self.query.replace(|q| q.with(KEY, &text));
    }

    pub fn clear(self) {
        self.ticked.update(BTreeSet::clear);
        self.query.replace(|q| q.without(KEY));
    }

    /// Those of the ticked that the pool (still) has.
    pub fn among(self, members: &BTreeSet<InstanceId>) -> Vec<InstanceId> {
        self.ticked.with(|t| t.intersection(members).cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_round_trip_through_the_url_and_hostile_names_do_not() {
        let ticked = parse("web-1,web-2,<script>,");
        assert_eq!(write(&ticked), "web-1,web-2");
        assert_eq!(parse(&write(&ticked)), ticked);
        let many: BTreeSet<InstanceId> = (0..100).map(|n| format!("i-{n}").parse().unwrap()).collect();
        assert_eq!(write(&many), "");
    }
}
