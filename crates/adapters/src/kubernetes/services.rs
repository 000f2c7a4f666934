//! Pools whose members are the endpoints of a Service: ready ones join, those that terminate drain, those that are gone leave.
//!
//! Behind the port of workloads, so that they come and go as every other member that somebody else runs. Their number is not ours to set.

use std::{net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use control::ports::{
    ScaleError, SourceError, Workloads,
    cluster::{Cluster, ClusterLook, Endpoint, EndpointSlice, NamespaceObjects, Port},
};
use model::{
    InstanceId, PoolId, ProcessObservation, ProcessState, ScaleAccess, SourceId, SourceState, WorkloadCapabilities, WorkloadId,
    WorkloadObservation, cluster::KindState,
};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::kind::Kind;

/// Which label of an endpoint slice names its Service.
const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// Members of one pool; more are left out, and the log says so.
const ENDPOINTS_MAX: usize = 2_000;

/// One pool and the Service it is fed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServicePool {
    pub pool: PoolId,
    pub namespace: String,
    pub service: String,
    /// Name or number, as the Service has it; absent: its only one.
    pub port: Option<String>,
}

impl ServicePool {
    /// Its name among the workloads.
    fn workload(&self) -> WorkloadId {
        WorkloadId::new(self.pool.as_str()).expect("the name of a pool is the name of a workload")
    }

    fn reference(&self) -> String {
        format!("Service {}/{}", self.namespace, self.service)
    }
}

/// All pools of one cluster's Services.
pub struct Services {
    cluster: Arc<dyn Cluster>,
    source: SourceId,
    pools: Vec<ServicePool>,
    /// Since when each endpoint is known, and since when it terminates.
    known: Mutex<Vec<Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    pool: PoolId,
    instance: InstanceId,
    since_ms: i64,
    draining_since_ms: Option<i64>,
    was_ready: bool,
}

impl Services {
    /// # Panics
    /// Never: the name of a cluster leaves room, or a shorter one is taken.
    pub fn new(cluster: Arc<dyn Cluster>, pools: Vec<ServicePool>) -> Self {
        let source = SourceId::new(format!("{}.services", cluster.id())).unwrap_or_else(|_| cluster.id().source().clone());
        Self {
            cluster,
            source,
            pools,
            known: Mutex::default(),
        }
    }

    fn known_pool(&self, workload: &WorkloadId) -> Result<(), ScaleError> {
        let is_known = self.pools.iter().any(|pool| pool.workload() == *workload);
        is_known.then_some(()).ok_or_else(|| ScaleError::Unknown(workload.clone()))
    }

    fn processes(&self, pool: &ServicePool, look: &ClusterLook, now_ms: i64) -> Vec<ProcessObservation> {
        let Some(namespace) = look.namespaces.get(pool.namespace.as_str()) else {
            return Vec::new();
        };
        let is_its = |slice: &&Arc<EndpointSlice>| slice.metadata.labels.get(SERVICE_NAME).is_some_and(|name| **name == *pool.service);
        let mut found = Vec::new();
        let wanted = Wanted::of(pool, namespace);
        for slice in namespace.endpoint_slices.values().filter(is_its) {
            let Some(port) = wanted.port_of(slice) else {
                continue;
            };
            let members = slice.endpoints.iter().filter_map(|endpoint| member(endpoint, port));
            found.extend(members);
        }
        found.sort_by(|a, b| a.instance.cmp(&b.instance));
        found.dedup_by(|a, b| a.instance == b.instance);
        if found.len() > ENDPOINTS_MAX {
            tracing::error!(pool = %pool.pool, endpoints = found.len(), "a Service has more endpoints than a pool may have members");
            found.truncate(ENDPOINTS_MAX);
        }
        let mut known = self.known.lock();
        let mut out = Vec::with_capacity(found.len());
        for member in found {
            out.push(member.observed(&mut known, &pool.pool, now_ms));
        }
        known.retain(|k| k.pool != pool.pool || out.iter().any(|p| p.instance == k.instance));
        out
    }
}

/// One endpoint with an address that can be spoken to.
struct Member {
    instance: InstanceId,
    address: SocketAddr,
    is_ready: bool,
    is_terminating: bool,
}

impl Member {
    fn observed(self, known: &mut Vec<Known>, pool: &PoolId, now_ms: i64) -> ProcessObservation {
        let at = known.iter().position(|k| k.pool == *pool && k.instance == self.instance);
        let at = at.unwrap_or_else(|| {
            known.push(Known {
                pool: pool.clone(),
                instance: self.instance.clone(),
                since_ms: now_ms,
                draining_since_ms: None,
                was_ready: false,
            });
            known.len() - 1
        });
        let known = &mut known[at];
        known.was_ready |= self.is_ready;
        known.draining_since_ms = self.is_terminating.then(|| known.draining_since_ms.unwrap_or(now_ms));
        let state = match known.draining_since_ms {
            Some(since_ms) => ProcessState::Draining { since_ms },
            None if self.is_ready => ProcessState::Running,
            None => ProcessState::Starting,
        };
        ProcessObservation {
            instance: self.instance,
            address: self.address,
            state,
            pid: None,
            restarts: 0,
            started_at_ms: known.since_ms,
            ready_at_ms: known.was_ready.then_some(known.since_ms),
            was_ready: known.was_ready,
            last_exit: None,
        }
    }
}

