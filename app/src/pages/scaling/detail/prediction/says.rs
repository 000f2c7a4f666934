use leptos::prelude::*;

use super::Now;
use crate::{
    components::{Callout, Empty},
    pages::scaling::{detail::context::WorkloadContext, words},
};

/// The forecast in plain words: whether it is believed and why, how far off it has been, and what it asks for.
#[component]
pub fn Says(workload: WorkloadContext, now: Memo<Option<Now>>) -> impl IntoView {
    let body = move || {
        now.get().map(|now| {
            if now.is_off() {
                off()
            } else {
                told(&now, workload.now_ms.get_untracked())
            }
        })
    };
    view! {
        <section class="panel" aria-labelledby="forecast-title">
            <header class="panel-head">
                <h2 id="forecast-title">"What it says now"</h2>
            </header>
            {body}
        </section>
    }
    .into_any()
}

fn off() -> AnyView {
    view! {
        <Empty title="Prediction is off">
            <p>
                "It would learn from earlier days or weeks when the demand rises, and start instances before a peak instead of in it. Begin with “forecast only” below: the forecast is shown beside what came, and decides nothing."
            </p>
        </Empty>
    }
    .into_any()
}

fn told(now: &Now, now_ms: i64) -> AnyView {
    let (prediction, made) = (&now.prediction, now.forecast.as_ref());
    let told = words::forecast(prediction, now.signal.as_deref(), made, now.every_s, now_ms);
    let sentences = told.sentences.into_iter().map(|text| view! { <p>{text}</p> }).collect_view();
    let facts = words::forecast_facts(prediction, made, now.asked.as_ref(), now_ms)
        .into_iter()
        .map(|(name, value)| {
            view! {
                <div>
                    <dt>{name}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <Callout tone=told.tone>
            <p class="strong">{told.title}</p>
            {sentences}
        </Callout>
        <dl class="in-force">{facts}</dl>
    }
    .into_any()
}
