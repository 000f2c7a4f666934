//! Which pods a workload, a budget or a metric means.

use std::{collections::BTreeMap, sync::Arc};

use serde::Deserialize;

/// Names and values that must be equal, and expressions (`matchExpressions`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    pub match_labels: BTreeMap<Box<str>, Box<str>>,
    pub match_expressions: Vec<Expression>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Expression {
    pub key: Box<str>,
    /// `In`, `NotIn`, `Exists`, `DoesNotExist`.
    pub operator: Box<str>,
    pub values: Vec<Box<str>>,
}

impl Selector {
    /// As `labelSelector` takes it: `a=b,c in (d,e),!f`; empty for everything.
    pub fn text(&self) -> String {
        let equal = self.match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = self.match_expressions.iter().map(|e| match &*e.operator {
            "In" => format!("{} in ({})", e.key, e.values.join(",")),
            "NotIn" => format!("{} notin ({})", e.key, e.values.join(",")),
            "Exists" => e.key.to_string(),
            _ => format!("!{}", e.key),
        });
        equal.chain(expressions).collect::<Vec<_>>().join(",")
    }

    pub fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether these labels are picked. An operator that nobody knows picks nothing.
    pub fn picks(&self, labels: &BTreeMap<Arc<str>, Arc<str>>) -> bool {
        let equal = self
            .match_labels
            .iter()
            .all(|(key, value)| labels.get(&**key).is_some_and(|v| **v == **value));
        let holds = |e: &Expression| {
            let value = labels.get(&*e.key);
            let is_one = || value.is_some_and(|v| e.values.iter().any(|one| **one == **v));
            match &*e.operator {
                "In" => is_one(),
                "NotIn" => !is_one(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        };
        equal && self.match_expressions.iter().all(holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selector_picks_what_kubernetes_picks() {
        let selector: Selector = serde_json::from_str(
            r#"{"matchLabels":{"app":"web"},"matchExpressions":[
                {"key":"tier","operator":"In","values":["a","b"]},{"key":"old","operator":"DoesNotExist"},
                {"key":"zone","operator":"NotIn","values":["x"]}]}"#,
        )
        .unwrap();
        let labels = |pairs: &[(&str, &str)]| {
            pairs
                .iter()
                .map(|(k, v)| (Arc::from(*k), Arc::from(*v)))
                .collect::<BTreeMap<_, _>>()
        };
        assert!(selector.picks(&labels(&[("app", "web"), ("tier", "b")])));
        assert!(!selector.picks(&labels(&[("app", "web"), ("tier", "c")])));
        assert!(!selector.picks(&labels(&[("app", "web"), ("tier", "a"), ("old", "")])));
        assert!(!selector.picks(&labels(&[("app", "web"), ("tier", "a"), ("zone", "x")])));
        assert_eq!(selector.text(), "app=web,tier in (a,b),!old,zone notin (x)");
    }
}
