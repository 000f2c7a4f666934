//! Errors as RFC 9457 problem details. The only place where errors become HTTP.

use axum::{
    Json,
    extract::{
        rejection::{JsonRejection, PathRejection, QueryRejection},
        ws::rejection::WebSocketUpgradeRejection,
    },
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    engine::Crashed,
    jobs::{Busy, RETRY_AFTER},
    request::Invalid,
};

#[derive(Debug, Serialize)]
pub(super) struct Problem {
    #[serde(serialize_with = "code")]
    status: StatusCode,
    title: &'static str,
    detail: String,
    /// The field of the request that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn code<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            title: status.canonical_reason().unwrap_or("Error"),
            detail: detail.into(),
            field: None,
        }
    }

    pub(super) fn no_such_simulation() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "this instance has no such simulation; finished ones are kept for a while, by the instance that took them",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER.as_secs()));
        }
        response
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self {
            field: Some(invalid.field.clone()),
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, invalid.to_string())
        }
    }
}

impl From<Busy> for Problem {
    fn from(busy: Busy) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, busy.to_string())
    }
}

impl From<Crashed> for Problem {
    fn from(crashed: Crashed) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, crashed.to_string())
    }
}

/// What axum itself refuses, in our form.
macro_rules! rejections {
    ($($rejection:ty),*) => {$(
        impl From<$rejection> for Problem {
            fn from(rejection: $rejection) -> Self {
                Self::new(rejection.status(), rejection.body_text())
            }
        }
    )*};
}

rejections!(JsonRejection, PathRejection, QueryRejection, WebSocketUpgradeRejection);
