use leptos::{prelude::*, server_fn::ServerFn};
use model::{AdminState, InstanceId, PoolChange};

use crate::{
    api::{ChangeInstances, DeregisterInstance},
    browser,
    components::{Icon, icon},
    pages::pool::{Changer, PoolContext, change::Ask},
};

/// What can be done to one instance; a form that also works before the page is live.
#[component]
pub fn RowActions(
    id: InstanceId,
    pool: PoolContext,
    changer: Changer,
    /// Whether it announced itself.
    registered: Memo<bool>,
    /// Which one somebody wants to send away.
    leaving: RwSignal<Option<InstanceId>>,
) -> impl IntoView {
    let name = pool.id.with_value(ToString::to_string);
    let label = format!("Change {id}");
    if let Some(why) = pool.me.with_value(crate::api::Me::why_not_change) {
        return view! {
            <button type="button" class="icon-button" disabled aria-label=format!("{label}. {why}") title=why>
                {icon(Icon::More)}
            </button>
        }
        .into_any();
    }
    // Dots may stand in a name, but not in a selector without care; ids are only compared here.
    let menu = format!("actions-{id}");
    let choice = |state: AdminState, words: &'static str| {
        let ids = vec![id.clone()];
        let (name, menu) = (name.clone(), menu.clone());
        let click = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            browser::hide_popover(&menu);
            let change = PoolChange::Instances {
                ids: ids.clone(),
                weight: None,
                admin: Some(state),
            };
            changer.ask(Ask::new(change, &name), None);
        };
        view! {
            <button type="submit" class="menu-item" name="admin" value=state.id() on:click=click>
                {words}
            </button>
        }
    };
    let deregister = {
        let (id, menu) = (id.clone(), menu.clone());
        move || {
            let (id, menu) = (id.clone(), menu.clone());
            let click = move |event: leptos::ev::MouseEvent| {
                event.prevent_default();
                browser::hide_popover(&menu);
                leaving.set(Some(id.clone()));
            };
            registered.get().then(|| {
                view! {
                    <button type="submit" class="menu-item" formaction=DeregisterInstance::url() on:click=click>
                        "Deregister"
                    </button>
                }
            })
        }
    };
    view! {
        <button type="button" class="icon-button" popovertarget=menu.clone() aria-label=label>
            {icon(Icon::More)}
        </button>
        <form id=menu.clone() popover="auto" class="menu-body row-menu" method="post" action=ChangeInstances::url()>
            <input type="hidden" name="pool" value=name.clone() />
            <input type="hidden" name="expected_version" value=move || pool.intended_version.get().to_string() />
            <input type="hidden" name="ids" value=id.to_string() />
            {choice(AdminState::Ready, "Make ready")}
            {choice(AdminState::Drain, "Drain")}
            {choice(AdminState::Maintenance, "Take into maintenance")}
            {deregister}
        </form>
    }
    .into_any()
}
