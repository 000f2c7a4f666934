use leptos::prelude::*;
use model::{FieldDiff, PoolChange, PoolIntent, change::diff};

use crate::{components::Diff, pages::pool::PoolContext};

/// What `change` would make of what is in force; empty when it would change nothing.
pub fn fields(pool: PoolContext, intent: &PoolIntent, change: &PoolChange) -> Vec<FieldDiff> {
    let after = pool.members.with(|members| change.apply(&intent.policy, members));
    after.map(|after| diff(&intent.policy, &after)).unwrap_or_default()
}

/// The difference under a form, as one types.
#[component]
pub fn Preview(#[prop(into)] fields: Signal<Vec<FieldDiff>>) -> impl IntoView {
    view! {
        <div class="preview" aria-live="polite">
            {move || fields.with(|f| !f.is_empty()).then(|| view! { <Diff fields=fields.get() /> })}
        </div>
    }
}
