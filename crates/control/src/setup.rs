//! What the composition root hands over.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use model::{Environment, InstanceId, PoolId, PoolPolicy, SourceId, UpstreamTls};

use crate::ports::{Balancer, Clock, Identity, Journal, Policies, Workloads};

/// Everything outside, behind traits.
pub struct Ports {
    pub balancers: Vec<Arc<dyn Balancer>>,
    pub workloads: Vec<Arc<dyn Workloads>>,
    pub policies: Arc<dyn Policies>,
    pub journal: Arc<dyn Journal>,
    pub identity: Arc<dyn Identity>,
    pub clock: Arc<dyn Clock>,
}

/// An instance the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceSetup {
    pub id: InstanceId,
    pub address: SocketAddr,
    pub zone: Option<String>,
}

/// A pool the settings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolSetup {
    pub id: PoolId,
    /// The balancer in front of it.
    pub balancer: SourceId,
    pub instances: Vec<InstanceSetup>,
    /// How they are spoken to. By the settings alone: a change in the console could send everything to somebody else.
    pub tls: UpstreamTls,
    /// Becomes version 1 where the store has no policy for the pool yet.
    pub defaults: PoolPolicy,
}

impl PoolSetup {
    pub fn members(&self) -> BTreeSet<InstanceId> {
        self.instances.iter().map(|i| i.id.clone()).collect()
    }
}

#[derive(Debug, Clone)]
pub struct Setup {
    pub environment: Environment,
    pub pools: Vec<PoolSetup>,
    /// Between two collections: 1 s.
    pub interval: Duration,
}
