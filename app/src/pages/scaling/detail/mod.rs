//! One workload: what it has, what is decided about it and why, and what is intended.

mod change;
mod context;
mod head;
mod overview;
mod policy;
mod prediction;
mod schedule;
mod settings;
mod tabs;
mod what_if;

use leptos::{prelude::*, suspense::Unsuspend};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use model::{ApiError, Frame, ViewKey, WorkloadId};

use self::{
    change::{ChangeDialog, Changer},
    context::{WorkloadContext, workload_view},
    tabs::Tab,
};
use crate::{
    api::{self, Me, Problem, context as answer},
    components::{Empty, PageTab, SourceNote, Tabs, first_paint},
    live::Live,
    pages::scaling::{History, Ledger},
    url::use_query,
};

#[component]
pub fn WorkloadPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let first = Resource::new(move || name.get(), read);
    // On the server the head is written last, when the memo may be gone already.
    let now = title(&name.read_untracked());
    let title = move || name.try_with(|name| title(name)).unwrap_or_else(|| now.clone());
    view! {
        <Title text=title />
        {first_paint(first, |(frame, me)| view! { <Workload frame=frame me=me /> })}
    }
}

/// `leptos_meta` writes a title as it is, so only what keeps the naming rule becomes one.
fn title(name: &str) -> String {
    name.parse::<WorkloadId>()
        .map_or_else(|_| "Not found".to_owned(), |id| format!("{id} scaling"))
}

async fn read(name: String) -> Result<(Frame, Me), Problem> {
    let id = name.parse::<WorkloadId>().map_err(|_| {
        answer::answer_status(404);
        Problem(ApiError::not_found("workload", &name))
    })?;
    let me = api::me().await?;
    let frame = api::view(ViewKey::Workload(id)).await?;
    Ok((frame, me))
}

#[component]
fn Workload(frame: Frame, me: Me) -> impl IntoView {
    let live = Live::expect();
    let Some(id) = workload_view(&frame).map(|v| v.row.workload.clone()) else {
        return view! { <Gone /> }.into_any();
    };
    let frames = live.from_first(frame);
    let key = ViewKey::Workload(id.clone());
    Effect::new(move |_| live.listen(key.clone()));

    let workload = WorkloadContext::new(frames, id, me);
    let changer = Changer::new(workload);
    let gone = workload.is_gone();
    let silent = workload.part(|v| v.source.clone());
    let query = use_query();
    let tab = Memo::new(move |_| query.query.with(Tab::from_query));
    view! {
        {move || gone.get().then(|| view! { <Gone /> })}
        <head::Head workload=workload changer=changer />
        <SourceNote source=silent now_ms=workload.now_ms />
        <Tabs tab=tab query=query label="Parts of the workload" />
        // Drawn once on the server, not each time the page is searched for what it still waits for.
        {Unsuspend::new(move || {
            move || match tab.get() {
                Tab::Overview => view! { <overview::Overview workload=workload query=query /> }.into_any(),
                Tab::History => view! { <History of=workload.scaled() query=query tab=Tab::History /> }.into_any(),
                Tab::Ledger => view! { <Ledger of=workload.scaled() query=query tab=Tab::Ledger /> }.into_any(),
                Tab::Policy => view! { <policy::PolicyTab workload=workload changer=changer query=query /> }.into_any(),
                Tab::WhatIf => view! { <what_if::WhatIfTab workload=workload /> }.into_any(),
                Tab::Schedule => view! { <schedule::ScheduleTab workload=workload changer=changer /> }.into_any(),
                Tab::Prediction => view! { <prediction::PredictionTab workload=workload changer=changer query=query /> }.into_any(),
            }
        })}
        <ChangeDialog changer=changer />
    }
    .into_any()
}

#[component]
fn Gone() -> impl IntoView {
    view! {
        <section class="panel">
            <Empty title="This workload is gone">
                <p>"It is no longer in the configuration; what is below is the last that was known of it."</p>
                <a class="button" href="/scaling">
                    "See what is scaled"
                </a>
            </Empty>
        </section>
    }
}
