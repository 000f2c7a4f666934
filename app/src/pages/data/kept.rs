use leptos::prelude::*;
use model::{DataView, Resolution};

use crate::{
    components::{DataTable, Head},
    format,
};

struct Row {
    what: String,
    kept: String,
    rows: Option<u64>,
    bytes: Option<u64>,
}

fn hours(hours: u32) -> String {
    if hours > 48 && hours.is_multiple_of(24) {
        days(hours / 24)
    } else {
        format!("{hours} h")
    }
}

fn days(days: u32) -> String {
    format!("{days} d")
}

fn rows(data: &DataView) -> Vec<Row> {
    let (kept, usage) = (&data.retention, &data.usage);
    let samples = Resolution::ALL.map(|resolution| {
        let stored = usage.samples.iter().find(|s| s.resolution == resolution);
        Row {
            what: format!("Measured values by {}", resolution.label()),
            kept: match resolution {
                Resolution::Second => hours(kept.samples.second_h),
                Resolution::TenSeconds => hours(kept.samples.ten_seconds_h),
                Resolution::Minute => days(kept.samples.minute_d),
                Resolution::QuarterHour => days(kept.samples.quarter_hour_d),
            },
            rows: Some(stored.map_or(0, |s| s.samples)),
            bytes: Some(stored.map_or(0, |s| s.bytes)),
        }
    });
    let mut all: Vec<Row> = samples.into_iter().collect();
    all.push(Row {
        what: "Events".to_owned(),
        kept: days(kept.events_d),
        rows: Some(usage.events),
        bytes: None,
    });
    all.push(Row {
        what: "Audit log".to_owned(),
        kept: days(kept.audit_d),
        rows: Some(usage.audit),
        bytes: None,
    });
    all.push(Row {
        what: "Scaling decisions".to_owned(),
        kept: days(kept.decisions_d),
        rows: Some(usage.decisions),
        bytes: None,
    });
    all.push(Row {
        what: "Scaling events".to_owned(),
        kept: days(kept.scaling_events_d),
        rows: Some(usage.scaling_events),
        bytes: None,
    });
    all.push(Row {
        what: "Sessions".to_owned(),
        kept: "until they expire".to_owned(),
        rows: None,
        bytes: None,
    });
    all
}

/// Every table that grows: how long it is kept, and what it has now.
#[component]
pub fn KeptTable(data: DataView) -> impl IntoView {
    let cell = |text: Option<String>| view! { <td class="number">{text.unwrap_or_else(|| format::MISSING.to_owned())}</td> };
    let body = rows(&data)
        .into_iter()
        .map(|row| {
            view! {
                <tr>
                    <th scope="row">{row.what}</th>
                    <td>{row.kept}</td>
                    {cell(row.rows.map(format::count))}
                    {cell(row.bytes.map(format::bytes))}
                </tr>
            }
        })
        .collect_view();
    let heads = [
        Head::text("What"),
        Head::text("Kept for"),
        Head::number("Rows"),
        Head::number("Size"),
    ];
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2>"What is kept"</h2>
                <p class="hint">"Set in the settings file under [retention]."</p>
            </div>
            <DataTable label="What is kept" heads=heads>
                {body}
            </DataTable>
        </section>
    }
    .into_any()
}
