use leptos::{ev, prelude::*, task::spawn_local};
use model::InstanceId;

use crate::{
    api,
    components::{Modal, Toast, Toasts, Tone, TypedName},
    pages::pool::PoolContext,
};

/// Asks before an instance that registered is sent away; in production for its name too.
#[component]
pub fn DeregisterDialog(pool: PoolContext, leaving: RwSignal<Option<InstanceId>>) -> impl IntoView {
    let toasts = Toasts::expect();
    let open = Memo::new(move |_| leaving.with(Option::is_some));
    let name = Signal::derive(move || leaving.with(|id| id.as_ref().map(ToString::to_string).unwrap_or_default()));
    let typed = TypedName::new("deregister-typed-error", pool.me.with_value(|me| me.environment.production), name);
    let close = move || {
        leaving.set(None);
        typed.clear();
    };
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Some(id) = leaving.get_untracked() else { return };
        if !typed.is_right() {
            return;
        }
        close();
        let pool = pool.id.get_value();
        spawn_local(async move {
            let (tone, text, link) = match api::deregister_instance(pool.clone(), id.to_string()).await {
                Ok(()) => {
                    let link = ("See the events".to_owned(), format!("/events?pool={pool}"));
                    (Tone::Good, format!("{id} was deregistered from {pool}."), Some(link))
                }
                Err(problem) => (Tone::Critical, format!("{id} was not deregistered: {problem}"), None),
            };
            toasts.show(Toast {
                tone,
                text,
                link,
                undo: None,
            });
        });
    };
    view! {
        <Modal open=open on_close=Callback::new(move |()| close()) labelled_by="deregister-title">
            <h2 id="deregister-title">{move || format!("Deregister {}", name.get())}</h2>
            <div class="dialog-body">
                <form id="deregister-form" novalidate on:submit=submit>
                    <p>"It leaves the pool at once; requests it has are finished. If it registers again, it comes back."</p>
                    {typed.field()}
                </form>
            </div>
            <div class="dialog-actions">
                <button type="button" class="button" autofocus on:click=move |_| close()>
                    "Cancel"
                </button>
                <button type="submit" form="deregister-form" class="button primary">
                    "Deregister"
                </button>
            </div>
        </Modal>
    }
    .into_any()
}
