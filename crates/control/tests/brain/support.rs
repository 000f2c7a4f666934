use std::{net::IpAddr, sync::Arc, time::Duration};

use control::{
    Control, Fenced, InstanceSetup, PoolSetup, Ports, RegistrySetup, ReplicaSetup, Running, Setup, WorkloadSetup,
    access::{Principal, SystemAdmin, Viewer},
    ports::{Alone, Clock, FenceCell, Lease, cluster::Cluster},
};
use model::{Environment, EventFilter, PoolPolicy, Role, ViewData, ViewKey};
use testkit::{ManualClock, MemoryBalancer, MemoryCluster, MemoryResolver, MemoryStore, MemoryWorkloads, build, wait_until};

pub(crate) const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
pub(crate) const PASSWORD: &str = "correct horse battery";
/// Fifty times as fast as the real thing.
pub(crate) const INTERVAL: Duration = Duration::from_millis(20);
pub(crate) const SOON: Duration = Duration::from_secs(90);

/// Everything outside of a brain; survives the brain's restarts.
pub(crate) struct World {
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) balancer: MemoryBalancer,
    pub(crate) workloads: MemoryWorkloads,
    /// None until a test says otherwise.
    pub(crate) clusters: Vec<MemoryCluster>,
    pub(crate) clock: ManualClock,
    pub(crate) resolver: Arc<MemoryResolver>,
    /// What is scaled; nothing until a test says otherwise.
    pub(crate) scaled: Vec<WorkloadSetup>,
    /// Off until a test says otherwise.
    pub(crate) registry: Option<RegistrySetup>,
    /// [`INTERVAL`] until a test says otherwise.
    pub(crate) interval: Duration,
}

impl World {
    /// Pool `web` with instances `a` and `b`, up.
    pub(crate) fn new() -> Self {
        let balancer = MemoryBalancer::new("gateway");
        balancer.set_observation(build::balancer_observation(vec![build::pool_observation("web", &["a", "b"])]));
        Self {
            store: Arc::new(MemoryStore::new()),
            balancer,
            workloads: MemoryWorkloads::new("fleet"),
            clusters: vec![],
            clock: ManualClock::default(),
            resolver: Arc::default(),
            scaled: vec![],
            registry: None,
            interval: INTERVAL,
        }
    }

    pub(crate) async fn start(&self) -> (Control, Running) {
        let fenced = Fenced::new(&self.store);
        self.start_with("console", Arc::new(Alone), FenceCell::default(), fenced).await
    }

    /// One of several consoles on the store.
    pub(crate) async fn start_replica(&self, name: &str) -> (Control, Running) {
        let fence = FenceCell::default();
        let fenced = Fenced::new(&Arc::new(self.store.fenced(fence.clone())));
        self.start_with(name, self.store.clone(), fence, fenced).await
    }

    async fn start_with(&self, name: &str, lease: Arc<dyn Lease>, fence: FenceCell, fenced: Fenced) -> (Control, Running) {
        let instance = |name, port| InstanceSetup {
            id: build::instance(name),
            address: ([127, 0, 0, 1], port).into(),
            zone: None,
        };
        let pool = PoolSetup {
            id: build::pool("web"),
            balancer: build::source("gateway"),
            instances: vec![instance("a", 9001), instance("b", 9002)],
            tls: model::UpstreamTls::default(),
            defaults: PoolPolicy::default(),
        };
        let ports = Ports {
            balancers: vec![Arc::new(self.balancer.clone())],
            workloads: vec![Arc::new(self.workloads.clone())],
            clusters: self.clusters.iter().map(|c| Arc::new(c.clone()) as Arc<dyn Cluster>).collect(),
            policies: self.store.clone(),
            journal: self.store.clone(),
            identity: self.store.clone(),
            registry: self.store.clone(),
            scaling: self.store.clone(),
            ledger: self.store.clone(),
            samples: self.store.clone(),
            upkeep: self.store.clone(),
            resolver: self.resolver.clone(),
            clock: Arc::new(self.clock.clone()),
            lease,
            fence,
            fenced,
        };
        let environment = Environment {
            name: "test".into(),
            production: false,
        };
        let setup = Setup {
            environment,
            pools: vec![pool],
            workloads: self.scaled.clone(),
            interval: self.interval,
            registry: self.registry.clone(),
            accepts_gateways: false,
            retention: model::Retention::default(),
            replica: ReplicaSetup {
                name: name.to_owned(),
                address: Some(format!("http://{name}.example.com")),
                gateway: None,
            },
        };
        Control::start(ports, setup).await.unwrap()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }
}

pub(crate) async fn sign_in(control: &Control, name: &str, role: Role) -> Principal {
    let accounts = control.accounts();
    // Another test step may have made the account already.
    let _ = accounts.create_user(name, role, PASSWORD, "command line").await;
    let session = accounts.sign_in(name, PASSWORD, HERE).await.unwrap();
    accounts.authenticate(session.token.expose(), HERE).await.unwrap().unwrap()
}

pub(crate) async fn admin(control: &Control) -> (Viewer, SystemAdmin) {
    let principal = sign_in(control, "ada", Role::SystemAdmin).await;
    (principal.viewer(), principal.system_admin().unwrap())
}

pub(crate) async fn summaries(control: &Control, who: &Viewer) -> Vec<String> {
    let page = control.events(who, &EventFilter::default(), 100).await.unwrap();
    page.items.into_iter().map(|e| e.event.summary).collect()
}

pub(crate) async fn wait_for_event(control: &Control, who: &Viewer, part: &str) {
    wait_until(&format!("an event says {part:?}"), SOON, async || {
        summaries(control, who).await.iter().any(|s| s.contains(part))
    })
    .await;
}

pub(crate) fn overview(control: &Control, who: &Viewer) -> model::OverviewView {
    match control.view(who, &ViewKey::Overview).unwrap().view {
        ViewData::Overview(view) => view,
        other => panic!("not an overview: {other:?}"),
    }
}

pub(crate) fn pool(control: &Control, who: &Viewer) -> model::PoolView {
    match control.view(who, &ViewKey::Pool(build::pool("web"))).unwrap().view {
        ViewData::Pool(view) => *view,
        other => panic!("not a pool: {other:?}"),
    }
}
