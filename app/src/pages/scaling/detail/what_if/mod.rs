//! The What-if tab: policies replayed against a demand before one of them is applied.

mod demand;
mod result;

use leptos::{ev, prelude::*};
use model::scaling::{ScalingPlan, ScalingPreset, WhatIf, WhatIfPolicy, WhatIfQuestion, diff};

use super::context::{CANDIDATES_MAX, WorkloadContext};
use crate::{
    api,
    components::{Callout, Diff, Tone},
    format,
    pages::scaling::words,
};
use result::Outcome;

const START_DELAY_MAX_S: u32 = 3_600;
const IN_FORCE: &str = "in force";

/// The plan as the replay takes it. A hold is not replayed: it ends by itself.
fn policy(name: &str, plan: &ScalingPlan) -> WhatIfPolicy {
    WhatIfPolicy {
        name: name.to_owned(),
        policy: plan.policy.clone(),
        schedule: plan.schedule.clone(),
        prediction: plan.prediction.clone(),
    }
}

#[component]
pub fn WhatIfTab(workload: WorkloadContext) -> impl IntoView {
    let chosen = RwSignal::new("1h".to_owned());
    let delay = RwSignal::new("10".to_owned());
    let error = RwSignal::new(None::<String>);
    let ask = Action::new(|question: &WhatIfQuestion| {
        let question = question.clone();
        async move { api::what_if(question).await }
    });
    let under_way = StoredValue::new(None::<ActionAbortHandle>);
    let begun_ms = RwSignal::new(0_i64);
    let every_s = workload.part(|v| v.evaluated_every_s.max(1));
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let now_ms = workload.now_ms.get_untracked();
        let start_delay_s = match delay.with_untracked(|text| text.trim().parse()) {
            Ok(s) if s <= START_DELAY_MAX_S => s,
            _ => {
                error.set(Some(format!("type a whole number from 0 to {START_DELAY_MAX_S}")));
                return;
            }
        };
        let (Some(intent), Some(demand)) = (workload.intent(), chosen.with_untracked(|id| demand::demand(id, now_ms))) else {
            return;
        };
        let mut policies = vec![policy(IN_FORCE, &intent.plan)];
        policies.extend(
            workload
                .candidates
                .with_untracked(|all| all.iter().map(|(name, plan)| policy(name, plan)).collect::<Vec<_>>()),
        );
        begun_ms.set(now_ms);
        let question = WhatIfQuestion {
            workload: intent.workload,
            demand,
            what_if: WhatIf {
                policies,
                start_delay_s,
                sync_period_s: every_s.get_untracked().unwrap_or(15),
                initial_replicas: None,
            },
        };
        under_way.set_value(Some(ask.dispatch(question)));
    };
    let cancel = move |_| {
        if let Some(handle) = under_way.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    };
    // Who leaves the page does not wait for it.
    on_cleanup(move || {
        if let Some(handle) = under_way.try_update_value(Option::take).flatten() {
            handle.abort();
        }
    });
    let pending = ask.pending();
    let waited = move || format::duration(workload.now_ms.get().saturating_sub(begun_ms.get()));
    let progress = move || {
        pending.get().then(|| {
            view! {
                <p class="replay-progress" role="status">
                    <progress aria-label="Replaying"></progress>
                    <span>{move || format!("Replaying for {}…", waited())}</span>
                    <button type="button" class="button small" on:click=cancel>
                        "Cancel"
                    </button>
                </p>
            }
        })
    };
    let outcome = move || {
        let answer = ask.value().get()?;
        Some(match answer {
            Ok(answer) => view! { <Outcome answer=answer /> }.into_any(),
            Err(problem) => view! {
                <Callout tone=Tone::Critical>
                    <p class="strong">"Not replayed"</p>
                    <p>{problem.to_string()}</p>
                </Callout>
            }
            .into_any(),
        })
    };
    let options = demand::choices()
        .into_iter()
        .map(|(id, words)| view! { <option value=id>{words}</option> })
        .collect_view();
    view! {
        <p class="no-js-only callout">"A replay needs scripts."</p>
        <section class="panel js-only" aria-labelledby="what-if-title">
            <header class="panel-head">
                <h2 id="what-if-title">"What if?"</h2>
            </header>
            <form class="form" novalidate on:submit=submit>
                <div class="slot-fields">
                    <label class="field">
                        <span>"Demand"</span>
                        <select prop:value=move || chosen.get() on:change=move |event| chosen.set(event_target_value(&event))>
                            {options}
                        </select>
                    </label>
                    <div class="field-row">
                        <label class="field">
                            <span>"An instance starts within"</span>
                            <span class="field-input">
                                <input
                                    type="text"
                                    inputmode="numeric"
                                    autocomplete="off"
                                    value=delay.get_untracked()
                                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                                    aria-describedby="delay-error"
                                    on:input=move |event| {
                                        error.set(None);
                                        delay.set(event_target_value(&event));
                                    }
                                />
                                <span class="unit">"s"</span>
                            </span>
                        </label>
                        <p class="field-error" id="delay-error" role="alert">
                            {move || error.get()}
                        </p>
                    </div>
                </div>
                <p class="hint">{move || chosen.with(|id| demand::about(id))}</p>
                <Candidates workload=workload />
                {progress}
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=pending>
                        "Replay"
                    </button>
                </div>
            </form>
        </section>
        {outcome}
    }
    .into_any()
}

/// What is compared: the plan in force, and up to three others.
#[component]
fn Candidates(workload: WorkloadContext) -> impl IntoView {
    let candidates = workload.candidates;
    let listed = move || {
        let in_force = workload.intent().map(|intent| intent.plan);
        candidates
            .get()
            .into_iter()
            .map(|(name, plan)| {
                let fields = in_force.as_ref().map(|now| diff(now, &plan)).unwrap_or_default();
                let (removed, label) = (name.clone(), format!("Remove {name}"));
                view! {
                    <li>
                        <details class="proof">
                            <summary>{name}</summary>
                            <Diff fields=fields />
                        </details>
                        <button
                            type="button"
                            class="button small quiet"
                            aria-label=label
                            on:click=move |_| candidates.update(|all| all.retain(|(name, _)| *name != removed))
                        >
                            "Remove"
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
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
                workload.compare(name, ScalingPlan { policy, ..plan });
            };
            view! {
                <button type="button" class="button small" title=meaning on:click=add>
                    {name}
                </button>
            }
        })
        .collect_view();
    view! {
        <fieldset class="group">
            <legend>"Policies"</legend>
            <ul class="candidates">
                <li>"In force"</li>
                {listed}
            </ul>
            <p class="presets">
                <span class="hint">"Compare with"</span>
                {presets}
            </p>
            <p class="hint">{format!("Up to {CANDIDATES_MAX} beside the one in force; “What if?” under the policy's form adds what is typed there. Presets keep the bounds.")}</p>
        </fieldset>
    }
    .into_any()
}
