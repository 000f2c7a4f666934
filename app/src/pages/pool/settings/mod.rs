//! What is intended for the pool: one form for each thing, each with what is in force and what would change.

mod algorithm;
mod draft;
mod group;
mod groups;
mod members;
mod preview;

use leptos::prelude::*;
use model::PoolIntent;

use super::{Changer, PoolContext};
use crate::{
    api,
    components::{Callout, PlainFormAnswer, Tone, first_paint},
    format,
};

#[component]
pub fn Settings(pool: PoolContext, changer: Changer) -> impl IntoView {
    let changes = changer.changes;
    let intent = Resource::new(move || (pool.id.get_value(), changes.get()), |(id, _)| api::intent(id));
    view! {
        <PlainFormAnswer />
        {first_paint(intent, move |intent| view! { <Forms pool=pool changer=changer intent=intent /> })}
    }
}

#[component]
fn Forms(pool: PoolContext, changer: Changer, intent: PoolIntent) -> impl IntoView {
    let version = intent.version;
    let by = intent.changed_by.clone().unwrap_or_else(|| "the settings file".to_owned());
    let at = format::date_time(intent.changed_at_ms, pool.now_ms.get_untracked());
    let why_not = pool.me.with_value(crate::api::Me::why_not_change);
    let newer = Memo::new(move |_| Some(pool.intended_version.get()).filter(|v| *v > version));
    let overtaken = move || {
        newer.get().map(|newer| {
            view! {
                <Callout tone=Tone::Warning>
                    <p class="strong">{format!("Version {newer} is in force; this form was made from version {version}.")}</p>
                    <p>
                        <button type="button" class="button small" on:click=move |_| changer.changes.update(|n| *n += 1)>
                            "Show what is in force"
                        </button>
                    </p>
                </Callout>
            }
        })
    };
    view! {
        <p class="muted settings-note">{format!("Version {version} is in force, set by {by} on {at} UTC.")}</p>
        {why_not.clone().map(|why| view! { <Callout tone=Tone::Info>{format!("You see the settings but cannot change them. {why}")}</Callout> })}
        {overtaken}
        <div class="settings">
            <algorithm::AlgorithmForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::HealthForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::OutlierForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::BreakerForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::RetryForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::AffinityForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::LimitsForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <groups::DegradationForm pool=pool changer=changer intent=intent.clone() why_not=why_not.clone() />
            <members::MembersForm pool=pool changer=changer intent=intent why_not=why_not />
        </div>
    }
    .into_any()
}
