//! The chart of the Overview: everything that passes through this console, and what happened meanwhile.

use std::collections::BTreeMap;

use leptos::{prelude::*, task::spawn_local};
use model::{Event, EventFilter, SeriesKey};

use super::{base::Span, kind::Kind, panel::ChartPanel, window::Window};
use crate::{api, live::Live, url::use_query};

/// More marks than this would hide the lines; the newest are kept.
const MARKS: u32 = 60;

/// Requests, errors and instances of all pools, with the events of the time shown.
#[component]
pub(crate) fn TrafficChart(
    /// The newest ones, as the page shows them.
    #[prop(into)]
    events: Signal<Vec<Event>>,
) -> impl IntoView {
    let keys: Vec<_> = Kind::Traffic.metrics().iter().map(|&metric| SeriesKey::total(metric)).collect();
    let query = use_query();
    let window = Memo::new(move |_| query.query.with(Window::from_query));
    let events = use_events(window.into(), events);
    view! { <ChartPanel kind=Kind::Traffic keys=Signal::stored(keys) events=events group="overview" /> }
}

/// The stored events of the window, read once it and the server's time are known, and the newest.
fn use_events(window: Signal<Window>, newest: Signal<Vec<Event>>) -> Signal<Vec<Event>> {
    let live = Live::expect();
    let known = RwSignal::new(BTreeMap::<i64, Event>::new());
    let now_known = Memo::new(move |_| live.frame.with(Option::is_some));
    let learn = move |events: Vec<Event>| {
        known.try_maybe_update(|known| {
            let before = known.len();
            known.extend(events.into_iter().map(|e| (e.id, e)));
            while known.len() > MARKS as usize {
                known.pop_first();
            }
            (known.len() != before, ())
        });
    };
    Effect::new(move |_| {
        let now_ms = live.frame.with_untracked(|frame| frame.as_ref().map(|f| f.at_ms));
        let (true, Some(now_ms)) = (now_known.get(), now_ms) else { return };
        let span = match window.get() {
            Window::Last(range) => Span {
                from_ms: now_ms - range.ms(),
                to_ms: now_ms,
            },
            Window::Between(span) => span,
        };
        known.set(newest.get_untracked().into_iter().map(|e| (e.id, e)).collect());
        spawn_local(async move {
            let filter = EventFilter {
                from_ms: Some(span.from_ms),
                to_ms: Some(span.to_ms),
                ..EventFilter::default()
            };
            // Marks are an extra: without them the chart is still right, and the list of events says what is wrong.
            if let Ok(page) = api::events(filter, MARKS).await {
                learn(page.items);
            }
        });
    });
    Effect::new(move |_| learn(newest.get()));
    Memo::new(move |_| known.with(|known| known.values().cloned().collect())).into()
}
