//! Which objects of the clusters, in which order.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{ClusterId, ObjectKind};
use crate::InvalidValue;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectOrder {
    /// What needs a look first.
    #[default]
    Worst,
    Name,
}

/// Everything absent: all of it, worst first. As text a query string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct ObjectQuery {
    pub cluster: Option<ClusterId>,
    pub namespace: Option<String>,
    pub kind: Option<ObjectKind>,
    /// Part of a name, in lower case.
    pub text: Option<String>,
    /// Only what needs a look.
    pub troubled: bool,
    pub order: ObjectOrder,
    /// From 0; of [`ObjectQuery::ROWS`] rows each.
    pub page: u32,
}

impl ObjectQuery {
    pub const ROWS: usize = 100;
    const TEXT_MAX_BYTES: usize = 253;
    const PAGE_MAX: u32 = 1_000;

    /// Whether everything in it can be asked for at all.
    fn is_fine(&self) -> bool {
        let is_name = |text: &String| {
            text.len() <= Self::TEXT_MAX_BYTES
                && text
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'))
        };
        self.namespace.as_ref().is_none_or(is_name) && self.text.as_ref().is_none_or(is_name) && self.page <= Self::PAGE_MAX
    }
}

impl fmt::Display for ObjectQuery {
    /// Only what differs from asking for everything: `namespace=shop&page=2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.cluster.as_ref().map(|c| format!("cluster={c}")),
            self.namespace.as_ref().map(|n| format!("namespace={n}")),
            self.kind.map(|k| format!("kind={}", k.id())),
            self.text.as_ref().map(|t| format!("text={t}")),
            self.troubled.then(|| "troubled=1".to_owned()),
            (self.order == ObjectOrder::Name).then(|| "order=name".to_owned()),
            (self.page > 0).then(|| format!("page={}", self.page)),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join("&"))
    }
}

impl FromStr for ObjectQuery {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let mut query = Self::default();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let invalid = |allowed: &str| InvalidValue::new(key.to_owned(), allowed.to_owned());
            match key {
                "cluster" => query.cluster = Some(ClusterId::new(value).map_err(|e| invalid(&e.to_string()))?),
                "namespace" => query.namespace = Some(value.to_owned()),
                "kind" => {
                    let kind = ObjectKind::ALL.into_iter().find(|k| k.id() == value);
                    query.kind = Some(kind.ok_or_else(|| invalid("allowed: hpa, deployment, statefulset"))?);
                }
                "text" => query.text = Some(value.to_owned()),
                "troubled" => query.troubled = value == "1",
                "order" => {
                    query.order = match value {
                        "name" => ObjectOrder::Name,
                        "worst" => ObjectOrder::Worst,
                        _ => return Err(invalid("allowed: worst, name")),
                    }
                }
                "page" => query.page = value.parse().map_err(|_| invalid("a number from 0"))?,
                _ => return Err(invalid("allowed: cluster, namespace, kind, text, troubled, order, page")),
            }
        }
        if query.is_fine() {
            Ok(query)
        } else {
            Err(InvalidValue::new(
                "query",
                "names are made of a-z, 0-9, '-' and '.'; pages go to 1,000",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_text() {
        for text in ["", "cluster=prod&namespace=shop&kind=hpa&text=web&troubled=1&order=name&page=3"] {
            assert_eq!(text.parse::<ObjectQuery>().unwrap().to_string(), text);
        }
        for bad in ["text=<b>", "page=-1", "kind=pod", "other=1", "page=5000"] {
            assert!(bad.parse::<ObjectQuery>().is_err(), "{bad}");
        }
    }
}
