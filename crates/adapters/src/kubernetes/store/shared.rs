//! Equal values once: pods of one replica set have the same labels and containers, and a cluster has few words.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use control::ports::cluster::{Condition, Container, Meta};

/// Below it nothing is swept away.
const SWEEP_FROM: usize = 4_096;

/// Values of one type.
struct Shared<T: ?Sized> {
    known: HashSet<Arc<T>>,
    sweep_at: usize,
}

impl<T: ?Sized + Eq + Hash> Shared<T> {
    fn new() -> Self {
        Self {
            known: HashSet::new(),
            sweep_at: SWEEP_FROM,
        }
    }

    fn share(&mut self, one: &mut Arc<T>)
    where
        Arc<T>: Borrow<T>,
    {
        if let Some(known) = self.known.get::<T>(one) {
            *one = known.clone();
            return;
        }
        if self.known.len() >= self.sweep_at {
            self.known.retain(|known| Arc::strong_count(known) > 1);
            self.sweep_at = (self.known.len() * 2).max(SWEEP_FROM);
        }
        self.known.insert(one.clone());
    }
}

pub(super) struct Interner {
    words: Shared<str>,
    labels: Shared<BTreeMap<Arc<str>, Arc<str>>>,
    containers: Shared<[Container]>,
}

impl Interner {
    pub(super) fn new() -> Self {
        Self {
            words: Shared::new(),
            labels: Shared::new(),
            containers: Shared::new(),
        }
    }

    pub(super) fn word(&mut self, word: &mut Arc<str>) {
        self.words.share(word);
    }

    pub(super) fn words<'a>(&mut self, words: impl IntoIterator<Item = &'a mut Arc<str>>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    pub(super) fn containers(&mut self, containers: &mut Arc<[Container]>) {
        self.containers.share(containers);
    }

    pub(super) fn conditions(&mut self, conditions: &mut [Condition]) {
        for condition in conditions {
            self.words([&mut condition.kind, &mut condition.status, &mut condition.reason]);
        }
    }

    pub(super) fn meta(&mut self, meta: &mut Meta) {
        self.word(&mut meta.namespace);
        if !self.labels.known.contains(&meta.labels) {
            let same = |(key, value): (&Arc<str>, &Arc<str>)| {
                let (mut key, mut value) = (key.clone(), value.clone());
                self.words.share(&mut key);
                self.words.share(&mut value);
                (key, value)
            };
            meta.labels = Arc::new(meta.labels.iter().map(same).collect());
        }
        self.labels.share(&mut meta.labels);
        for owner in &mut meta.owner_references {
            self.words.share(&mut owner.kind);
            self.words.share(&mut owner.name);
        }
        for owner in &mut meta.owners {
            self.words.share(&mut owner.manager);
        }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.words.known.len() + self.labels.known.len() + self.containers.known.len()
    }
}
