//! What is kept for how long, what it takes, and the clean-up.

mod cleanup;
mod kept;

use leptos::prelude::*;
use leptos_meta::Title;
use model::{DataView, ViewKey};

use self::{cleanup::CleanUpPanel, kept::KeptTable};
use crate::{
    api::{self, CleanUpNow, Me, Problem},
    components::first_paint,
    format,
    live::Live,
};

#[component]
pub fn DataPage() -> impl IntoView {
    let live = Live::expect();
    // Sizes are read when asked for; the top bar still tells whether the console is there.
    Effect::new(move |_| live.listen(ViewKey::Events));
    let clean_up = ServerAction::<CleanUpNow>::new();
    let first = Resource::new(move || clean_up.version().get(), |_| read());
    view! {
        <Title text="Data" />
        <header class="page-head">
            <h1>"Data"</h1>
        </header>
        {first_paint(
            first,
            move |(data, me)| {
                view! {
                    <Size data=data.clone() />
                    <KeptTable data=data.clone() />
                    <CleanUpPanel data=data me=me action=clean_up />
                }
            },
        )}
    }
}

async fn read() -> Result<(DataView, Me), Problem> {
    let me = api::me().await?;
    Ok((api::data().await?, me))
}

#[component]
fn Size(data: DataView) -> impl IntoView {
    let usage = data.usage;
    let (samples, bytes) = usage.samples.iter().fold((0, 0), |(n, b), s| (n + s.samples, b + s.bytes));
    let fact = |what: &'static str, value: String| {
        view! {
            <div>
                <dt>{what}</dt>
                <dd>{value}</dd>
            </div>
        }
    };
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2>"Size"</h2>
            </div>
            <dl class="facts panel-body">
                {fact("Database", format::bytes(usage.bytes))} {fact("Series", format::count(usage.series))}
                {fact("Values and their roll-ups", format::count(samples))} {fact("Bytes for each", bytes_each(samples, bytes))}
                {fact("Seconds that wait to be compressed", format::count(usage.tail_rows))}
            </dl>
        </section>
    }
    .into_any()
}

fn bytes_each(samples: u64, bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a mean that is read by people")]
    let each = bytes as f64 / samples as f64;
    if samples == 0 {
        format::MISSING.to_owned()
    } else {
        format!("{each:.2}")
    }
}
