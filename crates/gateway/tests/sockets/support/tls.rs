//! An authority of our own, and clients that believe it.

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use gateway::{CertificateFiles, Gateway, GatewayConfig, TlsConfig};
use h2::client::SendRequest;
use model::PoolPlan;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::TLS13,
};
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{config, plan};

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// PEM.
pub(crate) struct Issued {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    pub(crate) fn issue(&self, names: &[&str]) -> Issued {
        self.issue_until(names, 2100)
    }

    /// Until the first day of that year.
    pub(crate) fn issue_until(&self, names: &[&str], year: i32) -> Issued {
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        Issued {
            certificate: params.signed_by(&key, &self.0).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    /// A client that believes this authority, asks for that name and offers these protocols.
    pub(crate) async fn connect(&self, to: SocketAddr, name: &str, protocols: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        self.connect_with(to, name, protocols, &TLS13).await
    }

    pub(crate) async fn connect_with(
        &self,
        to: SocketAddr,
        name: &str,
        protocols: &[&str],
        version: &'static SupportedProtocolVersion,
    ) -> io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        let tcp = TcpStream::connect(to).await?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        TlsConnector::from(Arc::new(config)).connect(name, tcp).await
    }

    /// HTTP/2, as ALPN negotiates it. The connection lives until the last handle on it is gone.
    pub(crate) async fn http2(&self, gateway: &Gateway, name: &str) -> SendRequest<Bytes> {
        let stream = self.connect(gateway.tls_addrs()[0], name, &["h2", "http/1.1"]).await.unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (client, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(async move {
            let _closed = connection.await;
        });
        client
    }
}

impl Issued {
    /// For an instance.
    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        let chain = vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }
}

/// Certificate files in a directory that goes away with them.
pub(crate) struct Files {
    pub(crate) dir: TempDir,
    pub(crate) files: Vec<CertificateFiles>,
}

impl Files {
    pub(crate) fn of(certificates: &[Issued]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files = (0..certificates.len()).map(|at| CertificateFiles {
            certificate: dir.path().join(format!("{at}.pem")),
            key: dir.path().join(format!("{at}.key")),
        });
        let files = Self {
            files: files.collect(),
            dir,
        };
        for (at, issued) in certificates.iter().enumerate() {
            files.put(at, issued);
        }
        files
    }

    pub(crate) fn put(&self, at: usize, issued: &Issued) {
        std::fs::write(&self.files[at].certificate, &issued.certificate).unwrap();
        std::fs::write(&self.files[at].key, &issued.key).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// On a free port for TLS, and one in the clear. Looks at the files only when asked.
    pub(crate) fn config(&self) -> GatewayConfig {
        GatewayConfig {
            tls: Some(TlsConfig {
                listen: vec![([127, 0, 0, 1], 0).into()],
                certificates: self.files.clone(),
                look_every: Duration::from_secs(3600),
            }),
            ..config()
        }
    }

    pub(crate) fn start(&self, pool: PoolPlan) -> Gateway {
        Gateway::start(self.config(), plan(pool)).unwrap()
    }
}

/// Sends a request that ends the connection, and returns the answer.
pub(crate) async fn ask(stream: &mut TlsStream<TcpStream>, path: &str) -> String {
    use tokio::io::AsyncReadExt;
    let request = format!("GET {path} HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // The end may come without a goodbye.
    let _cut = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status and body of a request over HTTP/2.
pub(crate) async fn get(client: &SendRequest<Bytes>, path: &str) -> Result<(u16, String), h2::Error> {
    send(client, http::Request::get(format!("https://a.test{path}")).body(()).unwrap()).await
}

pub(crate) async fn send(client: &SendRequest<Bytes>, request: http::Request<()>) -> Result<(u16, String), h2::Error> {
    let (answer, _) = client.clone().ready().await?.send_request(request, true)?;
    read(answer.await?).await
}

pub(crate) async fn read(answer: http::Response<h2::RecvStream>) -> Result<(u16, String), h2::Error> {
    let status = answer.status().as_u16();
    let mut body = answer.into_body();
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        text.extend_from_slice(&data);
    }
    Ok((status, String::from_utf8(text).unwrap()))
}
