use leptos::{ev, prelude::*, server_fn::ServerFn};
use model::{Algorithm, PoolChange, PoolIntent};

use super::preview::fields;
use crate::{
    api::ChangeAlgorithm,
    components::Preview,
    pages::pool::{Changer, PoolContext, change::Ask},
};

#[component]
pub fn AlgorithmForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let in_force = intent.policy.algorithm;
    let chosen = RwSignal::new(in_force);
    let disabled = why_not.is_some();
    let name = pool.id.with_value(ToString::to_string);
    let base = StoredValue::new(intent.clone());
    let change = move || PoolChange::Algorithm { algorithm: chosen.get() };
    let preview = Signal::derive(move || base.with_value(|base| fields(pool, base, &change())));
    let submit = {
        let name = name.clone();
        move |event: ev::SubmitEvent| {
            event.prevent_default();
            changer.ask(Ask::new(change(), &name), Some(base.get_value()));
        }
    };
    let options = Algorithm::ALL
        .into_iter()
        .map(|algorithm| {
            let rule_id = format!("rule-{algorithm}");
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        name="algorithm"
                        value=algorithm.id()
                        checked=algorithm == in_force
                        disabled=disabled
                        aria-describedby=rule_id.clone()
                        on:change=move |_| chosen.set(algorithm)
                    />
                    <span class="choice-name">
                        {algorithm.label()} {(algorithm == in_force).then(|| view! { <span class="tag">"in force"</span> })}
                    </span>
                    <span class="hint" id=rule_id>
                        {algorithm.rule()} <span class="advice">{algorithm.advice()}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    let nothing = move || disabled || preview.with(Vec::is_empty);
    view! {
        <section class="panel" aria-labelledby="algorithm-title">
            <header class="panel-head">
                <h2 id="algorithm-title">"Algorithm"</h2>
            </header>
            <form class="form" method="post" action=ChangeAlgorithm::url() on:submit=submit>
                <input type="hidden" name="pool" value=name />
                <input type="hidden" name="expected_version" value=intent.version.to_string() />
                <fieldset>
                    <legend class="hidden-visually">"How an instance is picked"</legend>
                    {options}
                </fieldset>
                <Preview fields=preview />
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=why_not>
                        "Change algorithm"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}
