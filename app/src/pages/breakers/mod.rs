//! Every circuit breaker, worst first: what it counted, what became of it, and what an operator can do about it.

mod act;
mod dialog;
mod row;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use leptos::prelude::*;
use leptos_meta::Title;
use model::{BreakerRow, BreakerState, BreakersView, Frame, SourceState, ViewData, ViewKey};

use self::{
    act::{Actor, Verb},
    row::{Key, Row},
};
use crate::{
    api::{self, Me, Problem},
    components::{BreakerLegend, Empty, EventList, SourceNote, first_paint},
    live::Live,
};

#[component]
pub fn BreakersPage() -> impl IntoView {
    let first = Resource::new(|| (), |()| read());
    view! {
        <Title text="Breakers" />
        <header class="page-head">
            <h1>"Breakers"</h1>
        </header>
        {first_paint(first, |(frame, me)| view! { <Breakers frame=frame me=me /> })}
    }
}

async fn read() -> Result<(Frame, Me), Problem> {
    let me = api::me().await?;
    Ok((api::view(ViewKey::Breakers).await?, me))
}

fn breakers(frame: &Frame) -> Option<&BreakersView> {
    match &frame.view {
        ViewData::Breakers(view) => Some(view),
        _ => None,
    }
}

/// More rows than this are not drawn: nobody reads them, and each costs time with every frame.
const ROWS_MAX: usize = 200;

/// Rows by key, built once a frame.
type Index = Arc<BTreeMap<Key, BreakerRow>>;

#[component]
fn Breakers(frame: Frame, me: Me) -> impl IntoView {
    let live = Live::expect();
    let frames = live.from_first(frame);
    Effect::new(move |_| live.listen(ViewKey::Breakers));

    let now_ms = Memo::new(move |_| frames.with(|f| f.at_ms));
    let ticked = RwSignal::new(BTreeSet::<Key>::new());
    let order: Memo<Vec<Key>> = Memo::new(move |_| {
        let first = |v: &BreakersView| v.breakers.iter().take(ROWS_MAX).map(Key::of).collect();
        frames.with(|f| breakers(f).map(first).unwrap_or_default())
    });
    let total = Memo::new(move |_| frames.with(|f| breakers(f).map_or(0, |v| v.breakers.len())));
    // Always new with a frame, so never compared.
    let index: Memo<Index> = Memo::new_with_compare(
        move |_| {
            let rows = |v: &BreakersView| v.breakers.iter().map(|b| (Key::of(b), b.clone())).collect();
            frames.with(|f| Arc::new(breakers(f).map(rows).unwrap_or_default()))
        },
        |_, _| true,
    );
    let silent = Memo::new(move |_| {
        frames.with(|f| breakers(f).and_then(|v| v.sources.iter().find(|s| matches!(s.state, SourceState::Down { .. })).cloned()))
    });
    let chosen = Memo::new(move |_| {
        ticked.with(|ticked| index.with(|index| ticked.iter().filter_map(|key| index.get(key).cloned()).collect::<Vec<_>>()))
    });
    let why_not = me.why_not_change();
    let actor = Actor::new(me.environment.production);
    let spared = Memo::new(move |_| {
        index.with(|index| {
            index
                .values()
                .filter(|b| matches!(b.status.state, BreakerState::Open | BreakerState::ForcedOpen))
                .count()
        })
    });
    let more = move || {
        let hidden = total.get().saturating_sub(ROWS_MAX);
        (hidden > 0).then(|| view! { <p class="table-foot">{format!("{hidden} more are not shown; the worst come first.")}</p> })
    };
    let summary = move || match (spared.get(), total.get()) {
        (_, 0) => String::new(),
        (0, all) => format!("All {all} let requests through."),
        (open, all) => format!("{open} of {all} let nothing through."),
    };
    let disabled = why_not.is_some();
    let bulk = Verb::ALL
        .into_iter()
        .map(|verb| {
            view! {
                <button type="button" class="button small" disabled=disabled on:click=move |_| actor.ask(verb, chosen.get_untracked())>
                    {verb.label()}
                </button>
            }
        })
        .collect_view();
    let row = {
        let why_not = why_not.clone();
        move |key: Key| view! { <Row key=key index=index now_ms=now_ms ticked=ticked actor=actor why_not=why_not.clone() /> }
    };
    let ticks_all = move || order.with(|order| !order.is_empty() && ticked.with(|t| order.iter().all(|key| t.contains(key))));
    let tick_all = move |event| {
        let all = event_target_checked(&event);
        ticked.set(if all {
            order.get_untracked().into_iter().collect()
        } else {
            BTreeSet::new()
        });
    };
    let empty = move || {
        order.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="No breakers are known">
                    <p>"The built-in gateway has one for each pool and instance; none of its pools has answered yet."</p>
                </Empty>
            }
        })
    };
    view! {
        <SourceNote source=silent now_ms=now_ms />
        <section class="panel">
            <p class="panel-note muted" role="status">
                {summary}
            </p>
            <div class="bulk" role="group" aria-label="Ticked breakers" hidden=move || chosen.with(Vec::is_empty)>
                <span class="strong">{move || format!("{} ticked", chosen.with(Vec::len))}</span>
                {bulk}
                <button type="button" class="button small quiet" on:click=move |_| ticked.set(BTreeSet::new())>
                    "Untick all"
                </button>
                {why_not.map(|why| view! { <span class="hint">{why}</span> })}
            </div>
            <div class="table-box" class:stale=move || silent.with(Option::is_some) tabindex="0" role="region" aria-label="Breakers">
                <table class="table sticky instances">
                    <thead>
                        <tr>
                            <th scope="col" class="tick js-only">
                                <input type="checkbox" aria-label="Tick all breakers" prop:checked=ticks_all on:change=tick_all />
                            </th>
                            <th scope="col">"State"</th>
                            <th scope="col">"Breaker of"</th>
                            <th scope="col" class="number" title="In the policy's window">
                                "Failed"
                            </th>
                            <th scope="col" class="number">"Since"</th>
                            <th scope="col" class="number" title="When it goes on by itself">
                                "Goes on in"
                            </th>
                            <th scope="col" class="number" title="Since the balancer started">
                                "Opened"
                            </th>
                            <th scope="col">"Why"</th>
                            <th scope="col">
                                <span class="hidden-visually">"Actions"</span>
                            </th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || order.get() key=Clone::clone children=row />
                    </tbody>
                </table>
            </div>
            {more}
            {empty}
            <BreakerLegend />
        </section>
        <History frames=frames now_ms=now_ms />
        <dialog::ActDialog actor=actor />
    }
    .into_any()
}

/// What became of them lately.
#[component]
fn History(frames: Signal<Arc<Frame>>, now_ms: Memo<i64>) -> impl IntoView {
    let events = Memo::new(move |_| frames.with(|f| breakers(f).map(|v| v.events.clone()).unwrap_or_default()));
    let empty = move || {
        events.with(Vec::is_empty).then(|| {
            view! {
                <Empty title="No breaker has moved lately">
                    <p>"Each transition appears here with its cause."</p>
                </Empty>
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="history-title">
            <header class="panel-head">
                <h2 id="history-title">"History"</h2>
                <a href="/events?q=breaker">"All events"</a>
            </header>
            <EventList events=events now_ms=now_ms />
            {empty}
        </section>
    }
    .into_any()
}
