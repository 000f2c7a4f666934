//! The question that the URL asks. Pure.

use model::{
    Actor, WorkloadId,
    scaling::{ScalingEvent, ScalingEventFilter},
};
use serde::{Deserialize, Serialize};

use crate::{
    pages::scaling::words,
    url::{Query, since::Stretch},
};

/// Who changed it: id and words.
pub const BY: [(&str, &str); 3] = [("system", "the policy"), ("user", "people"), ("outside", "others, at the source")];
pub const OUTCOMES: [(&str, &str); 4] = [
    ("pending", "under way"),
    ("reached", "ready"),
    ("superseded", "overtaken"),
    ("failed", "failed"),
];

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct HistoryQuery {
    /// An id from [`BY`].
    pub by: Option<String>,
    /// An id from [`OUTCOMES`].
    pub outcome: Option<String>,
    /// Only changes by more than five.
    pub far: bool,
    pub stretch: Stretch,
}

impl HistoryQuery {
    /// What cannot be read is left out.
    pub fn from_query(query: &Query) -> Self {
        let one_of = |key, ids: &[(&str, &str)]| {
            query
                .get(key)
                .filter(|id| ids.iter().any(|known| known.0 == *id))
                .map(str::to_owned)
        };
        Self {
            by: one_of("by", &BY),
            outcome: one_of("outcome", &OUTCOMES),
            far: query.get("far") == Some("1"),
            stretch: Stretch::from_query(query),
        }
    }

    /// What the store is asked; "the last hour" ends at `now_ms`. The rest [`Self::passes`] sees to.
    pub fn filter(&self, workload: WorkloadId, now_ms: i64) -> ScalingEventFilter {
        ScalingEventFilter {
            workload: Some(workload),
            from_ms: self.stretch.from_ms(now_ms),
            to_ms: None,
            before_id: self.stretch.before_id,
        }
    }

    pub fn passes(&self, change: &ScalingEvent) -> bool {
        let by = match change.actor {
            Actor::System(_) => "system",
            Actor::User(_) => "user",
            Actor::Outside(_) => "outside",
        };
        self.by.as_deref().is_none_or(|id| id == by)
            && self.outcome.as_deref().is_none_or(|id| id == change.outcome.id())
            && (!self.far || words::is_far(change))
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
    use model::scaling::ScalingOutcome;

    use super::*;

    #[test]
    fn a_url_becomes_a_question_and_nonsense_is_left_out() {
        let url = Query::default()
            .with("by", "user")
            .with("outcome", "<b>")
            .with("since", "1h")
            .with("before", "7");
        let asked = HistoryQuery::from_query(&url);
        let filter = asked.filter("web".parse().unwrap(), 10_000_000);
        assert_eq!((filter.from_ms, filter.before_id), (Some(6_400_000), Some(7)));
        assert_eq!((asked.by.as_deref(), asked.outcome.as_deref()), (Some("user"), None));
        assert!(asked.is_filtered() && !HistoryQuery::from_query(&Query::default().with("before", "7")).is_filtered());
    }

    #[test]
    fn who_outcome_and_size_are_looked_at() {
        let change = ScalingEvent {
            id: 1,
            workload: "web".parse().unwrap(),
            at_ms: 0,
            from: 3,
            to: 9,
            cause: String::new(),
            leading: None,
            metrics: Vec::new(),
            actor: Actor::User("ada".to_owned()),
            outcome: ScalingOutcome::Failed("refused".to_owned()),
            ended_at_ms: None,
        };
        let passes = |key: &str, value: &str| HistoryQuery::from_query(&Query::default().with(key, value)).passes(&change);
        assert!(passes("by", "user") && passes("outcome", "failed") && passes("far", "1"));
        assert!(!passes("by", "system") && !passes("outcome", "reached"));
    }
}
