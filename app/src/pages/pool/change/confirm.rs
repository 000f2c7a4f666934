use leptos::prelude::*;
use model::{AdminState, InstanceId, PoolChange, PoolIntent, PoolPolicy, PoolView, change::diff};

use super::{Ask, Changer};
use crate::{components::Diff, pages::pool::affinity::consequence};

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
    let typed_needed = ask.is_dangerous() && changer.pool.me.with_value(|me| me.environment.production);
    let moves = leaves(&ask).and_then(|ids| {
        let pinned = changer.pool.with_view_untracked(|view| view.map_or(0, |view| pinned(view, ids)));
        (pinned > 0).then(|| format!("By affinity, {}.", consequence(pinned)))
    });
    let name = ask.object.clone();
    let typed = RwSignal::new(String::new());
    let wrong = RwSignal::new(false);
    let submit = {
        let name = name.clone();
        move |event: leptos::ev::SubmitEvent| {
            event.prevent_default();
            if typed_needed && typed.with_untracked(|t| t.trim() != name) {
                wrong.set(true);
            } else {
                changer.confirm();
            }
        }
    };
    let ask_name = typed_needed.then(|| {
        view! {
            <label class="field">
                <span>"This is production. Type " <code>{name.clone()}</code> " to go on."</span>
                <input
                    type="text"
                    autocomplete="off"
                    autocapitalize="none"
                    spellcheck="false"
                    aria-invalid=move || wrong.get().then_some("true")
                    aria-describedby="typed-error"
                    on:input=move |event| {
                        wrong.set(false);
                        typed.set(event_target_value(&event));
                    }
                />
            </label>
            <p class="field-error" id="typed-error" role="alert">
                {move || wrong.get().then_some("That is not the name.")}
            </p>
        }
    });
    view! {
        <form id="confirm-form" on:submit=submit>
            <p class="muted">{format!("Version {} is in force. The balancer follows within a second.", intent.version)}</p>
            <Diff fields=fields />
            {moves.map(|words| view! { <p class="hint">{words}</p> })}
            {ask_name}
        </form>
    }
}
