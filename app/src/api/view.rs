use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{Frame, ViewData, ViewKey};

use super::Problem;

/// What a page shows right now, for its first paint; its tail is empty.
#[server(name = ReadView, prefix = "/api/fn", endpoint = "view", input = GetUrl)]
pub async fn view(key: ViewKey) -> Result<Frame, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.view(&who, &key))
}

/// Of a frame of [`ViewKey::Pools`]: what a filter by pool offers.
pub fn pool_names(frame: &Frame) -> Vec<String> {
    match &frame.view {
        ViewData::Pools(view) => view.pools.iter().map(|p| p.id.to_string()).collect(),
        _ => Vec::new(),
    }
}
