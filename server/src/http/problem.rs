//! Refusals as RFC 9457 problem details: made here and nowhere else, from [`ApiError`] or from a bare status.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use model::ApiError;
use serde::Serialize;
use serde_json::{Map, Value};

/// How long a client should wait for something that is unavailable, seconds.
const RETRY_AFTER_S: u32 = 2;

/// `type`, `title`, `status`, `detail` and the members of the [`ApiError`], so that a client that knows the error type reads it back.
#[derive(Debug, Clone, Serialize)]
pub struct ProblemDetails {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(flatten)]
    members: Map<String, Value>,
    #[serde(skip)]
    retry_after_s: Option<u32>,
    #[serde(skip)]
    wants_token: bool,
}

impl ProblemDetails {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            members: Map::new(),
            retry_after_s: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_AFTER_S),
            wants_token: false,
        }
    }

    /// To a machine whose bearer token is missing or wrong.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self {
            wants_token: true,
            ..Self::new(StatusCode::UNAUTHORIZED, detail)
        }
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(super) fn detail(&self) -> &str {
        &self.detail
    }

    pub(super) fn title(&self) -> &str {
        &self.title
    }
}

impl From<ApiError> for ProblemDetails {
    fn from(error: ApiError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut problem = match error {
            ApiError::WrongToken => Self::unauthorized(error.to_string()),
            _ => Self::new(status, error.to_string()),
        };
        if let ApiError::TooManyRequests { retry_after_s } = error {
            problem.retry_after_s = Some(retry_after_s);
        }
        if let Ok(Value::Object(members)) = serde_json::to_value(&error) {
            if let Some(Value::String(name)) = members.get("error") {
                problem.kind = format!("urn:evenkeel:{name}");
            }
            problem.members = members;
        }
        problem
    }
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let json = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(json));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.wants_token {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // For the layer that answers browsers with a page.
        response.extensions_mut().insert(self);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_reads_back_as_the_error_it_was() {
        for error in [
            ApiError::SignedOut,
            ApiError::invalid("weight", "0 is not between 1 and 256"),
            ApiError::TooManyRequests { retry_after_s: 7 },
        ] {
            let problem = ProblemDetails::from(error.clone());
            let json = serde_json::to_value(&problem).unwrap();
            assert_eq!(json["status"], error.status());
            assert_eq!(json["detail"], error.to_string());
            assert_eq!(serde_json::from_value::<ApiError>(json).unwrap(), error);
        }
    }

    #[test]
    fn only_a_missing_token_is_asked_for() {
        let asks = |problem: ProblemDetails| problem.into_response().headers().contains_key(header::WWW_AUTHENTICATE);
        assert!(asks(ApiError::WrongToken.into()) && asks(ProblemDetails::unauthorized("no token")));
        assert!(!asks(ApiError::SignedOut.into()), "a browser would ask its user for something");
    }

    #[test]
    fn waiting_is_told_in_the_header() {
        let response = ProblemDetails::from(ApiError::TooManyRequests { retry_after_s: 7 }).into_response();
        assert_eq!(response.status(), 429);
        assert_eq!(response.headers()[header::RETRY_AFTER], "7");
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    }
}
