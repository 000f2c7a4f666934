use leptos::prelude::*;
use leptos_meta::Title;

use crate::{api::context, components::Empty};

#[component]
pub fn NotFoundPage() -> impl IntoView {
    context::answer_status(404);
    view! {
        <Title text="Not found" />
        <main id="main" class="alone">
            <h1>"Not found"</h1>
            <Empty title="There is no page at this address">
                <p>"It may have moved, or the link has a mistake in it."</p>
                <a class="button" href="/">
                    "Go to the overview"
                </a>
            </Empty>
        </main>
    }
}
