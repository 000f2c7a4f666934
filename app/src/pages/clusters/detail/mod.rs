//! One object of a cluster: an HPA with what it scales, or a workload without one.

pub(super) mod act;
pub(super) mod context;
mod edit;
mod events;
mod fields;
mod head;
mod ledger;
mod only_hpas;
mod overview;
mod pods;
mod tabs;
mod what_if;

use leptos::{prelude::*, suspense::Unsuspend};
use leptos_meta::Title;
use leptos_router::{hooks::use_params_map, params::ParamsMap};
use model::{
    ApiError, Frame, ViewKey,
    cluster::{ClusterId, ObjectKind, ObjectRef},
};

use self::{
    act::{Act, ActDialog},
    context::{ObjectContext, object_view},
    tabs::Tab,
};
use crate::{
    api::{self, Me, Problem, context as answer},
    components::{Empty, PageTab, SourceNote, Tabs, first_paint},
    live::Live,
    pages::scaling::History,
    url::{UseQuery, use_query},
};

#[component]
pub fn ObjectPage() -> impl IntoView {
    let params = use_params_map();
    let name = Memo::new(move |_| params.with(name_of));
    let first = Resource::new(move || name.get(), read);
    let query = use_query();
    // On the server the head is written last, when the memo may be gone already.
    let now = title(&name.read_untracked());
    let title = move || name.try_with(|name| title(name)).unwrap_or_else(|| now.clone());
    view! {
        <Title text=title />
        {first_paint(first, move |(frame, me)| view! { <Object query=query frame=frame me=me /> })}
    }
}

/// `prod:shop:hpa:web`, as it is written in the address; whether there can be such an object is asked later.
fn name_of(params: &ParamsMap) -> String {
    ["cluster", "namespace", "kind", "name"]
        .map(|part| params.get(part).unwrap_or_default())
        .join(":")
}

fn object_of(name: &str) -> Option<ObjectRef> {
    let [cluster, namespace, kind, name] = name.split(':').collect::<Vec<_>>().try_into().ok()?;
    let kind = ObjectKind::ALL.into_iter().find(|k| k.id() == kind)?;
    ObjectRef::new(ClusterId::new(cluster).ok()?, namespace, kind, name).ok()
}

/// `leptos_meta` writes a title as it is, so only what keeps the naming rule becomes one.
fn title(name: &str) -> String {
    object_of(name).map_or_else(
        || "Not found".to_owned(),
        |object| format!("{} {} in {}", object.kind.label(), object.name, object.namespace),
    )
}

async fn read(name: String) -> Result<(Frame, Me), Problem> {
    let missing = || {
        answer::answer_status(404);
        Problem(ApiError::not_found("object", &name))
    };
    let object = object_of(&name).ok_or_else(missing)?;
    let me = api::me().await?;
    let frame = api::view(ViewKey::Object(object)).await?;
    if object_view(&frame).is_none() {
        return Err(missing());
    }
    Ok((frame, me))
}

#[component]
pub(super) fn Object(query: UseQuery, frame: Frame, me: Me) -> impl IntoView {
    let live = Live::expect();
    let Some(object) = object_view(&frame).map(|v| v.row.object.clone()) else {
        return view! { <Gone /> }.into_any();
    };
    let frames = live.from_first(frame);
    let key = ViewKey::Object(object.clone());
    Effect::new(move |_| live.listen(key.clone()));

    let object = ObjectContext::new(frames, object, me);
    let act = Act::new(object);
    let gone = object.is_gone();
    let source = object.part(|v| v.source.clone());
    let tab = Memo::new(move |_| query.query.with(Tab::from_query));
    view! {
        {move || gone.get().then(|| view! { <Gone /> })}
        <head::Head object=object act=act />
        <SourceNote source=source now_ms=object.now_ms />
        <Tabs tab=tab query=query label="Parts of the object" />
        // Drawn once on the server, not each time the page is searched for what it still waits for.
        {Unsuspend::new(move || {
            move || match tab.get() {
                Tab::Overview => view! { <overview::Overview object=object query=query /> }.into_any(),
                Tab::Pods => view! { <pods::Pods object=object act=act /> }.into_any(),
                Tab::History => view! { <History of=object.scaled() query=query tab=Tab::History /> }.into_any(),
                Tab::Ledger => view! { <ledger::LedgerTab object=object query=query /> }.into_any(),
                Tab::Events => view! { <events::Events object=object /> }.into_any(),
                Tab::WhatIf => view! { <what_if::WhatIfTab object=object /> }.into_any(),
                Tab::Edit => view! { <edit::Edit object=object act=act /> }.into_any(),
            }
        })}
        <ActDialog act=act />
    }
    .into_any()
}

#[component]
fn Gone() -> impl IntoView {
    view! {
        <section class="panel">
            <Empty title="This object is gone">
                <p>"It was deleted, or may no longer be read; what is below is the last that was known of it."</p>
                <a class="button" href="/clusters">
                    "See all clusters"
                </a>
            </Empty>
        </section>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_an_object_or_nothing() {
        assert_eq!(object_of("prod:shop:hpa:web.v2").unwrap().path(), "/clusters/prod/shop/hpa/web.v2");
        for bad in [
            "",
            ":::",
            "prod:shop:pod:web",
            "prod:shop:hpa:<b>",
            "prod:shop:hpa:a:b",
            "prod:sh.op:hpa:web",
        ] {
            assert!(object_of(bad).is_none(), "{bad}");
            assert_eq!(title(bad), "Not found");
        }
        assert_eq!(title("prod:shop:hpa:web"), "HPA web in shop");
    }
}
