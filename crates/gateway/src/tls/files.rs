//! Certificates and keys as files: PEM, small, read whole.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

/// A chain of the longest kind is a tenth of it.
const FILE_MAX_BYTES: u64 = 1 << 20;

/// Why a certificate cannot be used. Names the files; what is in them is never told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    #[error("{file} cannot be read: {why}")]
    Unreadable { file: String, why: String },
    #[error("{file} is larger than 1 MiB, so it is no certificate and no key")]
    TooLarge { file: String },
    #[error("{file} has no certificate in PEM form, which begins with -----BEGIN CERTIFICATE-----")]
    NoCertificate { file: String },
    #[error("{file} has no private key in PEM form; an encrypted key has to be decrypted first")]
    NoKey { file: String },
    #[error("the certificate in {file} is damaged")]
    Damaged { file: String },
    #[error("the key in {file} cannot be used: {why}")]
    UnusableKey { file: String, why: String },
    #[error("the key in {key} does not belong to the certificate in {certificate}")]
    Mismatch { certificate: String, key: String },
    #[error("the certificate in {file} expired on {on}")]
    Expired { file: String, on: String },
    #[error("the certificate in {file} is valid only from {from} on")]
    NotYetValid { file: String, from: String },
    #[error("{file} has no authority that could be believed: {why}")]
    NoAuthority { file: String, why: String },
    #[error("this machine has no certificate authorities; install them (ca-certificates) or name a file with tls.ca")]
    NoAuthorities,
}

/// As it stands in errors.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    let unreadable = |error: io::Error| CertificateError::Unreadable {
        file: shown(path),
        why: match error.kind() {
            io::ErrorKind::NotFound => "there is no such file".to_owned(),
            io::ErrorKind::PermissionDenied => "this user may not".to_owned(),
            io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
            _ => error.to_string(),
        },
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(FILE_MAX_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > FILE_MAX_BYTES {
        return Err(CertificateError::TooLarge { file: shown(path) });
    }
    Ok(bytes)
}

pub(super) fn chain(pem: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(CertificateError::NoCertificate { file: shown(path) }),
        Err(_) => Err(CertificateError::Damaged { file: shown(path) }),
    }
}

pub(super) fn key(pem: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    // Its error may quote the file.
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| CertificateError::NoKey { file: shown(path) })
}
