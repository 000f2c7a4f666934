use leptos::prelude::*;
use model::{PoolIntent, PoolPolicy, change::diff};

use super::Changer;
use crate::components::{TwoVersions, Versions};

/// Somebody else was first: what they changed, and where yours differs from it.
#[component]
pub fn Conflict(changer: Changer, base: PoolIntent, current: PoolIntent, yours: PoolPolicy) -> impl IntoView {
    let versions = Versions {
        what: "this pool",
        by: current.changed_by.clone(),
        seen: base.version,
        current: current.version,
        theirs: diff(&base.policy, &current.policy),
        mine: diff(&current.policy, &yours),
    };
    view! {
        <TwoVersions
            versions=versions
            take_theirs=Callback::new(move |()| changer.take_theirs())
            mine_on_top=Callback::new(move |()| changer.mine_on_top())
        />
    }
}