/// Which of the ports that endpoints offer is meant.
enum Wanted<'a> {
    /// The only one.
    Any,
    /// As the Service calls it; one without a name has an empty one.
    Named(&'a str),
    /// Its number at the endpoints.
    Numbered(u16),
}

impl<'a> Wanted<'a> {
    /// By name; by the Service's own number, as its clients know it; else by the number at the endpoints.
    fn of(pool: &'a ServicePool, namespace: &'a NamespaceObjects) -> Self {
        let Some(wanted) = pool.port.as_deref() else { return Self::Any };
        let Ok(number) = wanted.parse::<u16>() else {
            return Self::Named(wanted);
        };
        let service = namespace.services.get(pool.service.as_str());
        let own = service.and_then(|service| service.spec.ports.iter().find(|port| port.port == Some(number)));
        own.map_or(Self::Numbered(number), |port| Self::Named(name_of(port)))
    }

    fn port_of(&self, slice: &EndpointSlice) -> Option<u16> {
        let is_wanted = |port: &&Port| match *self {
            Self::Any => true,
            Self::Named(name) => name_of(port) == name,
            Self::Numbered(number) => port.port == Some(number),
        };
        let mut tcp = slice
            .ports
            .iter()
            .filter(|port| port.protocol.as_deref().is_none_or(|p| p == "TCP"));
        tcp.find(is_wanted)?.port
    }
}

fn name_of(port: &Port) -> &str {
    port.name.as_deref().unwrap_or_default()
}

/// Why nothing can be said about endpoints now. Who was there stays: the cluster's silence says nothing about its pods.
fn unknown(look: &ClusterLook) -> Option<String> {
    match &look.state {
        SourceState::Up => {}
        SourceState::Waiting { .. } => return Some("the cluster has not answered yet".to_owned()),
        SourceState::Down { why, .. } => return Some(why.clone()),
    }
    let resource = Kind::EndpointSlices.resource();
    match look.kinds.iter().find(|kind| kind.resource == resource).map(|kind| &kind.state) {
        Some(KindState::Up) => None,
        None | Some(KindState::Waiting) => Some(format!("{resource} are being read for the first time")),
        Some(KindState::Absent) => Some(format!("the cluster has no {resource}")),
        Some(KindState::Forbidden { rule }) => Some(format!("{resource} may not be read; this rule is missing: {rule}")),
        Some(KindState::Down { why, .. }) => Some(format!("{resource} cannot be read: {why}")),
    }
}

fn member(endpoint: &Endpoint, port: u16) -> Option<Member> {
    let address = endpoint.addresses.first()?.parse().ok()?;
    let pod = endpoint.target_ref.as_ref().filter(|target| &*target.kind == "Pod");
    let of_pod = pod.and_then(|pod| InstanceId::new(&*pod.name).ok());
    // A name that is too long for one of ours: its address is one as well.
    let of_address = || InstanceId::new(format!("{address}-{port}").replace(':', "-").trim_matches('-').to_owned()).ok();
    let conditions = &endpoint.conditions;
    Some(Member {
        instance: of_pod.or_else(of_address)?,
        address: SocketAddr::new(address, port),
        // Kubernetes: unknown counts as ready.
        is_ready: conditions.ready.unwrap_or(true),
        is_terminating: conditions.terminating.unwrap_or(false),
    })
}

#[async_trait]
impl Workloads for Services {
    fn source(&self) -> SourceId {
        self.source.clone()
    }

    fn describe(&self) -> String {
        format!("Services of {}", self.cluster.describe())
    }

    fn capabilities(&self) -> WorkloadCapabilities {
        WorkloadCapabilities {
            scale: ScaleAccess::ReadOnly {
                why: "the number of endpoints is set in the cluster".to_owned(),
            },
            max_replicas: 0,
        }
    }

    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError> {
        let look = self.cluster.look();
        if let Some(why) = unknown(&look) {
            return Err(SourceError(why));
        }
        let now_ms = look.answered_at_ms.unwrap_or_default();
        let pools = self.pools.iter().map(|pool| {
            let processes = self.processes(pool, &look, now_ms);
            let staying = processes
                .iter()
                .filter(|p| !matches!(p.state, ProcessState::Draining { .. }))
                .count();
            WorkloadObservation {
                workload: pool.workload(),
                pool: pool.pool.clone(),
                reference: pool.reference(),
                desired: u32::try_from(staying).unwrap_or(u32::MAX),
                processes,
            }
        });
        Ok(pools.collect())
    }

    fn changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.cluster.changes())
    }

    async fn scale(&self, workload: &WorkloadId, _replicas: u32) -> Result<(), ScaleError> {
        self.known_pool(workload)?;
        Err(ScaleError::Refused {
            why: format!("{workload} is a Service: its endpoints are scaled in the cluster"),
        })
    }

    /// Kubernetes stops them when their time has come.
    async fn retire(&self, workload: &WorkloadId, _instance: &InstanceId) -> Result<(), ScaleError> {
        self.known_pool(workload)
    }
}
