//! What surrounds every page of a signed-in person: navigation, top bar, keyboard, toasts.

mod account;
mod freshness;
mod help;
mod keyboard;
mod nav;
mod range;
mod search;
mod topbar;

use leptos::prelude::*;
use leptos_router::components::Outlet;

use crate::{
    api::{self, Me, Problem},
    components::ToastRegion,
};

/// Who is signed in: asked once per document, shared by everything in it.
#[derive(Clone, Copy)]
pub struct Session(pub Resource<Result<Me, Problem>>);

impl Session {
    pub fn expect() -> Self {
        use_context().expect("Layout provides Session around every page")
    }
}

#[component]
pub fn Layout() -> impl IntoView {
    provide_context(Session(Resource::new(|| (), |()| api::me())));
    let help_open = RwSignal::new(false);
    keyboard::listen(help_open);
    view! {
        <a class="skip" rel="external" href="#main">
            "Skip to content"
        </a>
        <div class="shell">
            <topbar::TopBar help_open=help_open />
            <nav::SideNav />
            <main id="main" tabindex="-1">
                <Outlet />
            </main>
        </div>
        <ToastRegion />
        <help::KeyboardHelp open=help_open />
    }
    .into_any()
}
