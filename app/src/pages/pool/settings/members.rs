use leptos::{ev, prelude::*, server_fn::ServerFn};
use model::{AdminState, InstanceId, InstancePolicy, PoolChange, PoolIntent, Weight};

use super::preview::fields;
use crate::{
    api::ChangeInstances,
    components::Preview,
    pages::pool::{Changer, PoolContext, change::Ask, parse_weight},
};

/// Weight and state of each instance, as intended.
#[component]
pub fn MembersForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let base = StoredValue::new(intent);
    let ids = move || pool.members.get().into_iter().collect::<Vec<_>>();
    let row = move |id: InstanceId| view! { <MemberForm id=id pool=pool changer=changer base=base why_not=why_not.clone() /> };
    view! {
        <section class="panel" aria-labelledby="members-title">
            <header class="panel-head">
                <h2 id="members-title">"Instances"</h2>
            </header>
            <p class="hint">"A weight from 1 to 256 is the share relative to the others; round robin does not use it."</p>
            <div class="members">
                <For each=ids key=|id| id.clone() children=row />
            </div>
        </section>
    }
    .into_any()
}

/// What the two fields come to: only what differs from what is in force is sent.
fn change(id: &InstanceId, in_force: InstancePolicy, weight: Weight, admin: AdminState) -> Option<PoolChange> {
    let weight = (weight != in_force.weight).then_some(weight);
    let admin = (admin != in_force.admin).then_some(admin);
    (weight.is_some() || admin.is_some()).then(|| PoolChange::Instances {
        ids: vec![id.clone()],
        weight,
        admin,
    })
}

#[component]
fn MemberForm(
    id: InstanceId,
    pool: PoolContext,
    changer: Changer,
    base: StoredValue<PoolIntent>,
    why_not: Option<String>,
) -> impl IntoView {
    let in_force = base.with_value(|base| base.policy.instance(&id));
    let version = base.with_value(|base| base.version);
    let disabled = why_not.is_some();
    let name = pool.id.with_value(ToString::to_string);
    let typed = RwSignal::new(in_force.weight.to_string());
    let admin = RwSignal::new(in_force.admin);
    let weight = Memo::new(move |_| typed.with(|t| parse_weight(t)));

    let wanted = {
        let id = id.clone();
        move || weight.get().ok().and_then(|weight| change(&id, in_force, weight, admin.get()))
    };
    let preview = {
        let wanted = wanted.clone();
        Signal::derive(move || {
            wanted()
                .map(|change| base.with_value(|base| fields(pool, base, &change)))
                .unwrap_or_default()
        })
    };
    let submit = {
        let name = name.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            if let Some(change) = wanted() {
                changer.ask(Ask::new(change, &name), Some(base.get_value()));
            }
        }
    };
    let options = AdminState::ALL
        .into_iter()
        .map(|state| {
            view! {
                <option value=state.id() selected=state == in_force.admin>
                    {state.id()}
                </option>
            }
        })
        .collect_view();
    let error_id = format!("weight-error-{id}");
    let error = move || weight.with(|w| w.as_ref().err().map(|e| e.reason.clone()));
    let (weight_label, state_label) = (format!("Weight of {id}"), format!("State of {id}"));
    view! {
        <form class="member" method="post" action=ChangeInstances::url() novalidate on:submit=submit>
            <input type="hidden" name="pool" value=name />
            <input type="hidden" name="expected_version" value=version.to_string() />
            <input type="hidden" name="ids" value=id.to_string() />
            <span class="strong member-name">{id.to_string()}</span>
            <label>
                <span class="member-label">"Weight"</span>
                <input
                    type="number"
                    name="weight"
                    min=Weight::MIN.to_string()
                    max=Weight::MAX.to_string()
                    step="1"
                    required
                    value=in_force.weight.to_string()
                    disabled=disabled
                    aria-label=weight_label
                    aria-invalid=move || weight.with(Result::is_err).then_some("true")
                    aria-describedby=error_id.clone()
                    on:input=move |event| typed.set(event_target_value(&event))
                />
            </label>
            <label>
                <span class="member-label">"State"</span>
                <select
                    name="admin"
                    disabled=disabled
                    aria-label=state_label
                    on:change=move |event| {
                        if let Ok(state) = event_target_value(&event).parse() {
                            admin.set(state);
                        }
                    }
                >
                    {options}
                </select>
            </label>
            <button type="submit" class="button small" disabled=disabled class:idle=move || preview.with(Vec::is_empty) title=why_not>
                "Apply"
                <span class="hidden-visually">{format!(" to {id}")}</span>
            </button>
            <p class="field-error" id=error_id role="alert">
                {error}
            </p>
            <Preview fields=preview />
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent() {
        let id: InstanceId = "web-1".parse().unwrap();
        let now = InstancePolicy::default();
        assert_eq!(change(&id, now, Weight::ONE, AdminState::Ready), None);
        let drained = change(&id, now, Weight::ONE, AdminState::Drain).unwrap();
        assert_eq!(
            drained,
            PoolChange::Instances {
                ids: vec![id],
                weight: None,
                admin: Some(AdminState::Drain)
            }
        );
    }
}
