//! The composition root: every part made and handed to those that need it, once, and taken down in the opposite order.
//!
//! ```text
//!  start:  data directory ─ console's port ─ database ─ samples, until they answer ─ gateway ─ traffic ─ clusters ─ control ─ http
//!  stop:   http (live streams end, requests finish) ─ control ─ clusters ─ gateway (drains) ─ samples and traffic ─ database
//! ```

use std::{net::SocketAddr, sync::Arc, time::Duration};

use adapters::builtin::{
    BuiltinBalancer, Supervisor,
    fleet::{Fleet, Limits},
};
use control::{
    Control, Fenced, Ports, ReplicaSetup, Running, Setup, initial_plans,
    ports::{Alone, Balancer, Clock, FenceCell, Lease, SystemClock, SystemResolver, Workloads, cluster::Cluster},
};
use gateway::{AffinityKey, Gateway, GatewayConfig};
use model::GatewayPlan;
use store::{Claim, Company, DataDir, Store};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    StartError,
    clusters::{clusters, services},
    config::{Config, PublicUrl},
    database::database,
    http::{Console, ConsoleParts, Gateways, Site, listen, router},
    pools::{pools, warn_of_unverified},
    replica::{self, OwnGateway, follow},
    samples,
    start_error::reachable,
};

/// Between two collections.
const COLLECT_EVERY: Duration = Duration::from_secs(1);

/// How long the console's requests may take to finish when it stops.
const CONSOLE_DRAIN: Duration = Duration::from_secs(5);

/// How long the loops may take for the round they are in: sources have deadlines below this.
const LOOPS_WITHIN: Duration = Duration::from_secs(10);

/// How long samples and traffic may take to end: the supervisor's grace, and their last words.
const SAMPLES_END_WITHIN: Duration = Duration::from_secs(10);

/// How long what is said to other consoles may take: their answer has its own deadline.
const PEERS_END_WITHIN: Duration = Duration::from_secs(10);

/// How long the samples may take until they answer, before the gateway is started without those that do not.
const SAMPLES_WITHIN: Duration = Duration::from_secs(3);

/// A running Evenkeel. What is dropped without [`Application::stop`] ends at once instead of draining.
pub struct Application {
    console: SocketAddr,
    console_url: String,
    setup_link: Option<String>,
    gateway: Arc<Gateway>,
    control: Control,
    running: Running,
    clusters: Vec<Arc<dyn Cluster>>,
    stopping: CancellationToken,
    http: JoinHandle<()>,
    following: TaskTracker,
    samples: Option<Arc<Supervisor>>,
    store: Store,
    _claim: Held,
}

/// Proof that nobody else runs on the same data.
struct Held {
    _dir: Option<DataDir>,
    _claim: Option<Claim>,
}

impl Application {
    /// How long [`Application::stop`] takes at most, besides `gateway.drain_ms`: for whoever kills what has not stopped by then.
    pub const STOPS_WITHIN: Duration = CONSOLE_DRAIN
        .saturating_add(PEERS_END_WITHIN)
        .saturating_add(LOOPS_WITHIN)
        .saturating_add(SAMPLES_END_WITHIN);

    /// Builds and starts everything.
    ///
    /// # Errors
    /// [`StartError`], one sentence. What was started until then is stopped again.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let settings = &config.settings;
        let (store_config, dir) = database(&settings.database)?;
        let site = Site::open(settings.console.site_root.as_deref(), &config.program)?;
        let address = settings.console.listen;
        let listener = TcpListener::bind(address).await.map_err(|e| StartError::console(address, &e))?;
        let console = listener.local_addr().map_err(|e| StartError::console(address, &e))?;
        let store = Store::open(&store_config).await?;
        // The sample fleet runs in this process; and a file is for one, guarded by its directory's lock already.
        let is_shared = store.can_be_shared() && !config.is_embedded();
        let company = if is_shared { Company::Replicas } else { Company::Alone };
        let claim = if dir.is_none() { Some(store.claim(company).await?) } else { None };
        tracing::info!(database = store.describe(), "the database is open");

