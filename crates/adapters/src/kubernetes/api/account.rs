//! Where the API server is and who asks it: from a kubeconfig or from the pod this runs in.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use base64::Engine;
use http::{HeaderValue, header::USER_AGENT};
use kube::config::{KubeConfigOptions, Kubeconfig};

/// Where a pod finds its API server.
const POD_VARIABLE: &str = "KUBERNETES_SERVICE_HOST";
/// And its token.
const POD_TOKEN: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub kubeconfig: Option<PathBuf>,
    pub context: Option<String>,
    pub connect: Duration,
}

/// What was found.
pub(super) struct Found {
    pub config: kube::Config,
    /// "10.0.0.1:6443".
    pub place: String,
    /// What the credentials are and where they come from, for whoever has to mend them.
    pub credentials: String,
}

impl Account {
    /// Reads everything anew: what was renewed on disk is taken.
    pub(super) async fn find(&self) -> Result<Found, String> {
        let options = KubeConfigOptions {
            context: self.context.clone(),
            ..KubeConfigOptions::default()
        };
        let in_pod = self.kubeconfig.is_none() && self.context.is_none() && std::env::var_os(POD_VARIABLE).is_some();
        let mut config = if in_pod && Path::new(POD_TOKEN).exists() {
            kube::Config::incluster().map_err(|e| format!("the pod's service account cannot be read: {e}"))?
        } else {
            let kubeconfig = match &self.kubeconfig {
                Some(path) => Kubeconfig::read_from(path),
                None => Kubeconfig::read(),
            };
            let kubeconfig = kubeconfig.map_err(|e| format!("the kubeconfig cannot be read: {e}"))?;
            kube::Config::from_custom_kubeconfig(kubeconfig, &options)
                .await
                .map_err(|e| format!("the kubeconfig cannot be used: {e}"))?
        };
        // Every request has its own deadline, and every loop its own pauses.
        config.connect_timeout = Some(self.connect);
        config.default_retry = false;
        config.headers.push((
            USER_AGENT,
            HeaderValue::from_static(concat!("evenkeel/", env!("CARGO_PKG_VERSION"))),
        ));
        let unverified = if config.accept_invalid_certs {
            ", certificate not verified"
        } else {
            ""
        };
        Ok(Found {
            place: format!("{}{unverified}", config.cluster_url.authority().map_or("?", |a| a.as_str())),
            credentials: credentials(&config),
            config,
        })
    }
}

fn credentials(config: &kube::Config) -> String {
    let auth = &config.auth_info;
    if let Some(file) = &auth.token_file {
        return format!("the token in {file}");
    }
    if let Some(exec) = &auth.exec {
        return format!("what {} says", exec.command.as_deref().unwrap_or("the credential plugin"));
    }
    if auth.token.is_some() {
        return "the token in the kubeconfig".to_owned();
    }
    let Some(pem) = certificate(config) else {
        return "no credentials".to_owned();
    };
    match ends_at(&pem) {
        Some(ends) => format!("a client certificate that ends at {ends}"),
        None => "a client certificate".to_owned(),
    }
}

fn certificate(config: &kube::Config) -> Option<Vec<u8>> {
    if let Some(data) = &config.auth_info.client_certificate_data {
        return base64::engine::general_purpose::STANDARD.decode(data).ok();
    }
    std::fs::read(config.auth_info.client_certificate.as_ref()?).ok()
}

fn ends_at(pem: &[u8]) -> Option<jiff::Timestamp> {
    let (_, pem) = x509_parser::pem::parse_x509_pem(pem).ok()?;
    let certificate = pem.parse_x509().ok()?;
    jiff::Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}
