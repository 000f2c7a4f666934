use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::SearchHit;

use super::Problem;

/// Pools, instances and pages whose name has `text` in it.
#[server(name = Search, prefix = "/api/fn", endpoint = "search", input = GetUrl)]
pub async fn search(text: String) -> Result<Vec<SearchHit>, Problem> {
    use super::context;
    let who = context::viewer()?;
    Ok(context::control()?.search(&who, &text))
}
