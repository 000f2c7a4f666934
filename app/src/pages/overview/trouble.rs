use leptos::prelude::*;
use model::{OverviewView, view::Trouble};

use crate::{
    components::{Empty, Icon, icon, state_badge},
    format,
};

/// Instances that are not up, worst first; or the good news.
#[component]
pub fn TroubleList(trouble: Memo<Vec<Trouble>>, instances: Memo<(u32, u32)>, now_ms: Memo<i64>) -> impl IntoView {
    let none = move || {
        if instances.get().1 == 0 {
            view! {
                <Empty title="No instances yet">
                    <p>
                        "Write "<code>"[[pools]]"</code>" with its instances into "<code>"evenkeel.toml"</code>
                        ", or let them register: see "<code>"[registry]"</code>" there."
                    </p>
                </Empty>
            }
            .into_any()
        } else {
            view! {
                <p class="all-right">
                    {icon(Icon::Up)}
                    <span>{format!("Everything is all right: {} of {} instances are up.", instances.get().0, instances.get().1)}</span>
                </p>
            }
            .into_any()
        }
    };
    let list = move || {
        let trouble = trouble.get();
        if trouble.is_empty() {
            return none().into_any();
        }
        let full = trouble.len() >= OverviewView::TROUBLE_MAX;
        let rows = trouble
            .into_iter()
            .map(|t| {
                let age = move || format::age_between(t.since_ms, now_ms.get());
                view! {
                    <li tabindex="-1" data-row>
                        {state_badge(t.state)}
                        <span class="trouble-what">
                            <a href=format!("/pools/{}?q={}", t.pool, t.instance)>{t.instance.to_string()}</a>
                            <span class="muted">{format!(" in {}", t.pool)}</span>
                            <span class="trouble-why">{t.why}</span>
                        </span>
                        <span class="muted number">{age}</span>
                    </li>
                }
            })
            .collect_view();
        view! {
            <ul class="trouble">{rows}</ul>
            {full.then(|| view! { <p class="muted">"There may be more: see the pools."</p> })}
        }
        .into_any()
    };
    view! {
        <section class="panel" aria-labelledby="trouble-title">
            <header class="panel-head">
                <h2 id="trouble-title">"Trouble"</h2>
            </header>
            {list}
        </section>
    }
}
