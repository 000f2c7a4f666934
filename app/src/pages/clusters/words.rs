//! Sources, owners and refusals in plain words. Pure.

use model::{
    SourceState, SourceStatus,
    cluster::{KindState, KindStatus, Manager, OwnerKind, RefusalKind},
};

use crate::{components::Icon, format};

/// State id, symbol and word of a cluster: `up`, `waiting`, `down 14 s`.
pub fn cluster(source: &SourceStatus, now_ms: i64) -> (&'static str, Icon, String) {
    match &source.state {
        SourceState::Up => ("up", Icon::Up, "up".to_owned()),
        SourceState::Waiting { .. } => ("unchecked", Icon::Unchecked, "waiting".to_owned()),
        SourceState::Down { since_ms, .. } => {
            let age = format::age_between(source.answered_at_ms.unwrap_or(*since_ms), now_ms);
            ("down", Icon::Down, format!("down {age}"))
        }
    }
}

/// The same of one kind that is watched.
pub const fn kind(state: &KindState) -> (&'static str, Icon, &'static str) {
    match state {
        KindState::Waiting => ("unchecked", Icon::Unchecked, "waiting"),
        KindState::Up => ("up", Icon::Up, "read"),
        KindState::Absent => ("unknown", Icon::Unknown, "not there"),
        KindState::Forbidden { .. } => ("going_down", Icon::Warning, "forbidden"),
        KindState::Down { .. } => ("down", Icon::Down, "down"),
    }
}

/// `12 kinds are read`, `10 of 12 kinds are read: 1 forbidden, 1 down`.
pub fn kinds(kinds: &[KindStatus]) -> String {
    let count = |is: fn(&KindState) -> bool| kinds.iter().filter(|k| is(&k.state)).count();
    let read = count(|s| matches!(s, KindState::Up));
    let rest = [
        ("waiting", count(|s| matches!(s, KindState::Waiting))),
        ("not there", count(|s| matches!(s, KindState::Absent))),
        ("forbidden", count(|s| matches!(s, KindState::Forbidden { .. }))),
        ("down", count(|s| matches!(s, KindState::Down { .. }))),
    ];
    let rest: Vec<_> = rest
        .into_iter()
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{n} {word}"))
        .collect();
    if rest.is_empty() {
        format!("{read} kinds are read")
    } else {
        format!("{read} of {} kinds are read: {}", kinds.len(), rest.join(", "))
    }
}

/// `Argo CD: shop`, `Helm`.
pub fn manager(manager: &Manager) -> String {
    if manager.name.is_empty() {
        manager.tool.clone()
    } else {
        format!("{}: {}", manager.tool, manager.name)
    }
}

pub const fn owner(kind: OwnerKind) -> &'static str {
    match kind {
        OwnerKind::Hpa => "the HPA",
        OwnerKind::Person => "a person",
        OwnerKind::GitOps => "GitOps",
        OwnerKind::Rollout => "a rollout",
        OwnerKind::Console => "this console",
        OwnerKind::Unknown => "nobody knows who",
    }
}

/// What a refusal is called, before its own reason.
pub const fn refusal(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Conflict => "Somebody changed it meanwhile",
        RefusalKind::Forbidden => "The console's account may not do that",
        RefusalKind::Managed => "GitOps would undo it",
        RefusalKind::OwnedByHpa => "An HPA sets the replicas",
        RefusalKind::Invalid => "The API server does not take it",
        RefusalKind::Budget => "A disruption budget has no room",
        RefusalKind::ReadOnly => "The settings forbid it",
        RefusalKind::Stale => "What is known is too old to act on",
        RefusalKind::Busy => "The API server asks to wait",
        RefusalKind::Unreachable => "The cluster did not answer",
    }
}

/// What to do about it, where the reason and its fix leave that open.
pub const fn refusal_advice(kind: RefusalKind) -> Option<&'static str> {
    match kind {
        RefusalKind::Budget => Some("Try again once another pod of the workload is ready."),
        RefusalKind::Busy => Some("Try again in a few seconds."),
        RefusalKind::Stale => Some("Try again when the cluster answers; until then the last known values are shown."),
        RefusalKind::Unreachable => Some("It may have been done all the same: look at the object before trying again."),
        _ => None,
    }
}

/// Whether the same may come through later.
pub const fn may_try_again(kind: RefusalKind) -> bool {
    matches!(
        kind,
        RefusalKind::Conflict | RefusalKind::Budget | RefusalKind::Busy | RefusalKind::Stale | RefusalKind::Unreachable
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_not_read_are_counted_by_what_keeps_them() {
        let one = |state| KindStatus {
            resource: "pods".to_owned(),
            state,
            objects: 0,
            heard_at_ms: None,
        };
        assert_eq!(kinds(&[one(KindState::Up), one(KindState::Up)]), "2 kinds are read");
        let mixed = [
            one(KindState::Up),
            one(KindState::Forbidden { rule: String::new() }),
            one(KindState::Absent),
            one(KindState::Absent),
        ];
        assert_eq!(kinds(&mixed), "1 of 4 kinds are read: 2 not there, 1 forbidden");
    }

    #[test]
    fn a_silent_cluster_says_for_how_long() {
        let source = SourceStatus {
            id: "prod".parse().unwrap(),
            what: "cluster prod".into(),
            state: SourceState::Down {
                since_ms: 5_000,
                why: "connection refused".into(),
            },
            answered_at_ms: Some(4_000),
            took_us: 0,
        };
        assert_eq!(cluster(&source, 18_000).2, "down 14 s");
    }
}
