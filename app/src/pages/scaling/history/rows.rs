use leptos::prelude::*;
use model::scaling::ScalingEvent;

use crate::{
    components::{Head, Moment},
    format,
    pages::scaling::words,
};

pub const HEADS: [Head; 5] = [
    Head::text("Time (UTC)"),
    Head::text("Replicas"),
    Head::text("Why"),
    Head::text("By"),
    Head::text("Outcome"),
];

/// Changes as rows, each drawn anew only when it changed.
#[component]
pub fn ChangeRows(changes: Memo<Vec<ScalingEvent>>, now_ms: Memo<i64>) -> impl IntoView {
    let key = |change: &ScalingEvent| (change.id, change.at_ms, change.outcome.id());
    // The year of the moment does not change while it is on screen.
    view! { <For each=move || changes.get() key=key children=move |change| row(&change, now_ms.get_untracked()) /> }
}

fn row(change: &ScalingEvent, now_ms: i64) -> impl IntoView + use<> {
    let (cause, metrics) = words::cause(change);
    let far = words::is_far(change).then(|| {
        view! {
            <span class="tag" data-tone="warning">
                {format!("by {}", change.size())}
            </span>
        }
    });
    view! {
        <tr tabindex="-1" data-row>
            <td class="nowrap">
                <Moment at_ms=change.at_ms now_ms=now_ms />
            </td>
            <td class="nowrap">{words::course(change)} {far}</td>
            <td class="wrap">{cause} {(!metrics.is_empty()).then(|| view! { <span class="cause muted">{metrics}</span> })}</td>
            <td class="nowrap">{change.actor.to_string()}</td>
            <td class="nowrap" data-tone=words::outcome_tone(change) title=change.ended_at_ms.map(format::iso)>
                {words::outcome(change)}
            </td>
        </tr>
    }
}
