//! Series for the tests of the charts.

use std::collections::BTreeSet;

use model::{Actor, Event, EventKind, NewEvent, Series, Severity};

use super::{Input, base::Span, palette::Theme};

pub(super) const START_MS: i64 = 1_790_000_000_000;

pub(super) const FIVE_MINUTES: Span = Span {
    from_ms: START_MS,
    to_ms: START_MS + 300_000,
};

pub(super) fn series(key: &str, from_ms: i64, step_ms: i64, values: &[Option<f32>]) -> Series {
    Series {
        key: key.parse().unwrap(),
        times_ms: (0..).map(|at| from_ms + at * step_ms).take(values.len()).collect(),
        values: values.to_vec(),
    }
}

pub(super) fn event(id: i64, at_ms: i64, severity: Severity, summary: &str) -> Event {
    Event {
        id,
        event: NewEvent {
            at_ms,
            kind: EventKind::InstanceDown,
            severity,
            pool: None,
            instance: None,
            summary: summary.to_owned(),
            cause: String::new(),
            actor: Actor::system("health check"),
        },
    }
}

/// All of `series`, over five minutes, nothing hidden, no events, light.
pub(super) fn input(series: &[Series]) -> Input<'_> {
    static NOTHING: BTreeSet<String> = BTreeSet::new();
    Input {
        series,
        span: FIVE_MINUTES,
        hidden: &NOTHING,
        events: &[],
        target: None,
        theme: Theme::Light,
    }
}
