//! [`ApiError`] on its way between server and browser.

use bytes::Bytes;
use leptos::server_fn::{
    codec::JsonEncoding,
    error::{FromServerFnError, ServerFnErrorErr},
};
use model::{ApiError, InvalidValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context;

/// An [`ApiError`] as the error of a server function.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(transparent)]
#[error(transparent)]
pub struct Problem(pub ApiError);

impl Problem {
    fn transport(why: impl ToString) -> Self {
        Self(ApiError::Transport { why: why.to_string() })
    }

    /// What a body that a server function did not write says: problem details (RFC 9457) from a layer in front of it, or plain text.
    fn from_foreign(body: &[u8]) -> Self {
        let problem = serde_json::from_slice::<Value>(body).ok();
        let text = |key: &str| problem.as_ref().and_then(|p| p.get(key)).and_then(Value::as_str);
        if problem.as_ref().and_then(|p| p.get("status")).and_then(Value::as_u64) == Some(401) {
            return Self(ApiError::SignedOut);
        }
        let why = text("detail")
            .or_else(|| text("title"))
            .unwrap_or("the console did not answer as expected");
        Self::transport(why)
    }
}

impl From<ApiError> for Problem {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl From<InvalidValue> for Problem {
    fn from(invalid: InvalidValue) -> Self {
        Self(invalid.into())
    }
}

impl FromServerFnError for Problem {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(why) | ServerFnErrorErr::MissingArg(why) => {
                let error = ApiError::invalid("request", why);
                context::answer_status(error.status());
                Self(error)
            }
            ServerFnErrorErr::Request(why) => Self::transport(format!("the console does not answer: {why}")),
            other => Self::transport(other),
        }
    }

    fn de(body: Bytes) -> Self {
        serde_json::from_slice(&body).unwrap_or_else(|_| Self::from_foreign(&body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_way() {
        let problem = Problem(ApiError::invalid("weight", "0 is not between 1 and 256"));
        assert_eq!(Problem::de(problem.ser()), problem);
    }

    #[test]
    fn a_refusal_in_front_of_the_function_is_understood() {
        let signed_out = br#"{"type":"about:blank","title":"Unauthorized","status":401}"#;
        assert_eq!(Problem::de(Bytes::from_static(signed_out)), Problem(ApiError::SignedOut));
        let full = Problem::de(Bytes::from_static(br#"{"title":"Too large","status":413}"#));
        assert_eq!(full.to_string(), "Too large");
        assert!(Problem::de(Bytes::from_static(b"<html>")).to_string().contains("did not answer"));
    }
}
