use leptos::prelude::*;
use model::scaling::ScalingState;

use crate::pages::scaling::{detail::context::WorkloadContext, figure, ready_tone};

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
