//! A person's browser gets a small page instead of problem details; so does a panic and an empty answer.

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Console, ProblemDetails};

/// Whether the client prefers a page.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    accepts(headers, "text/html")
}

pub(super) fn wants_json(headers: &HeaderMap) -> bool {
    accepts(headers, "application/json")
}

fn accepts(headers: &HeaderMap, kind: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|v| v.to_str().is_ok_and(|v| v.contains(kind)))
}

/// Fills bare errors of the framework with problem details, and turns problem details into a page for those who asked for one.
pub(super) async fn explain(State(console): State<Console>, request: Request, next: Next) -> Response {
    let page = wants_page(request.headers())
        && !request.uri().path().starts_with("/api/")
        && matches!(*request.method(), Method::GET | Method::HEAD | Method::POST);
    let response = next.run(request).await;
    let status = response.status();
    let bare = (status.is_client_error() || status.is_server_error()) && !response.headers().contains_key(header::CONTENT_TYPE);
    let (response, problem) = if bare {
        let allow = response.headers().get(header::ALLOW).cloned();
        let problem = ProblemDetails::new(status, bare_detail(status));
        let mut response = problem.clone().into_response();
        if let Some(allow) = allow {
            response.headers_mut().insert(header::ALLOW, allow);
        }
        (response, Some(problem))
    } else {
        let problem = response.extensions().get::<ProblemDetails>().cloned();
        (response, problem)
    };
    match problem {
        Some(problem) if page => into_page(response, &problem, &console.site().assets().app_css),
        _ => response,
    }
}

fn bare_detail(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "this address does not answer to that method",
        StatusCode::NOT_FOUND => "there is nothing at this address",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "the body has a form that is not understood here",
        _ => "the request could not be answered",
    }
}

fn into_page(response: Response, problem: &ProblemDetails, stylesheet: &str) -> Response {
    let style = if stylesheet.is_empty() {
        String::new()
    } else {
        format!("<link rel=\"stylesheet\" href=\"{}\">", escape(stylesheet))
    };
    let html = format!(
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Evenkeel</title>{style}</head><body><main><h1>{title}</h1><p>{detail}</p>\
         <p><a href=\"/\">Back to the overview</a></p></main></body></html>",
        title = escape(problem.title()),
        detail = escape(problem.detail()),
    );
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts
        .headers
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    parts.headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"),
    );
    Response::from_parts(parts, Body::from(html))
}

fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_echoed_is_escaped() {
        let problem = ProblemDetails::new(StatusCode::NOT_FOUND, "no <script>\"'&");
        let response = into_page(problem.clone().into_response(), &problem, "");
        assert_eq!(response.status(), 404);
        assert_eq!(escape("no <script>\"'&"), "no &lt;script&gt;&quot;&#39;&amp;");
    }
}
