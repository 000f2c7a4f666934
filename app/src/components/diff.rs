use leptos::prelude::*;
use model::FieldDiff;

/// What a [`Diff`] says around the values.
#[derive(Debug, Clone, PartialEq)]
pub struct DiffWords {
    /// For who cannot see the table.
    pub caption: String,
    pub before: String,
    pub after: String,
    /// When no setting differs.
    pub nothing: &'static str,
}

impl Default for DiffWords {
    fn default() -> Self {
        Self {
            caption: "What would change".to_owned(),
            before: "In force".to_owned(),
            after: "Will be".to_owned(),
            nothing: "Nothing would change.",
        }
    }
}

/// Two versions side by side, one row per setting that differs.
#[component]
pub fn Diff(fields: Vec<FieldDiff>, #[prop(optional)] words: DiffWords) -> impl IntoView {
    if fields.is_empty() {
        return view! { <p class="muted">{words.nothing}</p> }.into_any();
    }
    let rows = fields
        .into_iter()
        .map(|FieldDiff { field, before, after }| {
            view! {
                <tr>
                    <th scope="row">{field}</th>
                    <td>
                        <del>{before}</del>
                    </td>
                    <td>
                        <ins>{after}</ins>
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <table class="diff">
            <caption class="hidden-visually">{words.caption}</caption>
            <thead>
                <tr>
                    <th scope="col">"Setting"</th>
                    <th scope="col">{words.before}</th>
                    <th scope="col">{words.after}</th>
                </tr>
            </thead>
            <tbody>{rows}</tbody>
        </table>
    }
    .into_any()
}

/// The difference under a form, as one types.
#[component]
pub fn Preview(#[prop(into)] fields: Signal<Vec<FieldDiff>>) -> impl IntoView {
    view! {
        <div class="preview" aria-live="polite">
            {move || fields.with(|f| !f.is_empty()).then(|| view! { <Diff fields=fields.get() /> })}
        </div>
    }
}
