//! One exchange with the console over HTTP.

use std::{fmt, path::Path, time::Duration};

use adapters::builtin::fleet::{REPORT_MAX_BYTES, SyncAnswer, SyncRequest};
use model::{GatewayId, host::is_this_machine};
use reqwest::{
    Certificate, Client, Response, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
    redirect::Policy,
};
use serde_json::Value;

use crate::{
    StartError,
    config::{PublicUrl, Redacted},
};

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
/// The console holds a report for two seconds at most.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);
/// The plan of a full console has less than half of it.
const ANSWER_MAX_BYTES: usize = 8 * 1024 * 1024;
/// Of an error's explanation.
const PROBLEM_MAX_BYTES: usize = 16 * 1024;

/// Where the console is and what lets one in.
pub(crate) struct LinkSettings<'a> {
    pub(crate) console: &'a PublicUrl,
    pub(crate) token: &'a Redacted,
    /// Believed besides nobody else; without it the certificate authorities that browsers believe.
    pub(crate) ca: Option<&'a Path>,
}

pub(crate) struct Link {
    client: Client,
    url: String,
    shown: String,
}

/// Why there was no answer, in words.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("{0}")]
    Unreachable(String),
    #[error("the console answered {status}: {detail}")]
    Refused { status: u16, detail: String },
    #[error("the console's answer {0}")]
    Unreadable(&'static str),
    #[error("the report has {0} bytes; a console takes {REPORT_MAX_BYTES}")]
    TooLarge(usize),
    #[error("the report cannot be written: {0}")]
    Unwritable(String),
}

impl Failure {
    /// The report itself is what was wrong: sent again, it would be refused again.
    pub(super) const fn is_of_the_report(&self) -> bool {
        match self {
            Self::Refused { status, .. } => matches!(*status, 413 | 422),
            Self::TooLarge(_) | Self::Unwritable(_) => true,
            Self::Unreachable(_) | Self::Unreadable(_) => false,
        }
    }
}

impl Link {
    /// # Errors
    /// What cannot be used: the token, the certificates.
    pub(crate) fn new(id: &GatewayId, settings: &LinkSettings<'_>) -> Result<Self, StartError> {
        let mut token = HeaderValue::from_str(&format!("Bearer {}", settings.token.expose()))
            .map_err(|_| StartError::Refused("the token has characters that no token has".to_owned()))?;
        // Debug output of requests shows it as "Sensitive".
        token.set_sensitive(true);
        let mut client = Client::builder()
            .user_agent(concat!("evenkeel-gateway/", env!("CARGO_PKG_VERSION")))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, token)]))
            // A token is not carried to where somebody points.
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT_WITHIN)
            .timeout(ANSWER_WITHIN)
            .pool_max_idle_per_host(1);
        if let Some(path) = settings.ca {
            client = client.tls_built_in_root_certs(false);
            for certificate in certificates(path)? {
                client = client.add_root_certificate(certificate);
            }
        }
        let client = client
            .build()
            .map_err(|e| StartError::Refused(format!("the way to the console cannot be prepared: {e}")))?;
        let shown = settings.console.origin();
        Ok(Self {
            client,
            url: format!("{shown}/api/gateways/{id}/sync"),
            shown,
        })
    }

    /// The console's address.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) async fn exchange(&self, report: &SyncRequest) -> Result<SyncAnswer, Failure> {
        let body = serde_json::to_vec(report).map_err(|e| Failure::Unwritable(e.to_string()))?;
        if body.len() > REPORT_MAX_BYTES {
            return Err(Failure::TooLarge(body.len()));
        }
        let request = self.client.post(&self.url).header(CONTENT_TYPE, "application/json");
        let sent = request.body(body).send().await;
        let answer = sent.map_err(|error| Failure::Unreachable(in_words(&error.without_url())))?;
        let status = answer.status();
        if status != StatusCode::OK {
            let body = read(answer, PROBLEM_MAX_BYTES).await.unwrap_or_default();
            return Err(Failure::Refused {
                status: status.as_u16(),
                detail: detail(&body).unwrap_or_else(|| "it is no console, or stands behind something that is not".to_owned()),
            });
        }
        let body = read(answer, ANSWER_MAX_BYTES).await?;
        serde_json::from_slice(&body).map_err(|_| Failure::Unreadable("is not understood by this version"))
    }
}

/// Whether what is sent there stays on this machine.
pub(crate) fn is_local(console: &PublicUrl) -> bool {
    is_this_machine(console.host())
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, StartError> {
    let wrong = |why: String| StartError::Refused(format!("--control-ca {}: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|e| wrong(e.to_string()))?;
    if found.is_empty() {
        return Err(wrong("it has no certificate in PEM form".to_owned()));
    }
    Ok(found)
}

async fn read(mut answer: Response, max: usize) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= max => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(Failure::Unreadable("is longer than any plan")),
            Ok(None) => return Ok(body),
            Err(_) => return Err(Failure::Unreadable("ended before its end")),
        }
    }
}

/// Of problem details (RFC 9457).
fn detail(body: &[u8]) -> Option<String> {
    let problem: Value = serde_json::from_slice(body).ok()?;
    problem["detail"].as_str().map(str::to_owned)
}

/// The deepest reason: "connection refused", and not "error sending request".
fn in_words(error: &dyn std::error::Error) -> String {
    let mut deepest: &dyn std::error::Error = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    deepest.to_string()
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_local() {
        for (url, expected) in [
            ("http://127.0.0.1:3000", true),
            ("http://localhost:3000", true),
            ("http://[::1]:3000", true),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1:3000", false),
            ("http://console", false),
        ] {
            assert_eq!(is_local(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[test]
    fn a_file_without_certificates_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        std::fs::write(&path, "nothing").unwrap();
        let said = |path: &Path| certificates(path).unwrap_err().to_string();
        assert!(said(&path).contains("it has no certificate"), "{}", said(&path));
        assert!(said(&dir.path().join("none.pem")).contains("No such file"));
    }
}
