use leptos::{prelude::*, server_fn::error::ServerFnUrlError};

use super::{Callout, Tone};
use crate::{api::Problem, url::use_query};

/// What the server said to a form sent without scripts: it stands in the URL it sent the browser back to.
#[component]
pub fn PlainFormAnswer() -> impl IntoView {
    let query = use_query();
    move || {
        query.get("__err").map(|error| {
            let problem = ServerFnUrlError::<Problem>::decode_err(&error);
            view! {
                <Callout tone=Tone::Critical>
                    <p class="strong">"Not changed"</p>
                    <p>{problem.to_string()}</p>
                </Callout>
            }
        })
    }
}
