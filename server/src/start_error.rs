//! Why Evenkeel did not start: one sentence that names the thing and the way out. Exit code 2; nothing was overwritten.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use crate::{config::ConfigError, http::SiteError};

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Open(#[from] store::OpenError),
    #[error("database.url: {0}")]
    Url(#[from] store::UnknownDatabase),
    #[error(transparent)]
    Site(#[from] SiteError),
    #[error(
        "the console cannot listen on {address}: {why}; stop what is using it, or choose another address with --listen or console.listen"
    )]
    Console { address: SocketAddr, why: String },
    #[error("the gateway cannot start: {why}; choose another address with --gateway-listen or gateway.listen, or stop what is using it")]
    Gateway { why: String },
    #[error(
        "the gateway cannot start: {why}; mend or replace the file that is named, or change gateway.tls, gateway.access_log or pools[].tls"
    )]
    GatewayFile { why: String },
    #[error("the sample processes cannot start: {why}; set [[pools]] of your own, or see that {program} can be run")]
    Samples { why: String, program: String },
    #[error("the console cannot start: {why}")]
    Control { why: String },
    #[error(
        "`evenkeel gateway` needs a console to follow (--control), or [[pools]] and [[routes]] of your own in a settings file (--config)"
    )]
    NoPools,
    #[error("{0}")]
    Refused(String),
    #[error("the process cannot start its threads: {0}")]
    Threads(#[source] io::Error),
}

impl From<gateway::StartError> for StartError {
    fn from(error: gateway::StartError) -> Self {
        use gateway::{PlanError, StartError as Gateway};
        let why = error.to_string();
        match error {
            Gateway::Certificate(_) | Gateway::NoCertificate | Gateway::AccessLog { .. } | Gateway::Plan(PlanError::Tls { .. }) => {
                Self::GatewayFile { why }
            }
            _ => Self::Gateway { why },
        }
    }
}

impl StartError {
    pub(crate) fn console(address: SocketAddr, error: &io::Error) -> Self {
        let why = match error.kind() {
            io::ErrorKind::AddrInUse => "another program uses it".to_owned(),
            io::ErrorKind::PermissionDenied => "this user may not; ports below 1024 need the capability CAP_NET_BIND_SERVICE".to_owned(),
            io::ErrorKind::AddrNotAvailable => "it is not an address of this machine".to_owned(),
            _ => error.to_string(),
        };
        Self::Console { address, why }
    }
}

/// An address a browser on this machine can open: listening on all addresses is no address to go to.
pub(crate) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(v4) if v4.is_unspecified() => IpAddr::from([127, 0, 0, 1]),
        IpAddr::V6(v6) if v6.is_unspecified() => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1_u16]),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
