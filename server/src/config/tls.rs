//! `[gateway.tls]`: TLS for clients.

use std::{net::SocketAddr, path::PathBuf};

use gateway::{CertificateFiles, TlsConfig};
use serde::{Deserialize, Serialize};

use super::{error::BadValue, list::one_or_many};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSettings {
    /// Nowhere by default.
    #[serde(deserialize_with = "one_or_many")]
    pub listen: Vec<SocketAddr>,
    /// Chosen by the name that a client asks for; the first is for all others.
    pub certificates: Vec<CertificateSettings>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertificateSettings {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl TlsSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        const CERTIFICATES: &str = "gateway.tls.certificates";
        if !self.listen.is_empty() && self.certificates.is_empty() {
            return Err(BadValue::new("gateway.tls.listen", "there are no gateway.tls.certificates for it"));
        }
        if self.listen.is_empty() && !self.certificates.is_empty() {
            return Err(BadValue::new(
                "gateway.tls.listen",
                "it is empty, so the certificates are of no use",
            ));
        }
        if self.certificates.len() > TlsConfig::CERTIFICATES_MAX {
            return Err(BadValue::new(CERTIFICATES, format!("there are {}", self.certificates.len())));
        }
        Ok(())
    }
}

impl From<&TlsSettings> for Option<TlsConfig> {
    fn from(settings: &TlsSettings) -> Self {
        (!settings.listen.is_empty()).then(|| TlsConfig {
            listen: settings.listen.clone(),
            certificates: settings
                .certificates
                .iter()
                .map(|files| CertificateFiles {
                    certificate: files.certificate.clone(),
                    key: files.key.clone(),
                })
                .collect(),
            look_every: TlsConfig::LOOK_EVERY,
        })
    }
}
