//! Policies replayed against a demand before one of them is applied: of a workload of ours, and of an HPA.

mod candidates;
mod demand;
mod result;

use leptos::{ev, prelude::*};
use model::{
    WorkloadId,
    scaling::{ScalingPlan, WhatIf, WhatIfPolicy, WhatIfQuestion, diff},
};

use crate::{
    api,
    components::{Callout, Diff, Tone},
    format,
};
pub use candidates::{CANDIDATES_MAX, Candidates};
use result::Outcome;

const START_DELAY_MAX_S: u32 = 3_600;
const IN_FORCE: &str = "in force";

/// What is replayed. `Copy`, so that closures take it along.
#[derive(Clone, Copy)]
pub struct Replayed {
    pub id: StoredValue<WorkloadId>,
    pub now_ms: Memo<i64>,
    /// Nothing while it is not known.
    pub in_force: Memo<Option<ScalingPlan>>,
    /// Between two decisions.
    pub every_s: Memo<Option<u32>>,
    pub candidates: Candidates,
}

/// The plan as the replay takes it. A hold is not replayed: it ends by itself.
fn policy(name: &str, plan: &ScalingPlan) -> WhatIfPolicy {
    WhatIfPolicy {
        name: name.to_owned(),
        policy: plan.policy.clone(),
        schedule: plan.schedule.clone(),
        prediction: plan.prediction.clone(),
    }
}

/// The form, and what came of it. The children stand under the list of the policies.
#[component]
pub fn Replay(of: Replayed, children: Children) -> impl IntoView {
    let chosen = RwSignal::new("1h".to_owned());
    let delay = RwSignal::new("10".to_owned());
    let error = RwSignal::new(None::<String>);
    let ask = Action::new(|question: &WhatIfQuestion| {
        let question = question.clone();
        async move { api::what_if(question).await }
    });
    let under_way = StoredValue::new(None::<ActionAbortHandle>);
    let begun_ms = RwSignal::new(0_i64);
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let now_ms = of.now_ms.get_untracked();
        let start_delay_s = match delay.with_untracked(|text| text.trim().parse()) {
            Ok(s) if s <= START_DELAY_MAX_S => s,
            _ => {
                error.set(Some(format!("type a whole number from 0 to {START_DELAY_MAX_S}")));
                return;
            }
        };
        let (Some(plan), Some(demand)) = (of.in_force.get_untracked(), chosen.with_untracked(|id| demand::demand(id, now_ms))) else {
            return;
        };
        let mut policies = vec![policy(IN_FORCE, &plan)];
        policies.extend(of.candidates.all_untracked().iter().map(|(name, plan)| policy(name, plan)));
        begun_ms.set(now_ms);
        let question = WhatIfQuestion {
            workload: of.id.get_value(),
            demand,
            what_if: WhatIf {
                policies,
                start_delay_s,
                sync_period_s: of.every_s.get_untracked().unwrap_or(15).max(1),
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
    let waited = move || format::duration(of.now_ms.get().saturating_sub(begun_ms.get()));
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
                <fieldset class="group">
                    <legend>"Policies"</legend>
                    <Compared of=of />
                    {children()}
                </fieldset>
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

/// What is compared: the plan in force, and the others.
#[component]
fn Compared(of: Replayed) -> impl IntoView {
    let listed = move || {
        let in_force = of.in_force.get();
        of.candidates
            .all()
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
                            on:click=move |_| of.candidates.remove(&removed)
                        >
                            "Remove"
                        </button>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <ul class="candidates">
            <li>"In force"</li>
            {listed}
        </ul>
    }
    .into_any()
}
