use leptos::{ev, prelude::*};

use super::Changer;
use crate::{
    components::{Minutes, TypedName},
    forms::hold::MINUTES_MAX,
    pages::scaling::words::HoldVerb,
};

/// How many, for how long, and in production the name to type.
#[component]
pub fn HoldForm(changer: Changer, verb: HoldVerb) -> impl IntoView {
    let workload = changer.workload;
    let view = workload.part(|v| (v.row.desired, v.intent.plan.policy.min_replicas, v.intent.plan.policy.max_replicas));
    let (desired, min, max) = view.get_untracked().unwrap_or_default();
    let minutes = Minutes::new("15", true, MINUTES_MAX);
    let typed = RwSignal::new(desired.to_string());
    let error = RwSignal::new(None::<String>);
    let name = TypedName::new(
        "scaling-typed-error",
        workload.is_production() && verb.is_dangerous(),
        workload.name(),
    );
    let scales = verb == HoldVerb::ScaleTo;
    let ends = verb != HoldVerb::LetGo;
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let replicas = if scales {
            typed.with_untracked(|text| replicas(text, min, max)).map(Some)
        } else {
            Ok(None)
        };
        let minutes = if ends { minutes.read() } else { Ok(None) };
        match (replicas, minutes) {
            (Err(why), _) => error.set(Some(why)),
            (Ok(replicas), Ok(minutes)) if name.is_right() => changer.hold(verb, replicas, minutes),
            _ => {}
        }
    };
    let how_many = scales.then(|| {
        view! {
            <label class="field">
                <span>"Replicas"</span>
                <span class="field-input">
                    <input
                        type="text"
                        inputmode="numeric"
                        autocomplete="off"
                        required
                        value=desired.to_string()
                        aria-invalid=move || error.with(Option::is_some).then_some("true")
                        aria-describedby="replicas-error"
                        on:input=move |event| {
                            error.set(None);
                            typed.set(event_target_value(&event));
                        }
                    />
                    <span class="unit">{format!("{min} to {max}")}</span>
                </span>
            </label>
            <p class="field-error" id="replicas-error" role="alert">
                {move || error.get()}
            </p>
        }
    });
    view! {
        <form id="scaling-form" novalidate on:submit=submit>
            <p>{verb.meaning()}</p>
            {how_many}
            {ends.then(|| minutes.field("minutes-error"))}
            {name.field()}
        </form>
    }
}

fn replicas(text: &str, min: u32, max: u32) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(n) if (min..=max).contains(&n) => Ok(n),
        Ok(n) => Err(format!("the policy allows {min} to {max}, not {n}")),
        Err(_) => Err(format!("type a whole number from {min} to {max}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_policy_allows_can_be_asked_for() {
        assert_eq!(replicas(" 5 ", 2, 10), Ok(5));
        assert_eq!(replicas("11", 2, 10).unwrap_err(), "the policy allows 2 to 10, not 11");
        assert_eq!(replicas("many", 2, 10).unwrap_err(), "type a whole number from 2 to 10");
    }
}