        let samples = if config.is_embedded() {
            Some(samples::start(&config, &store).await?)
        } else {
            None
        };
        let console_url = settings
            .console
            .public_url
            .as_ref()
            .map_or_else(|| format!("http://{}", reachable(console)), PublicUrl::origin);
        let replica = replica::known_as(&settings.console, console);
        match Self::start_rest(
            &config,
            &store,
            samples.clone(),
            site,
            listener,
            &console_url,
            is_shared.then_some(replica),
        )
        .await
        {
            Ok(rest) => {
                let link = rest
                    .control
                    .accounts()
                    .issue_setup_token()
                    .await
                    .map_err(|e| StartError::Control { why: e.to_string() })?;
                let application = Self {
                    console,
                    setup_link: link.map(|token| format!("{console_url}/setup?token={}", token.expose())),
                    console_url,
                    gateway: rest.gateway,
                    control: rest.control,
                    running: rest.running,
                    clusters: rest.clusters,
                    stopping: rest.stopping,
                    http: rest.http,
                    following: rest.following,
                    samples,
                    store,
                    _claim: Held { _dir: dir, _claim: claim },
                };
                application.tell(&config);
                Ok(application)
            }
            Err(error) => {
                if let Some(samples) = samples {
                    samples.stop().await;
                }
                store.close().await;
                Err(error)
            }
        }
    }

    async fn start_rest(
        config: &Config,
        store: &Store,
        samples: Option<Arc<Supervisor>>,
        site: Site,
        listener: TcpListener,
        console_url: &str,
        replica: Option<ReplicaSetup>,
    ) -> Result<Rest, StartError> {
        let settings = &config.settings;
        let clock = Arc::new(SystemClock);
        let resolver = Arc::new(SystemResolver::default());
        let (pools, routes) = pools(config);
        if let Some(samples) = &samples
            && tokio::time::timeout(SAMPLES_WITHIN, samples::until_ready(samples)).await.is_err()
        {
            tracing::warn!("not all samples answer yet; those that do not join their pool later");
        }
        let clusters = clusters(config).await;
        let mut workloads: Vec<Arc<dyn Workloads>> = samples.iter().map(|s| s.clone() as Arc<dyn Workloads>).collect();
        workloads.extend(services(config, &clusters));
        let own = listener
            .local_addr()
            .into_iter()
            .chain(settings.gateway.listen.iter().copied())
            .chain(settings.gateway.tls.listen.iter().copied());
        let mut setup = Setup {
            environment: (&settings.environment).into(),
            pools,
            workloads: samples.iter().map(|_| samples::workload(config)).collect(),
            interval: COLLECT_EVERY,
            registry: settings.registry.setup(own.collect(), console_url),
            accepts_gateways: settings.gateways.token.is_some(),
            retention: (&settings.retention).into(),
            replica: replica.clone().unwrap_or_else(|| ReplicaSetup {
                name: console_url.to_owned(),
                address: None,
                gateway: None,
            }),
        };
        let plans = initial_plans(store, store, resolver.as_ref(), &workloads, &setup, clock.now_ms())
            .await
            .map_err(|e| StartError::Control { why: e.to_string() })?;
        let key = store
            .secret("affinity", rand::random())
            .await
            .map_err(|e| StartError::Control { why: e.to_string() })?;
        let gateway_config = GatewayConfig {
            affinity_key: AffinityKey::new(key),
            ..GatewayConfig::from(&settings.gateway)
        };
        let plan = GatewayPlan { routes, pools: plans };
        let limits = Limits::from(&settings.gateways);
        let fleet = Arc::new(Fleet::new(limits, plan.clone(), key));
        warn_of_unverified(&setup.pools);
        let gateway = Arc::new(Gateway::start(gateway_config, plan)?);
        if let Some(samples) = &samples {
            samples::accompany(samples, config, &gateway).await?;
        }

        let peers = match &replica {
            Some(_) => Some(replica::peers(store).await.map_err(|why| StartError::Control { why })?),
            None => None,
        };
        let fence = FenceCell::default();
        let (lease, fenced): (Arc<dyn Lease>, _) = match &replica {
            Some(_) => (Arc::new(store.clone()), store.fenced(fence.clone())),
            None => (Arc::new(Alone), store.clone()),
        };
        let store = Arc::new(store.clone());
        let ports = Ports {
            balancers: vec![Arc::new(BuiltinBalancer::new(gateway.clone(), fleet.clone())) as Arc<dyn Balancer>],
            workloads,
            clusters: clusters.clone(),
            policies: store.clone(),
            journal: store.clone(),
            identity: store.clone(),
            registry: store.clone(),
            scaling: store.clone(),
            ledger: store.clone(),
            samples: store.clone(),
            upkeep: store,
            resolver,
            clock,
            lease,
            fence,
            fenced: Fenced::new(&Arc::new(fenced)),
        };
        if let Some(registry) = &mut setup.registry {
            // With the real ports where 0 was asked for.
            registry.reach.own.extend_from_slice(gateway.local_addrs());
            registry.reach.own.extend_from_slice(gateway.tls_addrs());
        }
        let (control, running) = Control::start(ports, setup)
            .await
            .map_err(|e| StartError::Control { why: e.to_string() })?;

        let stopping = CancellationToken::new();
        let following = TaskTracker::new();
        if let (Some(peers), Some(id)) = (&peers, replica.and_then(|replica| replica.gateway)) {
            following.spawn(follow(control.clone(), peers.clone(), stopping.clone()));
            let own = OwnGateway::new(id, gateway.clone(), fleet.clone(), peers.clone());
            following.spawn(own.report(control.clone(), stopping.clone()));
        }
        following.close();
        let console = Console::new(ConsoleParts {
            peers,
            fleet: fleet.clone(),
            control: control.clone(),
            gateway: Some(gateway.clone()),
            settings: settings.console.clone(),
            site,
            gateways: settings.gateways.token.as_ref().map(|token| Gateways::new(fleet, token)),
            stopping: stopping.clone(),
        });
        let http = tokio::spawn(listen::serve(listener, router(console), stopping.clone(), CONSOLE_DRAIN));
        Ok(Rest {
            gateway,
            control,
            running,
            clusters,
            stopping,
            http,
            following,
        })
    }

    /// Where the console listens, with the real port where 0 was asked for.
    pub fn console_address(&self) -> SocketAddr {
        self.console
    }

    /// What people open.
    pub fn console_url(&self) -> &str {
        &self.console_url
    }

    pub fn gateway_addresses(&self) -> &[SocketAddr] {
        self.gateway.local_addrs()
    }

    /// The one-time link that makes the first system admin; `None` once there is one. To be shown to whoever started the process, and
    /// never to be logged.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// What runs the samples of the embedded default.
    pub fn samples(&self) -> Option<&Arc<Supervisor>> {
        self.samples.as_ref()
    }

    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Looks at certificates and opens the access log anew.
    pub fn reload(&self) {
        self.gateway.reload();
    }

    fn tell(&self, config: &Config) {
        tracing::info!(url = self.console_url, address = %self.console, "the console listens");
        for address in self.gateway.local_addrs() {
            tracing::info!(%address, "the gateway listens");
        }
        for address in self.gateway.tls_addrs() {
            tracing::info!(%address, "the gateway listens for TLS");
        }
        let file = config.file.as_ref().map_or_else(|| "none".to_owned(), |f| f.display().to_string());
        let pools = if config.is_embedded() {
            samples::NAME.to_owned()
        } else {
            config.pools.iter().map(|p| p.id.as_str()).collect::<Vec<_>>().join(" ")
        };
        tracing::info!(settings = file, pools, data = self.store.describe(), "ready");
    }

    /// Takes no new requests, lets those under way finish, stops every child. Bounded: each step has its deadline.
    pub async fn stop(self) {
        self.stopping.cancel();
        if self.http.await.is_err() {
            tracing::error!("the console's listener panicked");
        }
        self.following.wait().await;
        if tokio::time::timeout(LOOPS_WITHIN, self.running.stop()).await.is_err() {
            tracing::warn!("a loop did not end in time");
        }
        for cluster in &self.clusters {
            cluster.stop().await;
        }
        let gateway = self.gateway;
        if tokio::task::spawn_blocking(move || gateway.drain()).await.is_err() {
            tracing::error!("the gateway panicked while it drained");
        }
        if let Some(samples) = self.samples {
            samples.stop().await;
        }
        self.store.close().await;
        tracing::info!("stopped");
    }
}

struct Rest {
    gateway: Arc<Gateway>,
    control: Control,
    running: Running,
    clusters: Vec<Arc<dyn Cluster>>,
    stopping: CancellationToken,
    http: JoinHandle<()>,
    following: TaskTracker,
}
