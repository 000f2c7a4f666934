use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::SearchHit;

use super::Problem;

/// Pools and instances whose name has `text` in it, and the request whose id it is.
#[server(name = Search, prefix = "/api/fn", endpoint = "search", input = GetUrl)]
pub async fn search(text: String) -> Result<Vec<SearchHit>, Problem> {
    use super::context;
    let who = context::viewer()?;
    let control = context::control()?;
    let mut hits = control.search(&who, &text);
    let by_id = model::ReceiptFilter {
        request_id: Some(text.trim().to_owned()),
        ..model::ReceiptFilter::default()
    };
    // Without receipts the rest is found all the same.
    if control.receipts(&who, &by_id, 1).await.is_ok_and(|found| !found.items.is_empty()) {
        hits.insert(
            0,
            SearchHit {
                label: text.trim().to_owned(),
                kind: "request".to_owned(),
                href: crate::url::Query::default().with("id", text.trim()).href("/requests"),
            },
        );
    }
    Ok(hits)
}
