use reqwest::{Client, Method, RequestBuilder, Response, redirect::Policy};
use serde::de::DeserializeOwned;

/// Behaves as a browser does for pages of the same origin: keeps the session cookie, sends `Sec-Fetch-Site`; does not follow redirects.
#[derive(Clone)]
pub(crate) struct Browser {
    client: Client,
    base: String,
    pub(crate) cookie: Option<String>,
}

impl Browser {
    pub(crate) fn new(base: &str) -> Self {
        let client = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self {
            client,
            base: base.to_owned(),
            cookie: None,
        }
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// A request with the cookie and nothing else: what another site can make a browser send.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.cookie {
            Some(cookie) => request.header("cookie", cookie),
            None => request,
        }
    }

    fn own(&self, method: Method, path: &str) -> RequestBuilder {
        self.bare(method, path)
            .header("sec-fetch-site", "same-origin")
            .header("origin", &self.base)
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.own(Method::GET, path).header("accept", "text/html").send().await.unwrap()
    }

    pub(crate) async fn json<T: DeserializeOwned>(&self, path: &str) -> T {
        let answer = self
            .own(Method::GET, path)
            .header("accept", "application/json")
            .send()
            .await
            .unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {status}: {e}: {text}"))
    }

    /// Sends a form as a page does, and keeps the cookie it is given.
    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        let answer = self
            .own(Method::POST, path)
            .header("accept", "text/html")
            .form(form)
            .send()
            .await
            .unwrap();
        self.keep_cookie(&answer);
        answer
    }

    /// Sends a form as a script does.
    pub(crate) async fn call(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.own(Method::POST, path)
            .header("accept", "application/json")
            .form(form)
            .send()
            .await
            .unwrap()
    }

    fn keep_cookie(&mut self, answer: &Response) {
        if let Some(set) = answer.headers().get("set-cookie") {
            let pair = set.to_str().unwrap().split(';').next().unwrap();
            self.cookie = (!pair.ends_with('=')).then(|| pair.to_owned());
        }
    }
}
