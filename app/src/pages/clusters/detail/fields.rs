use leptos::prelude::*;

use crate::{
    components::FormFields,
    forms::hpa::{self, HpaSettings},
    pages::scaling::sides,
};

/// What can be set of an HPA: bounds, targets, behaviour.
pub fn hpa_fields(form: FormFields, settings: &HpaSettings) -> AnyView {
    let choices = [("own", "as set below"), ("none", "as it is: the API server's own behaviour")];
    let choices = if settings.behavior.is_some() { &choices[..1] } else { &choices[..] };
    view! {
        <fieldset class="group">
            <legend>"Replicas"</legend>
            <div class="slot-fields">
                {form.number("min_replicas", "At least", "")} {form.number("max_replicas", "At most", "")}
            </div>
        </fieldset>
        {targets(form, settings)}
        <fieldset class="group">
            <legend>"Speed"</legend>
            {form.select("behavior", "How fast it may change", choices)}
        </fieldset>
        {sides(form)}
    }
    .into_any()
}

fn targets(form: FormFields, settings: &HpaSettings) -> AnyView {
    if settings.metrics.is_empty() {
        return ().into_any();
    }
    let targets = settings
        .metrics
        .iter()
        .map(|metric| form.text(&format!("metrics.{}.target", metric.index), &metric.name, hpa::unit(metric.target)))
        .collect_view();
    view! {
        <fieldset class="group">
            <legend>"Targets"</legend>
            <div class="slot-fields">{targets}</div>
        </fieldset>
    }
    .into_any()
}
