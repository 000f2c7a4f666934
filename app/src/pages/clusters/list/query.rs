//! The question that the URL asks. Pure.

use model::cluster::ObjectQuery;
use serde::{Deserialize, Serialize};

use crate::url::Query;

/// In the URL as in [`ObjectQuery`].
const KEYS: [&str; 7] = ["cluster", "namespace", "kind", "text", "troubled", "order", "page"];

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Asked {
    pub query: ObjectQuery,
    /// Was typed, but no name can have it in it.
    pub impossible: Option<String>,
}

impl Asked {
    /// What cannot be read is left out.
    pub fn from_query(url: &Query) -> Self {
        let text = url.get("text").map(|text| text.trim().to_lowercase()).filter(|t| !t.is_empty());
        let mut impossible = None;
        let mut parts = Vec::new();
        for key in KEYS {
            let value = if key == "text" { text.as_deref() } else { url.get(key) };
            let Some(value) = value else { continue };
            let part = format!("{key}={value}");
            if !value.contains('&') && part.parse::<ObjectQuery>().is_ok() {
                parts.push(part);
            } else if key == "text" {
                impossible = Some(value.to_owned());
            }
        }
        Self {
            query: parts.join("&").parse().unwrap_or_default(),
            impossible,
        }
    }

    pub fn is_filtered(&self) -> bool {
        let query = ObjectQuery {
            page: 0,
            order: self.query.order,
            ..ObjectQuery::default()
        };
        ObjectQuery {
            page: 0,
            ..self.query.clone()
        } != query
    }
}

/// `101–200 of 4,321`
pub fn place(query: &ObjectQuery, rows: usize, found: u32) -> String {
    let found_words = crate::format::count(found.into());
    if rows == 0 {
        return format!("0 of {found_words}");
    }
    let first = u64::from(query.page).saturating_mul(ObjectQuery::ROWS as u64) + 1;
    let last = first + rows as u64 - 1;
    format!("{}–{} of {found_words}", crate::format::count(first), crate::format::count(last))
}

/// Whether another page follows.
pub fn has_more(query: &ObjectQuery, found: u32) -> bool {
    u64::from(query.page).saturating_add(1).saturating_mul(ObjectQuery::ROWS as u64) < u64::from(found)
}

#[cfg(test)]
mod tests {
    use model::cluster::{ObjectKind, ObjectOrder};

    use super::*;

    fn asked(pairs: &[(&str, &str)]) -> Asked {
        let url = pairs.iter().fold(Query::default(), |url, (key, value)| url.with(key, value));
        Asked::from_query(&url)
    }

    #[test]
    fn a_url_becomes_a_question_and_nonsense_is_left_out() {
        let it = asked(&[
            ("cluster", "prod"),
            ("kind", "hpa"),
            ("text", " Web "),
            ("order", "name"),
            ("page", "2"),
            ("range", "5m"),
        ]);
        assert_eq!(it.query.to_string(), "cluster=prod&kind=hpa&text=web&order=name&page=2");
        assert_eq!((it.query.kind, it.query.order), (Some(ObjectKind::Hpa), ObjectOrder::Name));
        assert!(it.is_filtered() && it.impossible.is_none());
        let bad = asked(&[
            ("cluster", "<b>"),
            ("kind", "pod"),
            ("page", "-1"),
            ("namespace", "a&page=9"),
            ("order", "x"),
        ]);
        assert_eq!(bad, Asked::default());
        assert!(!bad.is_filtered() && !asked(&[("order", "name"), ("page", "3")]).is_filtered());
    }

    #[test]
    fn a_text_that_no_name_can_have_is_told_and_not_asked() {
        let it = asked(&[("text", "<Script>"), ("namespace", "shop")]);
        assert_eq!((it.query.text, it.query.namespace.as_deref()), (None, Some("shop")));
        assert_eq!(it.impossible.as_deref(), Some("<script>"));
        assert!(asked(&[("text", "a&troubled=1")]).impossible.is_some());
    }

    #[test]
    fn a_page_says_where_it_is() {
        let page = |page| ObjectQuery {
            page,
            ..ObjectQuery::default()
        };
        assert_eq!(place(&page(0), 100, 4_321), "1–100 of 4,321");
        assert_eq!(place(&page(43), 21, 4_321), "4,301–4,321 of 4,321");
        assert_eq!(place(&page(0), 0, 0), "0 of 0");
        assert!(has_more(&page(0), 101) && !has_more(&page(0), 100) && !has_more(&page(43), 4_321));
    }
}
