use leptos::prelude::*;
use model::InstanceId;

use super::{
    Index,
    actions::RowActions,
    cells::{Cells, Gauge},
    columns::{InstanceColumn, Shown},
    selection::Selection,
};
use crate::{
    components::{self, state_badge},
    pages::pool::{Changer, PoolContext},
};

#[component]
pub fn Row(
    id: InstanceId,
    index: Memo<Index>,
    shown: Memo<Shown>,
    pool: PoolContext,
    changer: Changer,
    selection: Selection,
    leaving: RwSignal<Option<InstanceId>>,
) -> impl IntoView {
    let key = id.clone();
    let cells = Memo::new(move |_| {
        let now_ms = pool.now_ms.get();
        index.with(|index| index.get(&key).map(|row| Cells::new(row, now_ms)))
    });
    let registered = Memo::new(move |_| cells.with(|cells| cells.as_ref().is_some_and(|cells| cells.registered.is_some())));
    let flash = flash_on_change(cells);
    let (ticked, tick) = (id.clone(), id.clone());
    let label = format!("Tick {id}");
    view! {
        <tr tabindex="-1" data-row class=flash>
            <td class="tick js-only">
                <input
                    type="checkbox"
                    aria-label=label
                    prop:checked=move || selection.has(&ticked)
                    on:change=move |event| selection.set(&tick, event_target_checked(&event))
                />
            </td>
            {move || cells.get().map(|cells| draw(cells, shown.get()))}
            <td class="actions">
                <RowActions id=id pool=pool changer=changer registered=registered leaving=leaving />
            </td>
        </tr>
    }
}

/// One closure draws all cells: cheaper than one for each, and elements stay in place.
fn draw(c: Cells, shown: Shown) -> impl IntoView {
    view! {
        <td>
            {state_badge(c.state)} {c.note.map(|note| view! { <span class="cell-note">{note}</span> })}
        </td>
        <th scope="row">
            <span class="strong">{c.id}</span>
            <span class="cell-note">{c.address}</span>
            {c
                .registered
                .map(|mark| {
                    view! {
                        <span class="badge registered" title=mark.detail>
                            {mark.text}
                        </span>
                    }
                })}
        </th>
        {shown.has(InstanceColumn::Zone).then(|| view! { <td>{c.zone}</td> })}
        <td class="number">{bar(c.share)}</td>
        <td class="number">{c.in_flight}</td>
        <td class="number">{c.requests}</td>
        <td class="number" data-tone=c.errors_tone>
            {c.errors}
        </td>
        <td class="number">{c.p50}</td>
        <td class="number">{c.p95}</td>
        <td class="number">{c.p99}</td>
        {shown.has(InstanceColumn::Cpu).then(|| view! { <td class="number" class:old=c.report_old>{bar(c.cpu)}</td> })}
        {shown.has(InstanceColumn::Memory).then(|| view! { <td class="number" class:old=c.report_old>{bar(c.memory)}</td> })}
        {shown
            .has(InstanceColumn::Gpu)
            .then(|| {
                view! {
                    <td class="number" class:old=c.report_old>
                        {bar(c.gpu)} {c.gpu_simulated.then(|| view! { <span class="cell-note">"simulated"</span> })}
                    </td>
                }
            })}
        {shown.has(InstanceColumn::Sessions).then(|| view! { <td class="number" class:old=c.report_old>{c.sessions}</td> })}
        <td class="number">{c.weight}</td>
        <td class="nowrap" data-tone=if c.check_failed { "critical" } else { "" }>
            {c.check}
        </td>
        <td class="number">
            <time datetime=c.since_iso.clone() title=c.since_iso>
                {c.since}
            </time>
        </td>
    }
}

fn bar(gauge: Gauge) -> impl IntoView {
    components::gauge(gauge.text, gauge.bar, gauge.tone)
}

/// `flash-a` and `flash-b` in turn, so that the animation starts anew whenever state or weight changes.
fn flash_on_change(cells: Memo<Option<Cells>>) -> RwSignal<&'static str> {
    let class = RwSignal::new("");
    let watched = Memo::new(move |_| cells.with(|c| c.as_ref().map(|c| (c.state, c.weight.clone()))));
    Effect::watch(
        move || watched.get(),
        move |_, _, _| class.update(|c| *c = if *c == "flash-a" { "flash-b" } else { "flash-a" }),
        false,
    );
    class
}
