//! The What-if tab: the HPA beside others, over what was measured of it or over a demand that is made up. Nothing is sent to the cluster.

use leptos::{ev, prelude::*};
use model::{
    cluster::ObjectKind,
    scaling::{MetricSource, MetricTarget, ScalingAlgorithm, ScalingPlan, ScalingPolicy},
};

use super::{context::ObjectContext, fields::hpa_fields, only_hpas::OnlyHpas};
use crate::{
    components::{Callout, Empty, FormFields, Preview, Tone},
    forms::hpa::{self, HpaSettings},
    pages::scaling::what_if::{CANDIDATES_MAX, Replay},
};

#[component]
pub fn WhatIfTab(object: ObjectContext) -> impl IntoView {
    if object.kind() != ObjectKind::Hpa {
        return view! { <OnlyHpas object=object title="Only HPAs can be replayed" /> }.into_any();
    }
    let policy = object.maybe(|v| v.policy.clone());
    let is_measured = object.part(|v| v.is_measured);
    let is_known = Memo::new(move |_| policy.with(Option::is_some));
    let notes = move || {
        let notes = policy.with(|policy| policy.as_ref().map(|policy| notes(policy, is_measured.get() == Some(true))))?;
        let notes = notes.into_iter().map(|note| view! { <p>{note}</p> }).collect_view();
        Some(view! { <Callout tone=Tone::Info>{notes}</Callout> })
    };
    let body = move || {
        if !is_known.get() {
            return view! {
                <section class="panel">
                    <Empty title="Our engine has not read this HPA yet">
                        <p>"What stands in the way is said under “Why?” on the overview."</p>
                    </Empty>
                </section>
            }
            .into_any();
        }
        let settings = object.view().as_ref().and_then(HpaSettings::of);
        view! {
            <Replay of=object.replayed()>
                <p class="hint">{format!("Up to {CANDIDATES_MAX} beside the one in force; the form below adds them.")}</p>
            </Replay>
            {settings.map(|settings| another(object, policy, settings))}
        }
        .into_any()
    };
    view! {
        {notes}
        {body}
    }
    .into_any()
}

/// What an HPA has and a replay has not, a sentence each.
fn notes(policy: &ScalingPolicy, is_measured: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else {
        return notes;
    };
    let is_kept = |source: &MetricSource, target: &MetricTarget| {
        matches!(source, MetricSource::Resource { name } if name == "cpu" || name == "memory")
            && matches!(target, MetricTarget::Utilization { .. })
    };
    let (kept, missing): (Vec<_>, Vec<_>) = metrics.iter().partition(|spec| is_kept(&spec.source, &spec.target));
    let names =
        |specs: Vec<&model::scaling::MetricSpec>| specs.into_iter().map(|spec| spec.source.to_string()).collect::<Vec<_>>().join(", ");
    notes.push(match (is_measured, kept.is_empty()) {
        (false, _) => {
            "Nothing is measured of this HPA over time, because only the first HPAs by name are: choose a demand that is made up."
                .to_owned()
        }
        (true, true) => "Of its metrics none is kept over time, only its replicas: choose a demand that is made up.".to_owned(),
        (true, false) => format!("Its replicas are kept over time, and of its metrics: {}.", names(kept)),
    });
    if !missing.is_empty() {
        notes.push(format!(
            "Not kept over time, because it is no share of a request of whole pods: {}. It is replayed only where a made-up demand has it.",
            names(missing)
        ));
    }
    notes.push("A replay knows of the pods how many are ready; nodes, quotas and budgets do not hold it up.".to_owned());
    notes
}

/// The HPA's own settings, to be changed and compared.
fn another(object: ObjectContext, in_force: Memo<Option<ScalingPolicy>>, settings: HpaSettings) -> AnyView {
    let fields = RwSignal::new(hpa::fields_of(&settings));
    let base = StoredValue::new(settings.clone());
    let parsed = Memo::new(move |_| base.with_value(|base| fields.with(|f| hpa::edit_of(f, base))));
    let errors = Memo::new(move |_| parsed.with(|p| p.as_ref().err().cloned().unwrap_or_default()));
    let form = FormFields {
        id: "another",
        fields,
        errors,
        disabled: Signal::stored(false),
    };
    let after = move || {
        let edit = parsed.get().ok()?;
        Some(base.with_value(|base| base.after(&edit)))
    };
    let preview = Signal::derive(move || after().map(|after| base.with_value(|base| base.diff(&after))).unwrap_or_default());
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        if let (Some(after), Some(policy)) = (untrack(after), in_force.get_untracked()) {
            object.candidates.add("edited", ScalingPlan::new(after.put_into(&policy)));
        }
    };
    let nothing = move || preview.with(Vec::is_empty);
    view! {
        <section class="panel below js-only" aria-labelledby="another-title">
            <header class="panel-head">
                <h2 id="another-title">"Another policy"</h2>
            </header>
            <form class="form policy" novalidate on:submit=submit>
                {hpa_fields(form, &settings)}
                <Preview fields=preview />
                <div class="form-actions">
                    <button type="submit" class="button primary" disabled=nothing>
                        "Compare"
                    </button>
                </div>
                <p class="hint">"It joins the policies above. Nothing is sent to the cluster."</p>
            </form>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::scaling::MetricSpec;

    use super::*;

    #[test]
    fn what_is_not_kept_over_time_is_said() {
        let policy = ScalingPolicy::hpa(1, 5, vec![MetricSpec::utilization("cpu", 70), MetricSpec::per_pod("queue", 3_000)]);
        let told = notes(&policy, true);
        assert_eq!(told[0], "Its replicas are kept over time, and of its metrics: cpu.");
        assert!(told[1].contains("queue") && !told[1].contains("cpu"), "{told:?}");
        assert!(notes(&policy, false)[0].contains("made up"));
        let queue = ScalingPolicy::hpa(1, 5, vec![MetricSpec::per_pod("queue", 3_000)]);
        assert!(notes(&queue, true)[0].contains("only its replicas"));
    }
}
