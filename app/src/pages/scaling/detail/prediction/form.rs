use leptos::{ev, prelude::*, server_fn::ServerFn};
use model::scaling::{Prediction, ScalingAlgorithm, ScalingIntent, ScalingPlan, ScalingPolicy, diff};

use crate::{
    api::ChangePrediction,
    components::{FormFields, PageTab, Preview},
    forms::{
        fields::get,
        prediction::{self, MODES},
    },
    pages::scaling::detail::{
        change::{Changer, Wish},
        context::WorkloadContext,
        tabs::Tab,
    },
    url::UseQuery,
};

/// Its settings as they are in force, and what would change.
pub fn form(workload: WorkloadContext, changer: Changer, query: UseQuery, intent: ScalingIntent) -> AnyView {
    let fields = RwSignal::new(prediction::fields_of(&intent.plan.prediction));
    let parsed = Memo::new(move |_| fields.with(prediction::parse));
    // What the server refused stands under its field until something is typed.
    Effect::new(move |before: Option<()>| {
        fields.track();
        if before.is_some() {
            changer.refused.set(None);
        }
    });
    let errors = Memo::new(move |_| {
        let mut errors = parsed.with(|p| p.as_ref().err().cloned().unwrap_or_default());
        let refused = changer.refused.get();
        errors.extend(refused.map(|(field, reason)| (prediction::field_of(&field).to_owned(), reason)));
        errors
    });
    let why_not = workload.why_not;
    let disabled = Signal::derive(move || why_not.with(Option::is_some));
    let form = FormFields {
        id: "prediction",
        fields,
        errors,
        disabled,
    };
    let (version, signals, seasons) = (intent.version, signals(&intent.plan), seasons(&intent.plan.prediction));
    let base = StoredValue::new(intent);
    let after = move || {
        let prediction = parsed.get().ok()?;
        let plan = base.with_value(|base| base.plan.clone());
        Some(ScalingPlan { prediction, ..plan })
    };
    let preview = Signal::derive(move || {
        after()
            .map(|after| base.with_value(|base| diff(&base.plan, &after)))
            .unwrap_or_default()
    });
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let Some(after) = after() {
            changer.ask(Wish::Prediction(fields.get_untracked()), base.get_value(), after);
        }
    };
    let what_if = move |_| {
        if let Some(after) = untrack(after) {
            workload.candidates.add("with this prediction", after);
            query.replace(|q| Tab::WhatIf.write(&q));
        }
    };
    let nothing = move || disabled.get() || preview.with(Vec::is_empty);
    view! {
        <section class="panel" aria-labelledby="prediction-title">
            <header class="panel-head">
                <h2 id="prediction-title">"Prediction"</h2>
            </header>
            <form class="form" method="post" action=ChangePrediction::url() novalidate on:submit=submit>
                <input type="hidden" name="workload" value=workload.name() />
                <input type="hidden" name="expected_version" value=version.to_string() />
                <fieldset class="group">
                    <legend>"What it does"</legend>
                    {modes(form)}
                </fieldset>
                <fieldset class="group">
                    <legend>"What is forecast"</legend>
                    <div class="slot-fields">
                        {form.select("signal", "Signal", &borrowed(&signals))} {form.select("season_h", "Repeats after", &borrowed(&seasons))}
                        {form.text("horizon", "Looks ahead", "")}
                    </div>
                    <p class="hint">
                        "Ahead: as long as an instance takes to start, and some more; 5 min to 2 h. Two such days or weeks of history are needed before anything is forecast."
                    </p>
                </fieldset>
                <fieldset class="group">
                    <legend>"How far it is believed"</legend>
                    <div class="slot-fields">
                        {form.number("quantile_percent", "Upper line", "%")}
                        {form.number("error_max_percent", "Largest error", "%")}
                        {form.number("target_percent", "Targets while right", "%")}
                    </div>
                    <p class="hint">
                        "So many of a hundred times the demand stays below the upper line, for which there are to be enough instances. A forecast that has been further off than the largest error is not acted upon. The headroom above a target is for what nobody saw coming: while the forecast is right, targets of more than 100 % of themselves use some of it; after a surprise the policy's own count for 15 min."
                    </p>
                </fieldset>
                <Preview fields=preview />
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=disabled class:idle=nothing title=move || why_not.get()>
                        "Change prediction"
                    </button>
                    <button type="button" class="button js-only" disabled=move || parsed.with(Result::is_err) on:click=what_if>
                        "What if?"
                    </button>
                </div>
            </form>
        </section>
    }
    .into_any()
}

