use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::ports::cluster::{MetricQuestion, NamespaceObjects};

/// What one namespace asks for.
pub(super) type Questions = (Arc<str>, BTreeSet<MetricQuestion>);

/// What the HPAs of a cluster ask its metrics APIs for, namespace by namespace: only those that changed are looked through.
#[derive(Default)]
pub(super) struct Asked(BTreeMap<Arc<str>, BTreeSet<MetricQuestion>>);

impl Asked {
    /// All that is asked for; nothing where it is the same as before.
    pub(super) fn after(
        &mut self,
        namespaces: &BTreeMap<Arc<str>, Arc<NamespaceObjects>>,
        anew: Vec<Questions>,
    ) -> Option<Vec<MetricQuestion>> {
        let mut is_same = true;
        self.0.retain(|namespace, questions| {
            let is_left = namespaces.contains_key(namespace);
            is_same &= is_left || questions.is_empty();
            is_left
        });
        for (namespace, questions) in anew {
            let before = self.0.get(&namespace);
            is_same &= before.map_or(questions.is_empty(), |before| *before == questions);
            self.0.insert(namespace, questions);
        }
        (!is_same).then(|| self.0.values().flatten().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_another_list_is_told() {
        let shop: Arc<str> = "shop".into();
        let question = |metric: &str| MetricQuestion::External {
            namespace: "shop".into(),
            metric: metric.into(),
            metric_selector: "".into(),
        };
        let asks = |metrics: &[&str]| vec![(shop.clone(), metrics.iter().map(|m| question(m)).collect())];
        let there = BTreeMap::from([(shop.clone(), Arc::default())]);
        let mut asked = Asked::default();
        assert_eq!(asked.after(&there, asks(&[])), None, "nothing was asked for before either");
        assert_eq!(asked.after(&there, asks(&["queue"])), Some(vec![question("queue")]));
        assert_eq!(asked.after(&there, asks(&["queue"])), None);
        assert_eq!(asked.after(&there, vec![]), None, "the namespace did not change");
        assert_eq!(asked.after(&BTreeMap::new(), vec![]), Some(vec![]), "it is gone with its HPAs");
    }
}
