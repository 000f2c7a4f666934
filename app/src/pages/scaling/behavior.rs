use leptos::prelude::*;

use crate::{
    components::{FormFields, slot_list},
    forms::{Fields, policy::SIDES},
};

/// How fast it may change, and how long it thinks back before it does.
pub fn sides(form: FormFields) -> AnyView {
    let sides = SIDES
        .into_iter()
        .zip(["Scale up", "Scale down"])
        .map(|(side, title)| {
            let list = format!("behavior.{side}.policies");
            let what = if side == "scale_up" { "limit up" } else { "limit down" };
            let row_list = StoredValue::new(list.clone());
            view! {
                <fieldset class="group of-behavior">
                    <legend>{title}</legend>
                    <div class="slot-fields">
                        {form.number(&format!("behavior.{side}.stabilization_window_s"), "Window", "s")}
                        {form
                            .select(
                                &format!("behavior.{side}.select_policy"),
                                "Of several limits",
                                &[("max", "the larger counts"), ("min", "the smaller counts"), ("disabled", "never in this direction")],
                            )}
                    </div>
                    {slot_list(form, list, what, move |slot| limit(form, row_list, slot), begin)}
                </fieldset>
            }
        })
        .collect_view();
    view! {
        <div class="sides">{sides}</div>
    }
    .into_any()
}

fn limit(form: FormFields, list: StoredValue<String>, slot: usize) -> AnyView {
    let key = |name: &str| list.with_value(|list| format!("{list}.{slot}.{name}"));
    view! {
        {form.number(&key("value"), "At most", "")}
        {form.select(&key("type"), "Counted in", &[("pods", "instances"), ("percent", "%")])}
        {form.number(&key("period_s"), "Within", "s")}
    }
    .into_any()
}

fn begin(fields: &mut Fields, list: &str, slot: usize) {
    for (name, text) in [("type", "pods"), ("value", "2"), ("period_s", "60")] {
        fields.insert(format!("{list}.{slot}.{name}"), text.to_owned());
    }
}
