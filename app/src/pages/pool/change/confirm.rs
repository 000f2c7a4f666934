use leptos::prelude::*;
use model::{AdminState, InstanceId, PoolChange, PoolIntent, PoolPolicy, PoolView, change::diff};

use super::{Ask, Changer};
use crate::{
    components::{Diff, TypedName},
    pages::pool::affinity::consequence,
};

/// The instances that get no more requests by this change.
fn leaves(ask: &Ask) -> Option<&[InstanceId]> {
    match &ask.change {
        PoolChange::Instances {
            ids,
            admin: Some(AdminState::Drain | AdminState::Maintenance),
            ..
        } => Some(ids),
        _ => None,
    }
}

fn pinned(view: &PoolView, ids: &[InstanceId]) -> u32 {
    view.instances.iter().filter(|i| ids.contains(&i.id)).filter_map(|i| i.pinned).sum()
}

/// What would change, and in production the name to type.
#[component]
pub fn Confirm(changer: Changer, ask: Ask, intent: PoolIntent, after: PoolPolicy) -> impl IntoView {
    let fields = diff(&intent.policy, &after);
    let is_production_danger = ask.is_dangerous() && changer.pool.me.with_value(|me| me.environment.production);
    let moves = leaves(&ask).and_then(|ids| {
        let pinned = changer.pool.with_view_untracked(|view| view.map_or(0, |view| pinned(view, ids)));
        (pinned > 0).then(|| format!("By affinity, {}.", consequence(pinned)))
    });
    let name = TypedName::new("confirm-typed-error", is_production_danger, ask.object.clone());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if name.is_right() {
            changer.confirm();
        }
    };
    view! {
        <form id="confirm-form" on:submit=submit>
            <p class="muted">{format!("Version {} is in force. The balancer follows within a second.", intent.version)}</p>
            <Diff fields=fields />
            {moves.map(|words| view! { <p class="hint">{words}</p> })}
            {name.field()}
        </form>
    }
}
