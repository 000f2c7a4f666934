//! "Is everything all right, and if not, where?"

mod cards;
mod happened;
mod pools;
mod sources;
mod trouble;

use leptos::prelude::*;
use leptos_meta::Title;
use model::{Frame, OverviewView, SeriesSet, ViewData, ViewKey};

use crate::{
    api::{self, Problem},
    charts::TrafficChart,
    components::{SparkWindow, first_paint},
    live::Live,
};

type First = (Frame, SeriesSet);

#[component]
pub fn OverviewPage() -> impl IntoView {
    let first = Resource::new(|| (), |()| read());
    view! {
        <Title text="Overview" />
        <h1 class="hidden-visually">"Overview"</h1>
        {first_paint(first, |first| view! { <Overview first=first /> })}
    }
}

async fn read() -> Result<First, Problem> {
    let frame = api::view(ViewKey::Overview).await?;
    let from_ms = frame.at_ms - SparkWindow::MS;
    let set = api::series(cards::keys(), from_ms, frame.at_ms, SparkWindow::SECONDS).await?;
    Ok((frame, set))
}

/// The part of a frame that this page draws.
fn overview(frame: &Frame) -> Option<&OverviewView> {
    match &frame.view {
        ViewData::Overview(view) => Some(view),
        _ => None,
    }
}

#[component]
fn Overview(first: First) -> impl IntoView {
    let live = Live::expect();
    let (frame, set) = first;
    let frames = live.from_first(frame);
    Effect::new(move |_| live.listen(ViewKey::Overview));

    // One memo per widget: a frame that does not change a widget's part does not touch it.
    macro_rules! part {
        ($field:ident) => {
            Memo::new(move |_| frames.with(|f| overview(f).map(|v| v.$field.clone()).unwrap_or_default()))
        };
    }
    let now_ms = Memo::new(move |_| frames.with(|f| f.at_ms));
    let instances = Memo::new(move |_| frames.with(|f| overview(f).map_or((0, 0), |v| (v.instances_up, v.instances_total))));
    let events = part!(events);
    view! {
        <cards::Cards totals=part!(totals) instances=instances set=set />
        <sources::Sources sources=part!(sources) now_ms=now_ms />
        <div class="columns">
            <div class="column wide">
                <TrafficChart events=events />
                <pools::Pools pools=part!(pools) />
            </div>
            <div class="column">
                <trouble::TroubleList trouble=part!(trouble) instances=instances now_ms=now_ms />
                <happened::Happened events=events now_ms=now_ms />
            </div>
        </div>
    }
    .into_any()
}
