//! Changes of the replicas as marks in the chart.

use std::collections::BTreeMap;

use leptos::{prelude::*, task::spawn_local};
use model::{
    Event, EventKind, NewEvent, Severity,
    scaling::{ScalingEvent, ScalingEventFilter, ScalingOutcome},
};

use crate::{
    api,
    charts::Window,
    live::Live,
    pages::scaling::{Scaled, words},
    url::UseQuery,
};

/// More marks than this would hide the lines; the newest are kept.
const MARKS: usize = 60;

/// The stored changes of the time shown, read once it and the server's time are known, and the newest.
pub fn use_marks(of: Scaled, query: UseQuery) -> Signal<Vec<Event>> {
    let window = Memo::new(move |_| query.query.with(Window::from_query));
    let live = Live::expect();
    let known = RwSignal::new(BTreeMap::<i64, Event>::new());
    let newest = of.changes;
    let is_known = Memo::new(move |_| live.frame.with(Option::is_some));
    let learn = move |changes: Vec<ScalingEvent>| {
        known.try_maybe_update(|known| {
            let before = known.len();
            known.extend(changes.iter().map(|c| (c.id, mark(c))));
            while known.len() > MARKS {
                known.pop_first();
            }
            (known.len() != before, ())
        });
    };
    Effect::new(move |_| {
        if !is_known.get() {
            return;
        }
        let now_ms = of.now_ms.get_untracked();
        let (from_ms, to_ms) = match window.get() {
            Window::Last(range) => (now_ms - range.ms(), now_ms),
            Window::Between(span) => (span.from_ms, span.to_ms),
        };
        let filter = ScalingEventFilter {
            workload: Some(of.id.get_value()),
            from_ms: Some(from_ms),
            to_ms: Some(to_ms),
            before_id: None,
        };
        known.update(BTreeMap::clear);
        learn(newest.get_untracked());
        spawn_local(async move {
            // Marks are an extra: without them the chart is still right, and the history says what is wrong.
            if let Ok(page) = api::scaling_events(filter, u32::try_from(MARKS).unwrap_or(u32::MAX)).await {
                learn(page.items);
            }
        });
    });
    Effect::new(move |_| learn(newest.get()));
    Memo::new(move |_| known.with(|known| known.values().cloned().collect())).into()
}

/// What the chart marks: the moment, and in words what changed.
fn mark(change: &ScalingEvent) -> Event {
    let (kind, severity) = match change.outcome {
        ScalingOutcome::Failed(_) => (EventKind::ScalingFailed, Severity::Critical),
        _ if words::is_far(change) => (EventKind::ScaledFar, Severity::Warning),
        _ => (EventKind::Scaled, Severity::Info),
    };
    Event {
        id: change.id,
        event: NewEvent {
            at_ms: change.at_ms,
            kind,
            severity,
            pool: None,
            instance: None,
            summary: format!("{}: {}", words::course(change), change.cause),
            cause: String::new(),
            actor: change.actor.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use model::Actor;

    use super::*;

    #[test]
    fn a_mark_tells_the_change_and_how_bad_it_was() {
        let change = ScalingEvent {
            id: 7,
            workload: "web".parse().unwrap(),
            at_ms: 9,
            from: 3,
            to: 9,
            cause: "cpu 82 % of 70 %".to_owned(),
            leading: None,
            metrics: Vec::new(),
            actor: Actor::system("autoscaler"),
            outcome: ScalingOutcome::Pending,
            ended_at_ms: None,
        };
        let far = mark(&change);
        assert_eq!((far.id, far.event.at_ms, far.event.severity), (7, 9, Severity::Warning));
        assert_eq!(far.event.summary, "3 → 9: cpu 82 % of 70 %");
        let failed = ScalingEvent {
            outcome: ScalingOutcome::Failed("refused".to_owned()),
            ..change
        };
        assert_eq!(mark(&failed).event.severity, Severity::Critical);
    }
}
