//! Which demand is replayed, as chosen in the form. Pure.

use model::scaling::{BuiltInTrace, WhatIfDemand};

/// How far back what was measured is replayed: id, words, ms.
const RECORDED: [(&str, &str, i64); 4] = [
    ("1h", "the last hour", 3_600_000),
    ("6h", "the last 6 hours", 6 * 3_600_000),
    ("24h", "the last 24 hours", 24 * 3_600_000),
    ("7d", "the last 7 days", 7 * 86_400_000),
];

/// What can be chosen: id and words, what was measured first.
pub fn choices() -> Vec<(String, String)> {
    let recorded = RECORDED
        .iter()
        .map(|(id, words, _)| ((*id).to_owned(), format!("Measured: {words}")));
    let built_in = BuiltInTrace::ALL
        .into_iter()
        .map(|trace| (trace.name().to_owned(), format!("Made up: {}", trace.name())));
    recorded.chain(built_in).collect()
}

/// What is behind an id; what was measured ends at `now_ms`.
pub fn demand(id: &str, now_ms: i64) -> Option<WhatIfDemand> {
    let recorded = RECORDED.iter().find(|r| r.0 == id).map(|(_, _, span_ms)| WhatIfDemand::Recorded {
        from_ms: now_ms.saturating_sub(*span_ms),
        to_ms: now_ms,
    });
    recorded.or_else(|| {
        let trace = BuiltInTrace::ALL.into_iter().find(|trace| trace.name() == id)?;
        Some(WhatIfDemand::BuiltIn { trace })
    })
}

/// A sentence about what is chosen.
pub fn about(id: &str) -> &'static str {
    BuiltInTrace::ALL
        .into_iter()
        .find(|trace| trace.name() == id)
        .map_or("What was measured of this workload, as far as it is kept.", BuiltInTrace::about)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_leads_to_a_demand() {
        let choices = choices();
        assert_eq!(choices.len(), RECORDED.len() + BuiltInTrace::ALL.len());
        for (id, _) in &choices {
            assert!(demand(id, 1_000_000_000).is_some(), "{id}");
            assert!(!about(id).is_empty());
        }
        assert_eq!(demand("nonsense", 0), None);
        assert_eq!(
            demand("1h", 10_000_000),
            Some(WhatIfDemand::Recorded {
                from_ms: 6_400_000,
                to_ms: 10_000_000
            })
        );
    }
}
