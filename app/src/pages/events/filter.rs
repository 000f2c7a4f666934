//! The question that the URL asks. Pure.

use model::{EventFilter, EventKind, PoolId, Severity};
use serde::{Deserialize, Serialize};

use crate::url::{Query, since::Stretch};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EventsQuery {
    pub kind: Option<EventKind>,
    pub severity: Option<Severity>,
    pub pool: Option<PoolId>,
    pub text: Option<String>,
    pub stretch: Stretch,
}

impl EventsQuery {
    /// What cannot be read is left out.
    pub fn from_query(query: &Query) -> Self {
        Self {
            kind: query.get("kind").and_then(|id| id.parse().ok()),
            severity: query.get("severity").and_then(|id| id.parse().ok()),
            pool: query.get("pool").and_then(|id| id.parse().ok()),
            text: query.get("q").map(|text| text.chars().take(EventFilter::TEXT_MAX).collect()),
            stretch: Stretch::from_query(query),
        }
    }

    /// The same question for the store; "the last hour" ends at `now_ms`.
    pub fn filter(&self, now_ms: i64) -> EventFilter {
        EventFilter {
            kind: self.kind,
            severity: self.severity,
            pool: self.pool.clone(),
            text: self.text.clone(),
            from_ms: self.stretch.from_ms(now_ms),
            to_ms: None,
            before_id: self.stretch.before_id,
        }
    }

    pub fn is_filtered(&self) -> bool {
        *self
            != Self {
                stretch: self.stretch.of_all(),
                ..Self::default()
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_a_question_and_nonsense_is_left_out() {
        let url = Query::default()
            .with("kind", "instance.down")
            .with("severity", "warning")
            .with("since", "1h")
            .with("pool", "<b>");
        let asked = EventsQuery::from_query(&url);
        let filter = asked.filter(10_000_000);
        assert_eq!(
            (filter.kind, filter.severity),
            (Some(EventKind::InstanceDown), Some(Severity::Warning))
        );
        assert_eq!((filter.from_ms, filter.pool), (Some(6_400_000), None));
        assert!(asked.is_filtered() && asked.stretch.is_first_page());
        let later = EventsQuery::from_query(&Query::default().with("before", "17"));
        assert!(!later.is_filtered() && !later.stretch.is_first_page());
    }

    #[test]
    fn a_long_text_is_cut_to_what_the_store_takes() {
        let asked = EventsQuery::from_query(&Query::default().with("q", &"é".repeat(10_000)));
        assert_eq!(asked.text.unwrap().chars().count(), EventFilter::TEXT_MAX);
    }
}
