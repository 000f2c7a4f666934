use leptos::prelude::*;
use model::scaling::ScalingState;

use crate::pages::scaling::detail::context::WorkloadContext;

/// Asked for, ready, there, and between which limits.
#[component]
pub fn Figures(workload: WorkloadContext) -> impl IntoView {
    let row = workload.part(|v| {
        let bounds = v.row.bounds.clone();
        (v.row.desired, v.row.ready, v.row.replicas, bounds, v.row.state, v.replicas_max)
    });
    let bounds_note = move || {
        row.get().map(|r| match r.3.rules.len() {
            0 => format!("its source can run {}", r.5),
            1 => "by 1 rule of the schedule".to_owned(),
            n => format!("by {n} rules of the schedule"),
        })
    };
    let max_tone = move || {
        let at_max = row.with(|r| r.as_ref().is_some_and(|r| r.4 == ScalingState::AtMax));
        if at_max { "warning" } else { "" }
    };
    let ready_tone = move || row.with(|r| r.as_ref().map_or("", |r| ready_tone(r.0, r.1)));
    view! {
        <ul class="cards figures" aria-label="Right now">
            {figure("Asked for", move || row.get().map(|r| r.0.to_string()), || Some("by the last decision".to_owned()), || "")}
            {figure("Ready", move || row.get().map(|r| r.1.to_string()), || Some("take requests".to_owned()), ready_tone)}
            {figure("There", move || row.get().map(|r| r.2.to_string()), || Some("in whatever state".to_owned()), || "")}
            {figure(
                "Between",
                move || row.get().map(|r| format!("{} – {}", r.3.min_replicas, r.3.max_replicas)),
                bounds_note,
                max_tone,
            )}
        </ul>
    }
    .into_any()
}

fn figure(
    title: &'static str,
    value: impl Fn() -> Option<String> + Send + Sync + 'static,
    note: impl Fn() -> Option<String> + Send + Sync + 'static,
    tone: impl Fn() -> &'static str + Send + Sync + 'static,
) -> impl IntoView {
    view! {
        <li class="card" data-tone=tone>
            <h2 class="card-title">{title}</h2>
            <p class="card-value">{value}</p>
            <p class="card-note">{note}</p>
        </li>
    }
}

const fn ready_tone(desired: u32, ready: u32) -> &'static str {
    match (desired, ready) {
        (1.., 0) => "critical",
        (desired, ready) if ready < desired => "warning",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_ready_than_asked_for_is_amber_and_none_is_red() {
        assert_eq!(
            [(3, 3), (3, 4), (3, 2), (3, 0), (0, 0)].map(|(d, r)| ready_tone(d, r)),
            ["", "", "warning", "critical", ""]
        );
    }
}
