//! TLS to the instances of a pool.
//!
//! Ordinary requests go through Pingora's own connector, whose connections are kept. Upgrades and checks connect by themselves, with the
//! same authorities and the same name.

use std::{
    io,
    net::SocketAddr,
    path::Path,
    sync::{Arc, LazyLock},
};

use model::{UpstreamTls, Verification};
use pingora_core::{
    protocols::tls::CaType,
    upstreams::peer::{HttpPeer, Scheme},
    utils::tls::{WrappedX509, parse_x509},
};
use rustls::{
    CertificateError as Flaw, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::{TLS12, TLS13},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tracing::warn;
use x509_parser::parse_x509_certificate;
use xxhash_rust::xxh3::Xxh3;

use super::{
    Wire,
    files::{self, CertificateError, shown},
    provider,
};

/// The group of Pingora's connections in the clear is 0, that of upgrades 1.
const GROUPS_BEGIN: u64 = 2;

/// What a pool's instances are reached with.
#[derive(Debug)]
pub(crate) struct Upstream {
    settings: UpstreamTls,
    client: Arc<ClientConfig>,
    /// For Pingora; absent: the machine's.
    ca: Option<Arc<CaType>>,
    /// Pingora shares connections between peers of one name and address, whatever authority they were verified with. So those with
    /// different ones are in different groups.
    group: u64,
}

/// By what was asked for: the file's content is read once.
impl PartialEq for Upstream {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

impl Eq for Upstream {}

impl Upstream {
    /// `None` when the pool is spoken to in the clear. Reads the authorities.
    pub(crate) fn load(settings: &UpstreamTls) -> Result<Option<Arc<Self>>, CertificateError> {
        if !settings.on {
            return Ok(None);
        }
        let (store, ca) = match &settings.ca {
            Some(file) => authorities(Path::new(file)).map(|(store, ders)| (store, Some(ders)))?,
            // Pingora wants some even when nothing is verified.
            None => (machine_authorities()?, None),
        };
        let mut hash = Xxh3::new();
        for der in ca.iter().flatten() {
            hash.update(der);
        }
        Ok(Some(Arc::new(Self {
            client: client(store, settings.verify),
            group: hash.digest().max(GROUPS_BEGIN),
            ca: ca.map(|ders| ders.into_iter().map(|der| WrappedX509::new(der, parse_x509)).collect()),
            settings: settings.clone(),
        })))
    }

    /// What the certificate of the instance at that address must be for.
    fn name(&self, address: SocketAddr) -> String {
        self.settings.name.clone().unwrap_or_else(|| address.ip().to_string())
    }

    /// Pingora speaks TLS to it.
    pub(crate) fn equip(&self, peer: &mut HttpPeer, address: SocketAddr) {
        peer.scheme = Scheme::HTTPS;
        peer.sni = self.name(address);
        peer.group_key = self.group;
        peer.options.verify_cert = self.settings.verify == Verification::Full;
        peer.options.verify_hostname = peer.options.verify_cert;
        peer.options.ca.clone_from(&self.ca);
    }

    /// Pingora speaks in the clear to what [`Upstream::connect`] made.
    pub(crate) fn strip(peer: &mut HttpPeer) {
        peer.scheme = Scheme::HTTP;
        peer.sni.clear();
    }

    pub(crate) async fn connect(&self, tcp: TcpStream, address: SocketAddr) -> io::Result<Wire> {
        let name = ServerName::try_from(self.name(address)).map_err(io::Error::other)?;
        let stream = TlsConnector::from(self.client.clone()).connect(name, tcp).await?;
        Ok(Wire::Secure(Box::new(stream)))
    }
}

/// What went wrong in a handshake, for people; `None` when it was not TLS that failed.
pub(crate) fn failure_in_words(error: &io::Error) -> Option<String> {
    let words = match error.get_ref()?.downcast_ref::<Error>()? {
        // An authority of the right name with another key is as strange as one that nobody heard of.
        Error::InvalidCertificate(Flaw::UnknownIssuer | Flaw::BadSignature) => "its certificate is signed by nobody who is believed",
        Error::InvalidCertificate(Flaw::NotValidForName | Flaw::NotValidForNameContext { .. }) => "its certificate is for another name",
        Error::InvalidCertificate(Flaw::Expired | Flaw::ExpiredContext { .. }) => "its certificate has expired",
        Error::InvalidCertificate(Flaw::NotValidYet | Flaw::NotValidYetContext { .. }) => "its certificate is not valid yet",
        Error::InvalidMessage(_) => "it does not speak TLS",
        other => return Some(format!("TLS failed: {other}")),
    };
    Some(words.to_owned())
}

fn client(store: RootCertStore, verify: Verification) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("ring has suites for both versions");
    let mut config = match verify {
        Verification::Full => builder.with_root_certificates(store).with_no_client_auth(),
        Verification::None => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider())))
            .with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

fn authorities(file: &Path) -> Result<(RootCertStore, Vec<Vec<u8>>), CertificateError> {
    let chain = files::chain(&files::read(file)?, file)?;
    let mut store = RootCertStore::empty();
    let mut ders = Vec::new();
    for certificate in chain {
        // Pingora panics on what it cannot parse.
        parse_x509_certificate(&certificate).map_err(|_| CertificateError::Damaged { file: shown(file) })?;
        ders.push(certificate.to_vec());
        store.add(certificate).map_err(|error| CertificateError::NoAuthority {
            file: shown(file),
            why: error.to_string(),
        })?;
    }
    Ok((store, ders))
}

/// Read once, when the first pool needs them.
fn machine_authorities() -> Result<RootCertStore, CertificateError> {
    static FOUND: LazyLock<RootCertStore> = LazyLock::new(|| {
        let mut store = RootCertStore::empty();
        match rustls_native_certs::load_native_certs() {
            // Some of a machine's may be of a kind that nobody uses any more.
            Ok(found) => drop(store.add_parsable_certificates(found)),
            Err(error) => warn!(%error, "the machine's certificate authorities cannot be read"),
        }
        store
    });
    if FOUND.is_empty() {
        return Err(CertificateError::NoAuthorities);
    }
    Ok(FOUND.clone())
}

/// Believes every certificate, as somebody has asked for, and still checks that the other side has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _certificate: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
