use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{Frame, ViewKey};

use super::Problem;

/// What a page shows right now, for its first paint; its tail is empty.
#[server(name = ReadView, prefix = "/api/fn", endpoint = "view", input = GetUrl)]
pub async fn view(key: ViewKey) -> Result<Frame, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.view(&who, &key))
}
