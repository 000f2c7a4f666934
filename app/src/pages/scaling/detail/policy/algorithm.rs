use leptos::prelude::*;

use crate::{
    components::{FormFields, slot_list},
    forms::{
        Fields,
        fields::get,
        policy::{SOURCES, TARGETS},
    },
};

/// Id, name, and the rule in a sentence.
const ALGORITHMS: [(&str, &str, &str); 3] = [
    (
        "hpa",
        "Targets (as Kubernetes)",
        "Each metric asks for as many as bring it to its target; the largest number counts.",
    ),
    (
        "threshold",
        "Thresholds",
        "A step up when any signal is above its upper threshold, a step down when all are below their lower ones.",
    ),
    (
        "weighted",
        "Weighted vote",
        "Each signal votes with its weight; a step is taken when the votes for it outweigh those against it by the quorum.",
    ),
];

/// Which rule, and its own fields. The fields of the others are hidden by the style sheet, so that it works without scripts.
pub fn algorithm(form: FormFields) -> AnyView {
    let choices = ALGORITHMS
        .into_iter()
        .map(|(id, name, rule)| {
            let rule_id = format!("algorithm-{id}");
            let chosen = move || form.fields.with(|f| get(f, "algorithm") == id);
            view! {
                <label class="choice">
                    <input
                        type="radio"
                        name="settings[algorithm]"
                        value=id
                        checked=form.fields.with_untracked(|f| get(f, "algorithm") == id)
                        prop:checked=chosen
                        disabled=form.disabled
                        aria-describedby=rule_id.clone()
                        on:change=move |_| {
                            form.fields.update(|f| {
                                f.insert("algorithm".to_owned(), id.to_owned());
                            });
                        }
                    />
                    <span class="choice-name">{name}</span>
                    <span class="hint" id=rule_id>
                        {rule}
                    </span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="group">
            <legend>"Rule"</legend>
            {choices}
        </fieldset>
        <fieldset class="group of-hpa">
            <legend>"Targets"</legend>
            {slot_list(form, "metrics".to_owned(), "target", move |slot| metric(form, slot), begin_metric)}
            <div class="slot-fields">
                {form.text("tolerance.scale_up", "Close enough above", "%")} {form.text("tolerance.scale_down", "Close enough below", "%")}
            </div>
        </fieldset>
        <fieldset class="group of-threshold">
            <legend>"Signals"</legend>
            {slot_list(form, "threshold".to_owned(), "signal", move |slot| threshold(form, slot), begin_threshold)}
            <div class="slot-fields">{form.number("threshold.step_up", "Step up", "")} {form.number("threshold.step_down", "Step down", "")}</div>
        </fieldset>
        <fieldset class="group of-weighted">
            <legend>"Signals that vote"</legend>
            {slot_list(form, "weighted".to_owned(), "vote", move |slot| weighted(form, slot), begin_weighted)}
            <div class="slot-fields">
                {form.number("weighted.quorum_percent", "Quorum", "%")} {form.number("weighted.step_up", "Step up", "")}
                {form.number("weighted.step_down", "Step down", "")}
            </div>
        </fieldset>
    }
    .into_any()
}

fn metric(form: FormFields, slot: usize) -> AnyView {
    let key = |name: &str| format!("metrics.{slot}.{name}");
    let targets = TARGETS.map(|(id, _, words)| (id, words));
    view! {
        {form.text(&key("name"), "Metric", "")}
        {form.select(&key("type"), "Is a", &SOURCES)}
        <div class="of-field">{form.text(&key("of"), "Of (container or object)", "")}</div>
        {form.text(&key("target"), "Target", "")}
        {form.select(&key("target_type"), "Counted", &targets)}
    }
    .into_any()
}

fn threshold(form: FormFields, slot: usize) -> AnyView {
    let key = |name: &str| format!("threshold.{slot}.{name}");
    view! {
        {form.text(&key("name"), "Signal", "")}
        {form.text(&key("up"), "Up above (empty: never)", "")}
        {form.text(&key("down"), "Down below", "")}
    }
    .into_any()
}

fn weighted(form: FormFields, slot: usize) -> AnyView {
    let key = |name: &str| format!("weighted.{slot}.{name}");
    view! {
        {form.text(&key("name"), "Signal", "")}
        {form.number(&key("weight"), "Weight", "")}
        {form.text(&key("up"), "Up above", "")}
        {form.text(&key("down"), "Down below", "")}
        {form.number(&key("window_s"), "Over", "s")}
    }
    .into_any()
}

fn fill(fields: &mut Fields, list: &str, slot: usize, values: &[(&str, &str)]) {
    for (name, text) in values {
        fields.insert(format!("{list}.{slot}.{name}"), (*text).to_owned());
    }
}

fn begin_metric(fields: &mut Fields, list: &str, slot: usize) {
    let values = [
        ("type", "resource"),
        ("name", "memory"),
        ("of", ""),
        ("target_type", "utilization"),
        ("target", "80"),
    ];
    fill(fields, list, slot, &values);
}

fn begin_threshold(fields: &mut Fields, list: &str, slot: usize) {
    fill(fields, list, slot, &[("name", "memory"), ("up", "85"), ("down", "40")]);
}

fn begin_weighted(fields: &mut Fields, list: &str, slot: usize) {
    let values = [("name", "gpu"), ("weight", "10"), ("up", "80"), ("down", "30"), ("window_s", "300")];
    fill(fields, list, slot, &values);
}

#[cfg(test)]
mod tests {
    use model::scaling::ScalingPreset;

    use super::*;
    use crate::{
        components::Begin,
        forms::{fields::next_slot, policy},
    };

    #[test]
    fn one_that_is_added_is_right_from_the_beginning() {
        let lists: [(&str, Begin); 3] = [
            ("metrics", begin_metric),
            ("threshold", begin_threshold),
            ("weighted", begin_weighted),
        ];
        for ((list, begin), algorithm) in lists.into_iter().zip(policy::ALGORITHMS) {
            let mut fields = policy::fields_of(&ScalingPreset::Balanced.policy());
            fields.insert("algorithm".to_owned(), algorithm.to_owned());
            let slot = next_slot(&fields, list);
            begin(&mut fields, list, slot);
            assert!(policy::parse(&fields).is_ok(), "{list}");
        }
    }
}
