use leptos::prelude::*;
use model::scaling::{ScalingPlan, ScalingPreset};

use super::context::WorkloadContext;
use crate::pages::scaling::{
    what_if::{CANDIDATES_MAX, Replay},
    words,
};

/// The What-if tab: the plan in force beside presets, and beside what was typed under the policy or the prediction.
#[component]
pub fn WhatIfTab(workload: WorkloadContext) -> impl IntoView {
    let presets = ScalingPreset::ALL
        .into_iter()
        .map(|preset| {
            let (name, meaning) = words::preset(preset);
            let add = move |_| {
                let Some(plan) = workload.intent().map(|intent| intent.plan) else {
                    return;
                };
                // The bounds stay: they are what can be paid for.
                let mut policy = preset.policy();
                (policy.min_replicas, policy.max_replicas) = (plan.policy.min_replicas, plan.policy.max_replicas);
                workload.candidates.add(name, ScalingPlan { policy, ..plan });
            };
            view! {
                <button type="button" class="button small" title=meaning on:click=add>
                    {name}
                </button>
            }
        })
        .collect_view();
    view! {
        <Replay of=workload.replayed()>
            <p class="presets">
                <span class="hint">"Compare with"</span>
                {presets}
            </p>
            <p class="hint">{format!("Up to {CANDIDATES_MAX} beside the one in force; “What if?” under the policy's form adds what is typed there. Presets keep the bounds.")}</p>
        </Replay>
    }
    .into_any()
}
