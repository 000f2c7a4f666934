use leptos::prelude::*;
use model::{PoolIntent, PoolPolicy, change::diff};

use super::Changer;
use crate::components::{Callout, Diff, DiffWords, Tone};

/// Somebody else was first: what they changed, and where yours differs from it.
#[component]
pub fn Conflict(changer: Changer, base: PoolIntent, current: PoolIntent, yours: PoolPolicy) -> impl IntoView {
    let by = current.changed_by.clone().unwrap_or_else(|| "the settings file".to_owned());
    let theirs = diff(&base.policy, &current.policy);
    let mine = diff(&current.policy, &yours);
    let in_force = format!("In force (version {})", current.version);
    let their_words = DiffWords {
        caption: format!("What {by} changed"),
        before: format!("You saw (version {})", base.version),
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
            <p class="strong">{format!("{by} changed this pool while you were at it.")}</p>
            <p>"Nothing of yours has been applied yet."</p>
        </Callout>
        <section class="diff-part">
            <h3>{their_words.caption.clone()}</h3>
            <Diff fields=theirs words=their_words />
        </section>
        <section class="diff-part">
            <h3>{my_words.caption.clone()}</h3>
            <Diff fields=mine words=my_words />
        </section>
        <div class="choices">
            <button type="button" class="button" on:click=move |_| changer.take_theirs()>
                "Take theirs"
            </button>
            <button type="button" class="button primary" on:click=move |_| changer.mine_on_top()>
                "Apply mine on top"
            </button>
            <p class="hint">"“On top” sends what stands under “Your change”, from their version; the rest of theirs stays."</p>
        </div>
    }
}
