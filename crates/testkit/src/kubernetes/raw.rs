use http::{Method, Request, header::CONTENT_TYPE};
use http_body_util::BodyExt as _;
use kube::{Client, client::Body};
use serde_json::Value;

use super::Cluster;

/// Calls as they go over the wire, for tests that look at what clients keep to themselves: warnings, and refusals of single fields.
pub struct Raw(Client);

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// The text of each `Warning` header.
    pub warnings: Vec<String>,
    pub body: Value,
}

impl Cluster {
    /// As the administrator.
    pub async fn raw(&self) -> Raw {
        Raw(self.client().await)
    }
}

impl Raw {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "application/json", &Value::Null).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(Method::POST, path, "application/json", body).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, "application/json", &Value::Null).await
    }

    /// Server-side apply of an object at its own path, in which a field that Kubernetes does not know is refused.
    pub async fn apply(&self, path: &str, object: &Value) -> Answer {
        let path = format!("{path}?fieldManager=testkit&force=true&fieldValidation=Strict");
        self.send(Method::PATCH, &path, "application/apply-patch+yaml", object).await
    }

    async fn send(&self, method: Method, path: &str, kind: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            Vec::new()
        } else {
            serde_json::to_vec(body).unwrap()
        };
        let request = Request::builder().method(method).uri(path).header(CONTENT_TYPE, kind);
        let answer = self.0.send(request.body(Body::from(body)).unwrap()).await.unwrap();
        let warnings = answer
            .headers()
            .get_all("warning")
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        Answer {
            status,
            warnings,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        }
    }
}
