//! Why a gateway did not start, and why a plan was not taken.

use std::{io, net::SocketAddr};

use model::{InstanceId, InvalidValue, PoolId};

use crate::CertificateError;

/// The gateway did not start; nothing is left behind.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{address} is in use by another program")]
    AddressInUse { address: SocketAddr },
    #[error("this user may not listen on {address}; ports below 1024 need the capability CAP_NET_BIND_SERVICE")]
    NotAllowed { address: SocketAddr },
    #[error("{address} is not an address of this machine")]
    NotLocal { address: SocketAddr },
    #[error("cannot listen on {address}: {source}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the gateway has no address to listen on")]
    NothingToListenOn,
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    #[error("TLS has addresses to listen on, but no certificate")]
    NoCertificate,
    #[error("the access log {file} cannot be opened: {source}")]
    AccessLog { file: String, source: io::Error },
    #[error("the plan is wrong: {0}")]
    Plan(#[from] PlanError),
    #[error("the gateway's threads did not start: {0}")]
    Threads(io::Error),
}

impl StartError {
    pub(crate) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::AddressInUse { address },
            io::ErrorKind::PermissionDenied => Self::NotAllowed { address },
            io::ErrorKind::AddrNotAvailable => Self::NotLocal { address },
            _ => Self::Listen { address, source },
        }
    }
}

/// A plan that contradicts itself. The plan in force stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("there is no pool {0}")]
    UnknownPool(PoolId),
    #[error("pool {0} is named twice")]
    DuplicatePool(PoolId),
    #[error("pool {pool} names instance {instance} twice")]
    DuplicateInstance { pool: PoolId, instance: InstanceId },
    #[error("two routes answer to {host}{path}")]
    DuplicateRoute { host: String, path: String },
    #[error("pool {pool} has {count} instances; at most {} fit", crate::plan::MAX_INSTANCES)]
    TooManyInstances { pool: PoolId, count: usize },
    #[error("{group} of pool {pool}: {reason}")]
    Settings {
        pool: PoolId,
        /// "health check", "retry".
        group: &'static str,
        reason: InvalidValue,
    },
    #[error("tls of pool {pool}: {reason}")]
    Tls { pool: PoolId, reason: CertificateError },
    #[error("pool {pool} has no instance {instance}")]
    UnknownInstance { pool: PoolId, instance: InstanceId },
    #[error("pool {0} has no affinity")]
    NoAffinity(PoolId),
}
