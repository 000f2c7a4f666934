//! The question that the URL asks. Pure.

use model::{WorkloadId, scaling::LedgerFilter};
use serde::{Deserialize, Serialize};

use crate::url::{Query, since::Stretch};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LedgerQuery {
    pub changes_only: bool,
    pub stretch: Stretch,
}

impl LedgerQuery {
    /// What cannot be read is left out.
    pub fn from_query(query: &Query) -> Self {
        Self {
            changes_only: query.get("changes") == Some("1"),
            stretch: Stretch::from_query(query),
        }
    }

    /// The same question for the store; "the last hour" ends at `now_ms`.
    pub fn filter(&self, workload: WorkloadId, now_ms: i64) -> LedgerFilter {
        LedgerFilter {
            workload,
            from_ms: self.stretch.from_ms(now_ms),
            to_ms: None,
            changes_only: self.changes_only,
            before_id: self.stretch.before_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_a_question_and_nonsense_is_left_out() {
        let url = Query::default().with("changes", "1").with("since", "1h").with("before", "x");
        let asked = LedgerQuery::from_query(&url);
        let filter = asked.filter("web".parse().unwrap(), 10_000_000);
        assert!(filter.changes_only);
        assert_eq!((filter.from_ms, filter.before_id), (Some(6_400_000), None));
        let plain = LedgerQuery::from_query(&Query::default().with("since", "9y").with("changes", "yes"));
        assert_eq!(plain, LedgerQuery::default());
    }
}
