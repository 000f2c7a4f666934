use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{Event, EventFilter, Page};

use super::Problem;

/// Events that pass the filter, newest first, at most `limit` of them.
#[server(name = ReadEvents, prefix = "/api/fn", endpoint = "events", input = GetUrl)]
pub async fn events(#[server(default)] filter: EventFilter, limit: u32) -> Result<Page<Event>, Problem> {
    use super::context;
    let who = context::viewer()?;
    let control = context::control()?;
    context::answer(control.events(&who, &filter, limit).await)
}
