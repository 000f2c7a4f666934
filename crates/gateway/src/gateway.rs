//! The handle: start, change, observe, stop.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;
use model::{BreakerTarget, GatewayPlan, InstanceId, LoadReport, Pins, PoolId, PoolPlan, ReceiptFilter, Receipts};
use parking_lot::Mutex;
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
    time,
};
use tokio_util::task::TaskTracker;

use crate::{
    CertificateStats, Distribution, GatewayConfig, GatewayStats, InstanceStats, LogTarget, PlanError, PoolStats, StartError,
    access_log::AccessLog,
    health,
    plan::{Common, Compiled, Member, Pool, compile, replace_pool},
    proxy::Shared,
    receipt::ReceiptBook,
    serve::{self, Stop},
    tls::{self, Keyring},
};

/// A running gateway. Dropping it stops it at once; [`Gateway::shutdown`] lets requests in flight finish.
#[derive(Debug)]
pub struct Gateway {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    tls_addresses: Vec<SocketAddr>,
    connections: TaskTracker,
    runtime: Handle,
    /// Held while a plan is changed, so that two changes do not overwrite each other. Requests never take it.
    changing: Mutex<()>,
    /// Told when what picks depend on has changed.
    changed: Arc<Notify>,
    /// Told when certificates are to be looked at now.
    look: Arc<Notify>,
    stop: watch::Sender<Stop>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Gateway {
    /// Opens the ports and serves on threads of its own. May be called inside or outside a tokio runtime.
    pub fn start(config: GatewayConfig, plan: GatewayPlan) -> Result<Self, StartError> {
        let journal = Arc::default();
        let common = Common {
            config: &config,
            journal: &journal,
        };
        let shared = Arc::new(Shared {
            plan: ArcSwap::from_pointee(compile(&plan, None, common)?),
            unrouted: AtomicU64::new(0),
            receipts: ReceiptBook::new(config.receipts),
            journal,
            keyring: keyring(&config)?,
            handshakes_failed: Arc::default(),
            access_log: access_log(&config)?,
            config,
        });
        let (stop, stop_seen) = watch::channel(Stop::Not);
        let running = serve::start(shared.clone(), stop_seen)?;
        let gateway = Self {
            shared,
            addresses: running.addresses,
            tls_addresses: running.tls_addresses,
            connections: running.connections,
            runtime: running.runtime,
            changing: Mutex::new(()),
            changed: Arc::default(),
            look: Arc::default(),
            stop,
            thread: Mutex::new(Some(running.thread)),
        };
        gateway.direct_checks(&gateway.shared.plan.load());
        gateway
            .runtime
            .spawn(keep_fresh(Arc::downgrade(&gateway.shared), gateway.changed.clone()));
        gateway.keep_certificates();
        Ok(gateway)
    }

    /// Where it listens, with the real ports where 0 was asked for.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where it listens for TLS.
    pub fn tls_addrs(&self) -> &[SocketAddr] {
        &self.tls_addresses
    }

    /// Looks at the certificate files now, and opens the access log anew. What comes of it is in the events.
    pub fn reload(&self) {
        self.look.notify_one();
        if let Some(log) = &self.shared.access_log {
            log.reopen();
        }
    }

    /// Changes one pool; everything else stays. The requests in flight keep the plan they began with. Applying a plan twice changes
    /// nothing.
    pub fn apply_pool(&self, plan: &PoolPlan) -> Result<(), PlanError> {
        self.change(|current| replace_pool(plan, current, self.shared.common()))
    }

    /// Changes all pools and routes at once. Instances that the new plan still names (same pool, id and address) keep their counters,
    /// health and requests.
    pub fn apply(&self, plan: GatewayPlan) -> Result<(), PlanError> {
        self.change(|current| compile(&plan, Some(current), self.shared.common()))
    }

    /// Reads every count. Never blocks a request for longer than it takes to copy one histogram.
    pub fn observe(&self) -> GatewayStats {
        GatewayStats {
            unrouted: self.shared.unrouted.load(Ordering::Relaxed),
            connections: u32::try_from(self.connections.len()).unwrap_or(u32::MAX),
            handshakes_failed: self.shared.handshakes_failed.load(Ordering::Relaxed),
            certificates: self.certificates(),
            access_log_dropped: self.shared.access_log.as_ref().map_or(0, AccessLog::dropped),
            pools: self.shared.plan.load().pools.iter().map(|pool| observe_pool(pool)).collect(),
            events: self.shared.journal.events(),
        }
    }

    /// Signs and believes affinity cookies by this key from now on; those signed by the one before are worth nothing.
    pub fn replace_affinity_key(&self, key: [u8; 32]) {
        self.shared.config.affinity_key.replace(key);
    }

    /// Closes these breakers at once; what they counted is forgotten.
    pub fn reset_breakers(&self, pool: &PoolId, targets: &[BreakerTarget]) -> Result<(), PlanError> {
        let plan = self.shared.plan.load();
        let pool = plan.pool(pool).ok_or_else(|| PlanError::UnknownPool(pool.clone()))?;
        for target in targets {
            if let (None, BreakerTarget::Instance(instance)) = (pool.reset_breaker(target), target) {
                return Err(PlanError::UnknownInstance {
                    pool: pool.id().clone(),
                    instance: instance.clone(),
                });
            }
        }
        Ok(())
    }

    /// The receipts that `filter` takes, newest first, at most `limit`.
    pub fn receipts(&self, filter: &ReceiptFilter, limit: usize) -> Receipts {
        self.shared.receipts.read(filter, limit)
    }

    /// Which clients come back to which instance.
    pub fn pins(&self, pool: &PoolId) -> Result<Pins, PlanError> {
        let plan = self.shared.plan.load();
        let pool = plan.pool(pool).ok_or_else(|| PlanError::UnknownPool(pool.clone()))?;
        let affinity = pool.affinity.as_ref().ok_or_else(|| PlanError::NoAffinity(pool.id().clone()))?;
        Ok(affinity.pins())
    }

    /// What an instance says of its own load, from elsewhere than a check. The newest report counts, wherever it came from, and goes
    /// stale alike.
    pub fn report_load(&self, pool: &PoolId, instance: &InstanceId, load: LoadReport) -> Result<(), PlanError> {
        let plan = self.shared.plan.load();
        let pool = plan.pool(pool).ok_or_else(|| PlanError::UnknownPool(pool.clone()))?;
        let member = pool.members.iter().find(|member| &member.state.id == instance);
        let member = member.ok_or_else(|| PlanError::UnknownInstance {
            pool: pool.id().clone(),
            instance: instance.clone(),
        })?;
        let is_first = member.state.load().is_none();
        member.state.set_load(load);
        if is_first {
            self.changed.notify_one();
        }
        Ok(())
    }

    /// Takes no new connections, finishes the requests in flight (at most [`GatewayConfig::drain`]), then stops. Blocks.
    pub fn shutdown(self) {
        self.drain();
    }

    /// [`Gateway::shutdown`] for a handle that is shared. The second call returns when the first has stopped the gateway.
    pub fn drain(&self) {
        self.stop(Stop::Drain);
    }

    fn stop(&self, how: Stop) {
        self.stop.send_replace(how);
        if let Some(thread) = self.thread.lock().take() {
            // A panic of the thread has been printed; there is nothing left to stop.
            let _panicked = thread.join();
            if let Some(log) = &self.shared.access_log {
                log.close();
            }
        }
    }

    fn change(&self, compile: impl FnOnce(&Compiled) -> Result<Compiled, PlanError>) -> Result<(), PlanError> {
        let _changing = self.changing.lock();
        let before = self.shared.plan.load_full();
        let after = Arc::new(compile(&before)?);
        self.shared.plan.store(after.clone());
        self.direct_checks(&after);
        let kept: HashSet<_> = after.instances().map(Arc::as_ptr).collect();
        for pool in &before.pools {
            for member in pool.members.iter().filter(|member| !kept.contains(&Arc::as_ptr(&member.state))) {
                member.state.order(None);
                pool.state.former.add(&member.state.latencies.fold());
            }
        }
        Ok(())
    }

    fn keep_certificates(&self) {
        if let (Some(keyring), Some(config)) = (&self.shared.keyring, &self.shared.config.tls) {
            let (journal, look) = (self.shared.journal.clone(), self.look.clone());
            self.runtime
                .spawn(tls::keep(Arc::downgrade(keyring), journal, config.look_every, look));
        }
    }

    fn certificates(&self) -> Vec<CertificateStats> {
        let (Some(keyring), Some(config)) = (&self.shared.keyring, &self.shared.config.tls) else {
            return Vec::new();
        };
        let certificates = keyring.certificates();
        let pairs = config.certificates.iter().zip(certificates);
        pairs
            .map(|(files, certificate)| CertificateStats {
                file: files.certificate.clone(),
                names: certificate.names.clone(),
                not_after_ms: certificate.not_after_ms,
            })
            .collect()
    }

    /// Gives every instance its orders, and a checker to those that have none.
    fn direct_checks(&self, plan: &Compiled) {
        plan.order_checks();
        for instance in plan.instances() {
            if let Some(orders) = instance.claim_checker() {
                self.runtime.spawn(health::run(instance.clone(), orders, self.changed.clone()));
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.stop(Stop::Now);
    }
}

fn keyring(config: &GatewayConfig) -> Result<Option<Arc<Keyring>>, StartError> {
    match &config.tls {
        None => Ok(None),
        Some(tls) if tls.certificates.is_empty() => Err(StartError::NoCertificate),
        Some(tls) => Ok(Some(Arc::new(Keyring::load(tls)?))),
    }
}

fn access_log(config: &GatewayConfig) -> Result<Option<AccessLog>, StartError> {
    let Some(config) = &config.access_log else { return Ok(None) };
    let log = AccessLog::open(config).map_err(|source| StartError::AccessLog {
        file: match &config.to {
            LogTarget::Stdout => "stdout".to_owned(),
            LogTarget::File(path) => path.display().to_string(),
        },
        source,
    })?;
    Ok(Some(log))
}

/// Slow start and stale load reports come with time alone.
const REFRESH: Duration = Duration::from_secs(1);
/// Checks of a large fleet may finish one after the other all the time.
const REST: Duration = Duration::from_millis(20);

/// Tells every picker once a second, and soon after somebody's health has changed, what may be different.
async fn keep_fresh(shared: Weak<Shared>, changed: Arc<Notify>) {
    loop {
        // Many checks may finish at once; both ways of waking are the same to what follows.
        let _timed_out = time::timeout(REFRESH, changed.notified()).await;
        let Some(shared) = shared.upgrade() else { return };
        for pool in &shared.plan.load().pools {
            pool.refresh();
        }
        drop(shared);
        time::sleep(REST).await;
    }
}

fn observe_pool(pool: &Pool) -> PoolStats {
    let instances: Vec<_> = pool.members.iter().map(|member| observe_member(pool, member)).collect();
    let mut histogram = Distribution::from(&pool.state.former.histogram());
    for instance in &instances {
        histogram.add(&instance.histogram);
    }
    let tally = &pool.state.tally;
    PoolStats {
        pool: pool.id().clone(),
        version: pool.plan.version,
        algorithm: pool.plan.algorithm,
        in_flight: tally.in_flight(),
        counters: tally.counters(),
        unserved: pool.state.unserved(),
        refusals: pool.state.refusals(),
        retries: pool.state.budget.retries(),
        reused: pool.state.reuses(),
        breaker: pool.state.breaker.status(&pool.plan.breaker),
        degraded: pool.state.degradation.why(),
        is_panicking: pool.state.is_panicking.load(Ordering::Relaxed),
        histogram,
        instances,
    }
}

fn observe_member(pool: &Pool, member: &Member) -> InstanceStats {
    let state = &member.state;
    InstanceStats {
        id: state.id.clone(),
        address: state.address,
        weight: member.weight,
        admin: member.admin,
        health: state.health(),
        health_since_ms: state.health_since_ms(),
        ejected_until_ms: state.ejected_until_ms(),
        breaker: state.breaker.status(&pool.plan.breaker),
        pinned: pool.affinity.as_ref().map(|_| state.pinned.load(Ordering::Relaxed)),
        in_flight: state.tally.in_flight(),
        counters: state.tally.counters(),
        histogram: Distribution::from(&state.latencies.histogram()),
        last_check: state.last_check(),
        load: state.load(),
    }
}
