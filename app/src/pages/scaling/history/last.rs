use leptos::prelude::*;

use super::{ChangeRows, HEADS};
use crate::{
    components::{Empty, PageTab, TablePanel},
    pages::scaling::Scaled,
    url::UseQuery,
};

/// Changes that are listed; the history has them all.
const CHANGES: usize = 5;

/// The last changes of the replicas.
#[component]
pub fn LastChanges<T: PageTab>(
    of: Scaled,
    query: UseQuery,
    /// Of the history, of the page around it.
    all: T,
    /// While there are none: a title, and a sentence.
    none: (&'static str, &'static str),
) -> impl IntoView {
    let changes = Memo::new(move |_| of.changes.with(|changes| changes.iter().take(CHANGES).cloned().collect::<Vec<_>>()));
    let empty = move || {
        changes.with(Vec::is_empty).then(|| {
            view! {
                <Empty title=none.0>
                    <p>{none.1}</p>
                </Empty>
            }
        })
    };
    let aside = view! { <a href=move || query.link_with(|q| all.write(&q))>"All changes"</a> };
    view! {
        <TablePanel id="changes-title" title="Last changes" label="The last changes" heads=HEADS aside=aside.into_any() empty=empty.into_any()>
            <ChangeRows changes=changes now_ms=of.now_ms />
        </TablePanel>
    }
    .into_any()
}