fn modes(form: FormFields) -> AnyView {
    MODES
        .into_iter()
        .map(|(id, _, name, meaning)| {
            let meaning_id = format!("mode-{id}");
            let chosen = move || form.fields.with(|f| get(f, "mode") == id);
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        name="settings[mode]"
                        value=id
                        checked=form.fields.with_untracked(|f| get(f, "mode") == id)
                        prop:checked=chosen
                        disabled=form.disabled
                        aria-describedby=meaning_id.clone()
                        on:change=move |_| {
                            form.fields.update(|f| {
                                f.insert("mode".to_owned(), id.to_owned());
                            });
                        }
                    />
                    <span class="choice-name">{name}</span>
                    <span class="hint" id=meaning_id>
                        {meaning}
                    </span>
                </label>
            }
        })
        .collect_view()
        .into_any()
}

/// Id and words of each choice.
type Choices = Vec<(String, String)>;

fn borrowed(choices: &Choices) -> Vec<(&str, &str)> {
    choices.iter().map(|(id, words)| (id.as_str(), words.as_str())).collect()
}

/// What of this policy can be forecast. One that is in force and cannot any more stays, so that looking does not change it.
fn signals(plan: &ScalingPlan) -> Choices {
    let target = |signal: Option<String>| {
        let prediction = Prediction {
            signal,
            ..Prediction::default()
        };
        prediction.target(&plan.policy).map(|(name, _)| name)
    };
    let first = target(None).map_or_else(
        || "the first with a target for each instance".to_owned(),
        |name| format!("the first with a target for each instance ({name})"),
    );
    let mut choices = vec![(String::new(), first)];
    for name in names(&plan.policy) {
        let is_new = choices.iter().all(|(id, _)| *id != name);
        if is_new && target(Some(name.clone())).is_some() {
            choices.push((name.clone(), name));
        }
    }
    if let Some(own) = plan.prediction.signal.clone().filter(|own| choices.iter().all(|(id, _)| id != own)) {
        choices.push((own.clone(), format!("{own} (not in the policy)")));
    }
    choices
}

fn names(policy: &ScalingPolicy) -> Vec<String> {
    match &policy.algorithm {
        ScalingAlgorithm::Hpa { metrics } => metrics.iter().map(|spec| spec.source.signal().to_owned()).collect(),
        ScalingAlgorithm::Threshold(rules) => rules.signals.iter().map(|signal| signal.name.clone()).collect(),
        ScalingAlgorithm::Weighted(rules) => rules.signals.iter().map(|signal| signal.name.clone()).collect(),
    }
}

/// A day and a week, and another one where a settings file or the API has set it.
fn seasons(prediction: &Prediction) -> Choices {
    let choice = |id: &str, words: &str| (id.to_owned(), words.to_owned());
    let mut choices = vec![choice("24", "a day"), choice("168", "a week")];
    let own = (prediction.season_s / 3_600).to_string();
    if choices.iter().all(|(id, _)| *id != own) {
        choices.push(choice(&own, &format!("{own} h")));
    }
    choices
}

#[cfg(test)]
mod tests {
    use model::scaling::ScalingPreset;

    use super::*;

    fn ids(choices: &Choices) -> Vec<&str> {
        choices.iter().map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn only_what_can_be_forecast_is_offered_and_what_is_in_force_stays() {
        let mut plan = ScalingPlan::new(ScalingPreset::Production.policy());
        let offered = signals(&plan);
        assert_eq!(offered[0].1, "the first with a target for each instance (cpu)");
        assert!(
            ids(&offered).contains(&"active_sessions") && !ids(&offered).contains(&"memory"),
            "{offered:?}"
        );
        plan.prediction.signal = Some("frames".to_owned());
        assert_eq!(signals(&plan).last().unwrap().1, "frames (not in the policy)");
        plan.prediction.season_s = 12 * 3_600;
        assert_eq!(ids(&seasons(&plan.prediction)), ["24", "168", "12"]);
    }
}
