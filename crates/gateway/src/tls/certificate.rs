//! A certificate that can be served: its key fits, it is in force, and its names are known.

use std::{path::Path, sync::Arc};

use model::time::utc;
use rustls::{Error, sign::CertifiedKey};
use sha2::{Digest as _, Sha256};
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

use super::{
    CertificateFiles, files,
    files::{CertificateError, shown},
    provider,
};

#[derive(Debug)]
pub(crate) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// Lower case; `*.example.com` for a wildcard. From the alternative names: the common name means nothing any more (RFC 9525).
    pub(crate) names: Vec<String>,
    /// Unix time, ms.
    pub(crate) not_after_ms: i64,
}

/// The two files as they were at one moment.
pub(super) struct Pair<'a> {
    files: &'a CertificateFiles,
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl<'a> Pair<'a> {
    pub(super) fn read(files: &'a CertificateFiles) -> Result<Self, CertificateError> {
        Ok(Self {
            files,
            certificate: files::read(&files.certificate)?,
            key: files::read(&files.key)?,
        })
    }

    /// Says whether something has changed, without keeping the key.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(self.certificate.len().to_le_bytes());
        hash.update(&self.certificate);
        hash.update(&self.key);
        hash.finalize().into()
    }

    pub(super) fn parse(&self, now_ms: i64) -> Result<Certificate, CertificateError> {
        let CertificateFiles { certificate, key } = self.files;
        let chain = files::chain(&self.certificate, certificate)?;
        let leaf = Leaf::parse(&chain[0], certificate)?;
        if now_ms > leaf.not_after_ms {
            return Err(CertificateError::Expired {
                file: shown(certificate),
                on: utc(leaf.not_after_ms).to_string(),
            });
        }
        if now_ms < leaf.not_before_ms {
            return Err(CertificateError::NotYetValid {
                file: shown(certificate),
                from: utc(leaf.not_before_ms).to_string(),
            });
        }
        let private = files::key(&self.key, key)?;
        let certified = CertifiedKey::from_der(chain, private, &provider()).map_err(|error| match error {
            Error::InconsistentKeys(_) => CertificateError::Mismatch {
                certificate: shown(certificate),
                key: shown(key),
            },
            error => CertificateError::UnusableKey {
                file: shown(key),
                why: error.to_string(),
            },
        })?;
        Ok(Certificate {
            key: Arc::new(certified),
            names: leaf.names,
            not_after_ms: leaf.not_after_ms,
        })
    }
}

struct Leaf {
    names: Vec<String>,
    not_before_ms: i64,
    not_after_ms: i64,
}

impl Leaf {
    fn parse(der: &[u8], file: &Path) -> Result<Self, CertificateError> {
        let damaged = || CertificateError::Damaged { file: shown(file) };
        let (_, certificate) = parse_x509_certificate(der).map_err(|_| damaged())?;
        let alternatives = certificate.subject_alternative_name().map_err(|_| damaged())?;
        let names = alternatives.iter().flat_map(|names| &names.value.general_names);
        let validity = certificate.validity();
        Ok(Self {
            names: names
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                    _ => None,
                })
                .collect(),
            not_before_ms: validity.not_before.timestamp().saturating_mul(1_000),
            not_after_ms: validity.not_after.timestamp().saturating_mul(1_000),
        })
    }
}
