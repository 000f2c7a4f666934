//! What the composition root hands over.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use model::{Environment, GatewayId, InstanceId, PoolId, PoolPolicy, Retention, SourceId, UpstreamTls, WorkloadId, scaling::ScalingPlan};

use crate::{
    access::BearerToken,
    decide::reach::Reach,
    ports::{
        Balancer, Clock, FenceCell, Identity, Journal, Lease, Policies, Registry, Resolver, Samples, ScalingLedger, ScalingPolicies,
        Upkeep, Workloads, cluster::Cluster,
    },
};

/// Instances of all pools that one console is built for.
pub const INSTANCES_MAX: usize = 2_000;

/// Everything outside, behind traits.
pub struct Ports {
    pub balancers: Vec<Arc<dyn Balancer>>,
    pub workloads: Vec<Arc<dyn Workloads>>,
    pub clusters: Vec<Arc<dyn Cluster>>,
    pub policies: Arc<dyn Policies>,
    pub journal: Arc<dyn Journal>,
    pub identity: Arc<dyn Identity>,
    pub registry: Arc<dyn Registry>,
    pub scaling: Arc<dyn ScalingPolicies>,
    pub ledger: Arc<dyn ScalingLedger>,
    pub samples: Arc<dyn Samples>,
    pub upkeep: Arc<dyn Upkeep>,
    pub resolver: Arc<dyn Resolver>,
    pub clock: Arc<dyn Clock>,
    pub lease: Arc<dyn Lease>,
    /// What this console acts by. Written by the lead loop.
    pub fence: FenceCell,
    pub fenced: Fenced,
}

/// The same store, where every transaction proves the fence: for what must not happen twice.
pub struct Fenced {
    pub policies: Arc<dyn Policies>,
    pub journal: Arc<dyn Journal>,
    pub registry: Arc<dyn Registry>,
    pub ledger: Arc<dyn ScalingLedger>,
    pub samples: Arc<dyn Samples>,
    pub upkeep: Arc<dyn Upkeep>,
}

impl Fenced {
    pub fn new<S>(store: &Arc<S>) -> Self
    where
        S: Policies + Journal + Registry + ScalingLedger + Samples + Upkeep,
    {
        Self {
            policies: store.clone(),
            journal: store.clone(),
            registry: store.clone(),
            ledger: store.clone(),
            samples: store.clone(),
            upkeep: store.clone(),
        }
    }
}

/// How this console is known among those that share its database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplicaSetup {
    /// For people.
    pub name: String,
    /// Where the others reach it.
    pub address: Option<String>,
    /// What its own gateway is called while another console leads.
    pub gateway: Option<GatewayId>,
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

/// A workload that is scaled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkloadSetup {
    pub id: WorkloadId,
    /// Becomes version 1 where the store has no plan for it yet.
    pub defaults: ScalingPlan,
}

/// How instances may announce themselves.
#[derive(Debug, Clone)]
pub struct RegistrySetup {
    pub token: BearerToken,
    /// What a registration may lead to.
    pub reach: Reach,
    /// How often a heartbeat is asked for.
    pub refresh: Duration,
    /// An instance that is not heard of for so long leaves its pool.
    pub expire: Duration,
    /// Registered ones of one pool.
    pub max_instances: usize,
    /// Where to register, as shown to people.
    pub url: String,
}

#[derive(Debug, Clone)]
pub struct Setup {
    pub environment: Environment,
    pub pools: Vec<PoolSetup>,
    pub workloads: Vec<WorkloadSetup>,
    /// Between two collections: 1 s.
    pub interval: Duration,
    /// Absent: nobody may register.
    pub registry: Option<RegistrySetup>,
    /// Gateways on other hosts are let in.
    pub accepts_gateways: bool,
    /// How long what grows is kept.
    pub retention: Retention,
    pub replica: ReplicaSetup,
}
