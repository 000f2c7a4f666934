use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{ReceiptFilter, Receipts};

use super::Problem;

/// Receipts of requests that pass the filter, newest first, at most `limit` of them.
#[server(name = ReadReceipts, prefix = "/api/fn", endpoint = "receipts", input = GetUrl)]
pub async fn receipts(#[server(default)] filter: ReceiptFilter, limit: usize) -> Result<Receipts, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.receipts(&who, &filter, limit).await)
}
