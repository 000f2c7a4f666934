use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{CleanUp, DataView};

use super::Problem;

/// What the data takes, how long it is kept, and what the last clean-up removed.
#[server(name = ReadData, prefix = "/api/fn", endpoint = "data", input = GetUrl)]
pub async fn data() -> Result<DataView, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.data(&who).await)
}

/// Removes what is not kept any longer, now.
#[server(name = CleanUpNow, prefix = "/api/fn", endpoint = "clean_up")]
pub async fn clean_up() -> Result<CleanUp, Problem> {
    use super::context;
    let who = context::system_admin()?;
    context::answer(context::control()?.clean_up(&who).await)
}
