use leptos::{form::ActionForm, prelude::*};
use model::{CleanUp, DataView};

use crate::{
    api::{CleanUpNow, Me},
    components::{DataTable, Head, Moment},
    format,
};

/// When the clean-up runs, what the last one removed, and the button.
#[component]
pub fn CleanUpPanel(data: DataView, me: Me, action: ServerAction<CleanUpNow>) -> impl IntoView {
    let why_not = me.why_not_change();
    let refused = why_not.is_some();
    let title = why_not.clone();
    let pending = action.pending();
    let problem = move || {
        action
            .value()
            .get()
            .and_then(Result::err)
            .map(|problem| view! { <p class="field-error" role="alert">{format!("Not cleaned up. {problem}")}</p> })
    };
    let last = match data.last {
        Some(last) => view! { <Last last=last now_ms=data.now_ms /> }.into_any(),
        None => view! { <p class="muted">"None since the console was started."</p> }.into_any(),
    };
    view! {
        <section class="panel">
            <div class="panel-head">
                <h2>"Clean-up"</h2>
            </div>
            <div class="panel-body">
            <p>
                "Every night at 03:00 by the server's clock; next on " <Moment at_ms=data.next_ms now_ms=data.now_ms /> " UTC."
            </p>
            {last}
            <ActionForm action=action>
                <button type="submit" class="button" disabled=move || refused || pending.get() title=title>
                    {move || if pending.get() { "Cleaning up…" } else { "Clean up now" }}
                </button>
            </ActionForm>
            {why_not.map(|why| view! { <p class="muted">{why}</p> })}
            {problem}
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Last(last: CleanUp, now_ms: i64) -> impl IntoView {
    let body = last
        .tables
        .into_iter()
        .map(|table| {
            view! {
                <tr>
                    <th scope="row">{table.what}</th>
                    <td class="number">{format::count(table.rows)}</td>
                    <td>{table.error}</td>
                </tr>
            }
        })
        .collect_view();
    let by = last
        .by
        .map_or_else(|| "the daily one".to_owned(), |by| format!("asked for by {by}"));
    let heads = [Head::text("From"), Head::number("Rows removed"), Head::text("Trouble")];
    view! {
        <p>
            "Last: " <Moment at_ms=last.at_ms now_ms=now_ms /> " UTC, " {by} {format!(", took {} ms.", last.took_ms)}
        </p>
        <DataTable label="What the last clean-up removed" heads=heads>
            {body}
        </DataTable>
    }
    .into_any()
}
