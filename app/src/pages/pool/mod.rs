//! One pool: what it is, its instances, its traffic, its settings.

mod affinity;
mod change;
mod head;
mod health;
mod instances;
mod settings;
mod tabs;
mod traffic;

use std::{collections::BTreeSet, sync::Arc};

use leptos::{prelude::*, suspense::Unsuspend};
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use model::{ApiError, Frame, InstanceId, PoolId, PoolView, ViewData, ViewKey};

use crate::{
    api::{self, Me, Problem, context},
    components::{Empty, PageTab, SourceNote, Tabs, first_paint},
    live::Live,
    url::use_query,
};
use change::{ChangeDialog, Changer};
use instances::parse_weight;
use tabs::Tab;

#[component]
pub fn PoolPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(|p| p.get("id").unwrap_or_default()));
    let first = Resource::new(move || name.get(), read);
    // On the server the head is written last, when the memo may be gone already.
    let now = title(&name.read_untracked());
    let title = move || name.try_with(|name| title(name)).unwrap_or_else(|| now.clone());
    view! {
        <Title text=title />
        {first_paint(first, |(frame, me)| view! { <Pool frame=frame me=me /> })}
    }
}

/// `leptos_meta` writes a title as it is, so only what keeps the naming rule becomes one.
fn title(name: &str) -> String {
    name.parse::<PoolId>().map_or_else(|_| "Not found".to_owned(), String::from)
}

async fn read(name: String) -> Result<(Frame, Me), Problem> {
    let id = name.parse::<PoolId>().map_err(|_| {
        context::answer_status(404);
        Problem(ApiError::not_found("pool", &name))
    })?;
    let me = api::me().await?;
    let frame = api::view(ViewKey::Pool(id)).await?;
    Ok((frame, me))
}

fn pool_view(frame: &Frame) -> Option<&PoolView> {
    match &frame.view {
        ViewData::Pool(view) => Some(view),
        _ => None,
    }
}

/// What every part of the page works with. `Copy`, so that closures take it along.
#[derive(Clone, Copy)]
pub struct PoolContext {
    frames: Signal<Arc<Frame>>,
    pub id: StoredValue<PoolId>,
    pub me: StoredValue<Me>,
    pub members: Memo<BTreeSet<InstanceId>>,
    pub intended_version: Memo<u64>,
    pub now_ms: Memo<i64>,
}

impl PoolContext {
    /// A memo of a part of the pool, so that a frame that leaves it alone draws nothing. Nothing once the pool is gone.
    pub fn part<T: PartialEq + Send + Sync + 'static>(self, read: impl Fn(&PoolView) -> T + Send + Sync + 'static) -> Memo<Option<T>> {
        Memo::new(move |_| self.frames.with(|f| pool_view(f).map(&read)))
    }

    /// Once, as it is now.
    pub fn with_view_untracked<T>(self, read: impl FnOnce(Option<&PoolView>) -> T) -> T {
        self.frames.with_untracked(|f| read(pool_view(f)))
    }

    /// For what has to look at every frame.
    pub fn with_view<T>(self, read: impl FnOnce(Option<&PoolView>) -> T) -> T {
        self.frames.with(|f| read(pool_view(f)))
    }
}

#[component]
fn Pool(frame: Frame, me: Me) -> impl IntoView {
    let live = Live::expect();
    let Some(id) = pool_view(&frame).map(|v| v.pool.id.clone()) else {
        return view! { <Gone /> }.into_any();
    };
    let frames = live.from_first(frame);
    let key = ViewKey::Pool(id.clone());
    Effect::new(move |_| live.listen(key.clone()));

    let pool = PoolContext {
        frames,
        id: StoredValue::new(id),
        me: StoredValue::new(me),
        members: Memo::new(move |_| frames.with(|f| pool_view(f).into_iter().flat_map(|v| &v.instances).map(|i| i.id.clone()).collect())),
        intended_version: Memo::new(move |_| frames.with(|f| pool_view(f).map_or(0, |v| v.intended_version))),
        now_ms: Memo::new(move |_| frames.with(|f| f.at_ms)),
    };
    let changer = Changer::new(pool);
    let gone = Memo::new(move |_| frames.with(|f| pool_view(f).is_none()));
    let silent = pool.part(|v| v.source.clone());
    let query = use_query();
    let tab = Memo::new(move |_| query.query.with(Tab::from_query));
    view! {
        {move || gone.get().then(|| view! { <Gone /> })}
        <head::Head pool=pool query=query />
        <SourceNote source=silent now_ms=pool.now_ms />
        <Tabs tab=tab query=query label="Parts of the pool" />
        // Drawn once on the server, not each time the page is searched for what it still waits for.
        {Unsuspend::new(move || {
            move || match tab.get() {
                Tab::Instances => view! { <instances::Instances pool=pool changer=changer query=query /> }.into_any(),
                Tab::Traffic => view! { <traffic::Traffic pool=pool /> }.into_any(),
                Tab::Health => view! { <health::HealthTab pool=pool /> }.into_any(),
                Tab::Affinity => view! { <affinity::AffinityTab pool=pool query=query /> }.into_any(),
                Tab::Settings => view! { <settings::Settings pool=pool changer=changer /> }.into_any(),
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
            <Empty title="This pool is gone">
                <p>"It is no longer in the configuration; what is below is the last that was known of it."</p>
                <a class="button" href="/pools">
                    "See all pools"
                </a>
            </Empty>
        </section>
    }
}
