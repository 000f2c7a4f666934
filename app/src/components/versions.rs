use leptos::prelude::*;
use model::FieldDiff;

use super::{Callout, Diff, DiffWords, Tone};

/// What somebody else did to the same thing, and where yours differs from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Versions {
    /// What it is: "this pool".
    pub what: &'static str,
    /// Who was first; the settings file if nobody.
    pub by: Option<String>,
    /// The version yours was made from, and the one in force.
    pub seen: u64,
    pub current: u64,
    pub theirs: Vec<FieldDiff>,
    pub mine: Vec<FieldDiff>,
}

/// Two people were at the same thing: the second is shown both versions and chooses.
#[component]
pub fn TwoVersions(versions: Versions, take_theirs: Callback<()>, mine_on_top: Callback<()>) -> impl IntoView {
    let by = versions.by.unwrap_or_else(|| "the settings file".to_owned());
    let in_force = format!("In force (version {})", versions.current);
    let their_words = DiffWords {
        caption: format!("What {by} changed"),
        before: format!("You saw (version {})", versions.seen),
        after: in_force.clone(),
        nothing: "Changed and changed back: nothing differs.",
    };
    let my_words = DiffWords {
        caption: "Your change".to_owned(),
        before: in_force,
        after: "Yours".to_owned(),
        nothing: "Yours is in force already.",
    };
    view! {
        <Callout tone=Tone::Warning>
            <p class="strong">{format!("{by} changed {} while you were at it.", versions.what)}</p>
            <p>"Nothing of yours has been applied yet."</p>
        </Callout>
        <section class="diff-part">
            <h3>{their_words.caption.clone()}</h3>
            <Diff fields=versions.theirs words=their_words />
        </section>
        <section class="diff-part">
            <h3>{my_words.caption.clone()}</h3>
            <Diff fields=versions.mine words=my_words />
        </section>
        <div class="choices">
            <button type="button" class="button" on:click=move |_| take_theirs.run(())>
                "Take theirs"
            </button>
            <button type="button" class="button primary" on:click=move |_| mine_on_top.run(())>
                "Apply mine on top"
            </button>
            <p class="hint">"“On top” sends what stands under “Your change”, from their version; the rest of theirs stays."</p>
        </div>
    }
}
