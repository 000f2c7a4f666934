//! The answers that the gateway gives itself: short, plain text, the same words for the same case.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, header};
use pingora_error::{ErrorSource, ErrorType, Result};
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use super::identity::X_REQUEST_ID;

/// Seconds after which a 503 invites the client again: about what an instance of a pool next to the gateway needs to rise.
const RETRY_AFTER: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    AmbiguousFraming,
    BadRequest,
    RequestTimeout,
    NoRoute,
    BodyTooLarge,
    UriTooLong,
    TooManyRequests { wait: Duration },
    HeaderTooLarge,
    Internal,
    BadGateway,
    NoInstance,
    BreakerOpen,
    TooBusy,
    Degraded,
    GatewayTimeout,
}

impl Answer {
    pub(super) const fn status(self) -> u16 {
        match self {
            Self::AmbiguousFraming | Self::BadRequest => 400,
            Self::RequestTimeout => 408,
            Self::NoRoute => 404,
            Self::BodyTooLarge => 413,
            Self::UriTooLong => 414,
            Self::TooManyRequests { .. } => 429,
            Self::HeaderTooLarge => 431,
            Self::Internal => 500,
            Self::BadGateway => 502,
            Self::NoInstance | Self::BreakerOpen | Self::TooBusy | Self::Degraded => 503,
            Self::GatewayTimeout => 504,
        }
    }

    /// Without the status and the end of the line.
    pub(super) fn words(self) -> &'static str {
        self.text()[4..].trim_end()
    }

    const fn text(self) -> &'static str {
        match self {
            Self::AmbiguousFraming => "400 the request has both Content-Length and Transfer-Encoding\n",
            Self::BadRequest => "400 the request is not valid HTTP\n",
            Self::RequestTimeout => "408 the request did not arrive in time\n",
            Self::NoRoute => "404 no route for this host and path\n",
            Self::BodyTooLarge => "413 the request body is too large\n",
            Self::UriTooLong => "414 the request target is too long\n",
            Self::TooManyRequests { .. } => "429 too many requests from this client\n",
            Self::HeaderTooLarge => "431 the request header is too large\n",
            Self::Internal => "500 the gateway failed\n",
            Self::BadGateway => "502 the instance did not answer properly\n",
            Self::NoInstance => "503 no instance of the pool is available\n",
            Self::BreakerOpen => "503 the pool's circuit breaker is open\n",
            Self::TooBusy => "503 the pool has too many requests in flight\n",
            Self::Degraded => "503 the pool is degraded and this route is of low priority\n",
            Self::GatewayTimeout => "504 the instance did not answer in time\n",
        }
    }

    /// Whether the connection ends with it: what follows on it may be part of the request that was refused.
    pub(super) const fn closes(self) -> bool {
        matches!(
            self,
            Self::AmbiguousFraming | Self::HeaderTooLarge | Self::UriTooLong | Self::BodyTooLarge
        )
    }

    /// When the client may come again.
    const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::NoInstance | Self::BreakerOpen | Self::TooBusy | Self::Degraded => Some(RETRY_AFTER),
            Self::TooManyRequests { wait } => Some(wait),
            _ => None,
        }
    }

    /// What to tell the client after a failure; `None` when it is gone.
    pub(super) fn for_failure(source: &ErrorSource, kind: &ErrorType) -> Option<Self> {
        use ErrorType as T;
        match (source, kind) {
            (ErrorSource::Upstream, T::ConnectTimedout | T::ReadTimedout | T::WriteTimedout) => Some(Self::GatewayTimeout),
            (ErrorSource::Upstream, _) => Some(Self::BadGateway),
            (ErrorSource::Downstream, T::ReadTimedout) => Some(Self::RequestTimeout),
            (ErrorSource::Downstream, T::ReadError | T::WriteError | T::WriteTimedout | T::ConnectionClosed) => None,
            (ErrorSource::Downstream, _) => Some(Self::BadRequest),
            (ErrorSource::Internal | ErrorSource::Unset, _) => Some(Self::Internal),
        }
    }

    fn head(self, request_id: Option<HeaderValue>) -> Result<ResponseHeader> {
        let mut head = ResponseHeader::build(self.status(), Some(6))?;
        if let Some(id) = request_id {
            head.insert_header(X_REQUEST_ID, id)?;
        }
        head.insert_header(header::CONTENT_TYPE, "text/plain; charset=utf-8")?;
        head.insert_header(header::CACHE_CONTROL, "no-store")?;
        head.set_content_length(self.text().len())?;
        if let Some(wait) = self.retry_after() {
            // Whole seconds, and not a moment too early.
            head.insert_header(header::RETRY_AFTER, wait.as_secs_f64().ceil().max(1.0).to_string())?;
        }
        Ok(head)
    }

    /// Before anything was sent to an instance: the client's connection stays usable.
    pub(super) async fn send(self, session: &mut Session, request_id: Option<HeaderValue>) -> Result<()> {
        let bodyless = session.req_header().method == http::Method::HEAD;
        if !self.closes() {
            // What is left of the request's body is read and thrown away: closing on it would take the answer along.
            session.as_mut().set_close_on_response_before_downstream_finish(false);
        }
        session.write_response_header(Box::new(self.head(request_id)?), bodyless).await?;
        if !bodyless {
            session
                .write_response_body(Some(Bytes::from_static(self.text().as_bytes())), true)
                .await?;
        }
        Ok(())
    }

    /// After a failure: the client's connection is closed behind it. Does nothing when the instance's answer has begun.
    pub(super) async fn send_and_close(self, session: &mut Session, request_id: Option<HeaderValue>) -> Result<()> {
        let text = if session.req_header().method == http::Method::HEAD {
            ""
        } else {
            self.text()
        };
        let head = self.head(request_id)?;
        session.write_error_response(head, Bytes::from_static(text.as_bytes())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_that_is_late_is_not_one_that_is_broken() {
        let up = |kind| Answer::for_failure(&ErrorSource::Upstream, &kind).map(Answer::status);
        assert_eq!(up(ErrorType::ReadTimedout), Some(504));
        assert_eq!(up(ErrorType::ConnectTimedout), Some(504));
        assert_eq!(up(ErrorType::ConnectRefused), Some(502));
        assert_eq!(up(ErrorType::InvalidHTTPHeader), Some(502));
        assert_eq!(Answer::for_failure(&ErrorSource::Downstream, &ErrorType::ConnectionClosed), None);
    }

    #[test]
    fn every_text_begins_with_its_status() {
        use Answer::*;
        for answer in [
            AmbiguousFraming,
            BadRequest,
            RequestTimeout,
            NoRoute,
            BodyTooLarge,
            UriTooLong,
            TooManyRequests { wait: Duration::ZERO },
            HeaderTooLarge,
            Internal,
            BadGateway,
            NoInstance,
            BreakerOpen,
            TooBusy,
            Degraded,
            GatewayTimeout,
        ] {
            assert!(answer.text().starts_with(&answer.status().to_string()));
        }
    }
}
