//! Why nothing could be sent, in plain words.

use std::{error::Error, io};

use rustls::CertificateError;

/// The words, and whether it is certain that nothing was sent.
pub(super) fn why(error: &(dyn Error + 'static)) -> (String, bool) {
    let chain: Vec<&(dyn Error + 'static)> = std::iter::successors(Some(error), |e| inner(*e)).collect();
    let never_sent = chain.iter().any(|e| {
        e.downcast_ref::<hyper_util::client::legacy::Error>()
            .is_some_and(hyper_util::client::legacy::Error::is_connect)
            || e.is::<kube::client::AuthError>()
    });
    let words = chain.iter().find_map(|e| known(*e));
    let last = || chain.last().map_or_else(String::new, |e| limited(&e.to_string()));
    (words.unwrap_or_else(last), never_sent)
}

/// An `io::Error` hides what it carries: its `source` is that of the inner error.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(io) = error.downcast_ref::<io::Error>()
        && let Some(carried) = io.get_ref()
    {
        return Some(carried);
    }
    error.source()
}

fn known(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(rustls::Error::InvalidCertificate(certificate)) = error.downcast_ref() {
        return Some(certificate_words(certificate));
    }
    if let Some(error) = error.downcast_ref::<kube::client::AuthError>() {
        return Some(limited(&error.to_string()));
    }
    if error.to_string().starts_with("dns error") {
        let inner = error.source().map(|e| limited(&e.to_string())).unwrap_or_default();
        return Some(format!("its name cannot be resolved: {inner}"));
    }
    let io: &io::Error = error.downcast_ref()?;
    let words = match io.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused",
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionAborted => {
            "the connection broke"
        }
        io::ErrorKind::TimedOut => "no connection in time",
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => "there is no way to it",
        _ => return None,
    };
    Some(words.to_owned())
}

fn certificate_words(error: &CertificateError) -> String {
    let day = |time: &rustls::pki_types::UnixTime| {
        i64::try_from(time.as_secs())
            .ok()
            .and_then(|s| jiff::Timestamp::from_second(s).ok())
            .map_or_else(|| "an unknown time".to_owned(), |t| t.to_string())
    };
    match error {
        CertificateError::ExpiredContext { not_after, .. } => format!("the API server's certificate ended at {}", day(not_after)),
        CertificateError::Expired => "the API server's certificate has ended".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the API server's certificate begins at {}", day(not_before))
        }
        CertificateError::UnknownIssuer => "the API server's certificate is not from the authority of the kubeconfig".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the API server's certificate is for another name".to_owned()
        }
        other => limited(&format!("the API server's certificate is not accepted: {other}")),
    }
}

fn limited(text: &str) -> String {
    text.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::pki_types::UnixTime;

    use super::*;

    #[test]
    fn what_is_hidden_in_an_io_error_is_found() {
        let at = |s| UnixTime::since_unix_epoch(Duration::from_secs(s));
        let expired = rustls::Error::InvalidCertificate(CertificateError::ExpiredContext {
            time: at(1_795_168_800),
            not_after: at(1_700_000_000),
        });
        let error = io::Error::new(io::ErrorKind::InvalidData, expired);
        assert_eq!(why(&error).0, "the API server's certificate ended at 2023-11-14T22:13:20Z");
        let refused = io::Error::other(io::Error::from(io::ErrorKind::ConnectionRefused));
        assert_eq!(why(&refused).0, "connection refused");
    }
}
