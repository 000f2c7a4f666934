//! How what is read of each kind stands, over all the namespaces that are read one by one.

use std::{collections::BTreeMap, sync::Arc};

use model::cluster::{KindState, KindStatus};

use super::super::kind::Kind;

/// One kind, of all namespaces or of one.
pub(in crate::kubernetes) type Scope = (Kind, Option<Arc<str>>);

#[derive(Debug, Clone, PartialEq)]
pub(super) struct ScopeStatus {
    pub state: KindState,
    pub heard_at_ms: Option<i64>,
    /// Since when there are more objects than are kept; Unix time, ms.
    pub over_since_ms: Option<i64>,
}

impl ScopeStatus {
    pub(super) const WAITING: Self = Self {
        state: KindState::Waiting,
        heard_at_ms: None,
        over_since_ms: None,
    };

    /// Worst first.
    fn rank(&self) -> u8 {
        match self.state {
            KindState::Down { .. } => 0,
            KindState::Forbidden { .. } => 1,
            _ if self.over_since_ms.is_some() => 2,
            KindState::Waiting => 3,
            KindState::Absent => 4,
            KindState::Up => 5,
        }
    }
}

/// One line for each kind: the worst of its scopes, the oldest of what was heard.
pub(super) fn kinds(scopes: &BTreeMap<Scope, ScopeStatus>, counts: &[usize], objects_max: usize) -> Arc<[KindStatus]> {
    let line = |kind: Kind| {
        let of_kind = || scopes.iter().filter(move |((k, _), _)| *k == kind).map(|(_, status)| status);
        let worst = of_kind().min_by_key(|status| status.rank())?;
        let state = match (&worst.state, worst.over_since_ms) {
            (KindState::Up | KindState::Waiting | KindState::Absent, Some(since_ms)) => KindState::Down {
                since_ms,
                why: format!("the cluster has more than {objects_max} of them; no more are kept"),
            },
            (state, _) => state.clone(),
        };
        Some(KindStatus {
            resource: kind.resource(),
            state,
            objects: u32::try_from(counts[kind as usize]).unwrap_or(u32::MAX),
            heard_at_ms: of_kind().map(|s| s.heard_at_ms).min().flatten(),
        })
    };
    Kind::ALL.into_iter().filter_map(line).collect()
}
