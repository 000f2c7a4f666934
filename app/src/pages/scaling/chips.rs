use leptos::prelude::*;
use model::scaling::TargetChip;

use super::words;

/// What each metric reads against what it should read.
pub fn chips(targets: Vec<TargetChip>) -> impl IntoView {
    let chips = targets
        .into_iter()
        .map(|chip| {
            view! {
                <li class="target" data-metric=words::metric_id(chip.state) title=words::metric_meaning(chip.state)>
                    {words::chip(&chip)}
                </li>
            }
        })
        .collect_view();
    view! { <ul class="targets">{chips}</ul> }
}
