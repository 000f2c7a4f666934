//! The Affinity tab: which clients come back to which instance, and how many would move if it left.

use leptos::prelude::*;
use model::{AffinityKind, InstanceId, Pins};

use super::{PoolContext, tabs::Tab};
use crate::{
    api,
    components::{Callout, DataTable, Empty, Head, Moment, PageTab, Tone, first_paint, state_badge},
    format,
    url::UseQuery,
};

#[component]
pub(super) fn AffinityTab(pool: PoolContext, query: UseQuery) -> impl IntoView {
    let kind = pool.part(|v| v.affinity);
    let settings = move || query.link_with(|q| Tab::Settings.write(&q));
    move || match kind.get() {
        None | Some(AffinityKind::None) => view! {
            <section class="panel">
                <Empty title="Clients of this pool are not pinned">
                    <p>"Each request goes to whichever instance the algorithm picks."</p>
                    <a class="button" href=settings>
                        "Set affinity"
                    </a>
                </Empty>
            </section>
        }
        .into_any(),
        Some(_) => view! {
            <PinnedPerInstance pool=pool />
            <PinList pool=pool />
        }
        .into_any(),
    }
}

/// `(instance, pinned clients)`, most first.
fn counts(instances: &[model::InstanceRow]) -> Vec<(InstanceId, model::InstanceState, u32)> {
    let mut counts: Vec<_> = instances
        .iter()
        .map(|i| (i.id.clone(), i.state, i.pinned.unwrap_or_default()))
        .collect();
    counts.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
    counts
}

const INSTANCE_HEADS: [Head; 5] = [
    Head::text("State"),
    Head::text("Instance"),
    Head::number("Clients"),
    Head::number("Share"),
    Head::text("If it leaves"),
];

#[component]
fn PinnedPerInstance(pool: PoolContext) -> impl IntoView {
    let counts = pool.part(|v| counts(&v.instances));
    let rows = move || {
        let counts = counts.get().unwrap_or_default();
        let total: u32 = counts.iter().map(|(_, _, count)| count).sum();
        counts
            .into_iter()
            .map(|(id, state, count)| {
                let share = (total > 0).then(|| f64::from(count) * 100.0 / f64::from(total));
                view! {
                    <tr tabindex="-1" data-row>
                        <td>{state_badge(state)}</td>
                        <th scope="row">{id.to_string()}</th>
                        <td class="number">{format::count(count.into())}</td>
                        <td class="number">{format::percent(share)}</td>
                        <td class="wrap">{consequence(count)}</td>
                    </tr>
                }
            })
            .collect_view()
    };
    view! {
        <section class="panel" aria-labelledby="pinned-title">
            <header class="panel-head">
                <h2 id="pinned-title">"Pinned clients"</h2>
            </header>
            <DataTable label="Clients by instance" heads=INSTANCE_HEADS>{rows}</DataTable>
        </section>
    }
    .into_any()
}

/// What happens to the clients of an instance that takes no more requests.
pub(super) fn consequence(pinned: u32) -> String {
    match pinned {
        0 => "nobody moves".to_owned(),
        1 => "1 client moves to another instance with its next request, and what that instance does not share is lost to it".to_owned(),
        n => format!(
            "{} clients move to other instances with their next request, and what those do not share is lost to them",
            format::count(n.into())
        ),
    }
}

#[component]
fn PinList(pool: PoolContext) -> impl IntoView {
    let reads = RwSignal::new(0_u32);
    let pins = Resource::new(move || (pool.id.get_value(), reads.get()), |(id, _)| api::pins(id));
    view! {
        <section class="panel" aria-labelledby="pins-title">
            <header class="panel-head">
                <h2 id="pins-title">"Who is pinned where"</h2>
                <button type="button" class="button small js-only" on:click=move |_| reads.update(|n| *n += 1)>
                    "Read again"
                </button>
            </header>
            {first_paint(pins, move |pins| view! { <PinTable pins=pins pool=pool /> })}
        </section>
    }
    .into_any()
}

const PIN_HEADS: [Head; 3] = [Head::text("Client"), Head::text("Instance"), Head::text("Since")];

#[component]
fn PinTable(pins: Pins, pool: PoolContext) -> impl IntoView {
    if pins.pins.is_empty() {
        return view! {
            <Empty title="No client is pinned yet">
                <p>"Each is with its first request."</p>
            </Empty>
        }
        .into_any();
    }
    let now_ms = pool.now_ms.get_untracked();
    let shown = pins.pins.len();
    let more = (pins.total > shown as u64).then(|| {
        view! {
            <Callout tone=Tone::Info>
                <p>{format!("The latest {shown} of {} are shown.", format::count(pins.total))}</p>
            </Callout>
        }
    });
    let rows = pins
        .pins
        .into_iter()
        .map(|pin| {
            view! {
                <tr tabindex="-1" data-row>
                    <th scope="row">{pin.client}</th>
                    <td>{pin.instance.to_string()}</td>
                    <td class="nowrap">
                        <Moment at_ms=pin.since_ms now_ms=now_ms />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        {more}
        <DataTable label="Pins" heads=PIN_HEADS>{rows}</DataTable>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::pool::instances::order::tests::row;

    #[test]
    fn the_most_pinned_instance_comes_first() {
        let mut rows = [row("a"), row("b"), row("c")];
        (rows[1].pinned, rows[2].pinned) = (Some(7), Some(7));
        let order: Vec<_> = counts(&rows).into_iter().map(|(id, _, count)| format!("{id} {count}")).collect();
        assert_eq!(order, ["b 7", "c 7", "a 0"]);
    }
}
