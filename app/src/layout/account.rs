use leptos::prelude::*;

use super::Session;
use crate::components::{Icon, icon};

/// Who is signed in, as what, and the way out.
#[component]
pub fn AccountMenu(help_open: RwSignal<bool>) -> impl IntoView {
    let session = Session::expect();
    let menu = move || {
        Suspend::new(async move {
            session.0.await.ok().map(|me| {
                view! {
                    <p class="menu-head">
                        <span class="strong">{me.name}</span>
                        <span class="muted">{me.role.label()}</span>
                        {me.replica.map(|replica| view! { <span class="muted" data-replica="">{replica}</span> })}
                    </p>
                }
            })
        })
    };
    view! {
        <details class="menu account" name="menus">
            <summary aria-label="Account" title="Account">
                {icon(Icon::User)}
            </summary>
            <div class="menu-body">
                <Transition fallback=|| ()>{menu}</Transition>
                <button type="button" class="menu-item js-only" on:click=move |_| help_open.set(true)>
                    {icon(Icon::Keyboard)}
                    "Keyboard"
                    <kbd>"?"</kbd>
                </button>
                <form method="post" action="/sign-out">
                    <button type="submit" class="menu-item">
                        {icon(Icon::SignOut)}
                        "Sign out"
                    </button>
                </form>
            </div>
        </details>
    }
    .into_any()
}
