use http::Request;
use kube::Client;
use serde_json::Value;

/// What the API server answers to a GET of this path, as JSON; its own sentence where it refuses.
///
/// For who reads a cluster without a client of its own.
///
/// # Errors
/// The API server's sentence.
pub async fn read(client: &Client, path: &str) -> Result<Value, String> {
    let request = Request::get(path).body(Vec::new()).unwrap();
    client.request::<Value>(request).await.map_err(|error| error.to_string())
}

/// All objects of a list: `items`.
pub async fn list(client: &Client, path: &str) -> Result<Vec<Value>, String> {
    match read(client, path).await?["items"].take() {
        Value::Array(items) => Ok(items),
        _ => Ok(Vec::new()),
    }
}
