use leptos::prelude::*;

use super::ErrorPanel;
use crate::api::Problem;

/// Draws what a resource brought: on the server at once, in the browser from what the server sent along. Until then grey bars that have
/// the page's shape; a sentence when it could not be read. What is drawn stays until the resource brings something new.
///
/// The body is drawn once for each value. A closure inside the `Suspense`, the usual way to follow a resource, is called two or three
/// times on the server; each call would make the resources in the body anew, and the browser would take up the wrong ones.
pub fn first_paint<T, V>(source: Resource<Result<T, Problem>>, body: impl Fn(T) -> V + Clone + Send + Sync + 'static) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let turn = RwSignal::new(0_u32);
    Effect::new(move |had: Option<bool>| {
        let has = source.with(Option::is_some);
        if has && had == Some(true) {
            turn.update(|n| *n += 1);
        }
        has
    });
    move || {
        turn.track();
        let body = body.clone();
        let drawn = Suspend::new(async move {
            match source.await {
                Ok(value) => body(value).into_any(),
                Err(problem) => view! { <ErrorPanel problem=problem /> }.into_any(),
            }
        });
        view! { <Suspense fallback=Skeleton>{drawn}</Suspense> }.into_any()
    }
}

#[component]
fn Skeleton() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="hidden-visually">"Reading…"</span>
            <div class="bar wide"></div>
            <div class="bar"></div>
            <div class="bar"></div>
        </div>
    }
}
