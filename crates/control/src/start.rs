//! Starting and stopping the brain.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::join_all;
use model::{
    Actor, EventFilter, EventKind, EventsView, NewEvent, PoolPlan, Severity, Snapshot, SourceId, Totals,
    scaling::{LedgerFilter, ScalingEventFilter, WorkloadView},
};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    Control,
    access::{Accounts, Registrars},
    cleaning::Cleaning,
    decide::{fleet::Fleet, lead::Standing, members::merge, plan::pool_plan, readmit::readmit, roster::Roster, scaling::recall},
    history::Ring,
    live::FrameCache,
    loops,
    ports::{Candidate, PAGE_MAX, Policies, Registry, Resolver, StoreError, Workloads},
    registration::left,
    scaling::{Book, Governed},
    setup::{Ports, Setup, WorkloadSetup},
    state::{ARRIVING_MAX, DatabaseState, EXAMINATIONS_MAX, REPLAYS_MAX, State},
};

/// No window and no period of a policy reaches further back.
const MEMORY_MS: i64 = 3_600_000;

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("pool {pool} names the balancer {balancer}, which does not exist")]
    UnknownBalancer { pool: model::PoolId, balancer: SourceId },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whoever takes longer to tell what it runs is heard by the collect loop.
const OBSERVE_WITHIN: Duration = Duration::from_secs(1);

/// The plans that the stored policies, the registrations and the fleet ask for: what a balancer is started with, so that it never serves by the
/// defaults, or without somebody, first.
///
/// # Errors
/// [`StoreError`] when the policies and registrations cannot be read or first written.
pub async fn initial_plans(
    policies: &dyn Policies,
    registry: &dyn Registry,
    resolver: &dyn Resolver,
    workloads: &[Arc<dyn Workloads>],
    setup: &Setup,
    now_ms: i64,
) -> Result<Vec<PoolPlan>, StoreError> {
    let (registered, _) = readmit(registry.list().await?, &setup.pools, setup.registry.as_ref(), |ip| {
        resolver.is_local(ip)
    });
    let roster = Roster::restored(registered, Instant::now(), now_ms);
    let said = join_all(workloads.iter().map(|w| tokio::time::timeout(OBSERVE_WITHIN, w.observe()))).await;
    let fleet = Fleet::new(said.into_iter().map(|said| said.ok()?.ok()));
    let mut plans = Vec::with_capacity(setup.pools.len());
    for pool in &setup.pools {
        let intent = policies.ensure(&pool.id, &pool.defaults, now_ms).await?;
        let others = fleet.members(&pool.id).chain(roster.members(&pool.id));
        plans.push(pool_plan(pool, &merge(&pool.instances, others), &intent, &BTreeSet::new()));
    }
    Ok(plans)
}

/// The loops of a started [`Control`].
pub struct Running {
    tasks: TaskTracker,
    state: Arc<State>,
}

impl Running {
    /// Ends the loops after their current round, and every live stream. Tells the journal.
    pub async fn stop(self) {
        self.state.stop.cancel();
        self.tasks.wait().await;
        let stopped = console_event(self.state.now_ms(), EventKind::ConsoleStopped, "The console has stopped");
        if let Err(error) = self.state.ports.journal.append(vec![stopped]).await {
            tracing::warn!(%error, "the stop could not be written to the journal");
        }
        // The others need not wait until it runs out.
        if let Err(error) = self.state.ports.lease.give_up(&self.state.candidate).await {
            tracing::warn!(%error, "the lease could not be given up; it runs out by itself");
        }
    }
}

fn console_event(at_ms: i64, kind: EventKind, summary: &str) -> NewEvent {
    NewEvent {
        at_ms,
        kind,
        severity: Severity::Info,
        pool: None,
        instance: None,
        summary: summary.to_owned(),
        cause: String::new(),
        actor: Actor::system("console"),
    }
}

/// Who had registered before the console stopped, without those that the settings do not allow any more: these are told goodbye.
async fn restore(ports: &Ports, setup: &Setup, now_ms: i64) -> Result<Roster, StoreError> {
    let stored = ports.registry.list().await?;
    let (stand, fall) = readmit(stored, &setup.pools, setup.registry.as_ref(), |ip| ports.resolver.is_local(ip));
    for (registration, why) in fall {
        let (pool, id) = (&registration.pool, &registration.id);
        let event = left(now_ms, EventKind::InstanceDeregistered, pool, id, why, Actor::system("registry"));
        ports.registry.deregister(pool, id, None, &event).await?;
    }
    Ok(Roster::restored(stand, Instant::now(), now_ms))
}

/// What is intended for each workload, and what its policy remembers of itself from before the console stopped.
pub(crate) async fn restore_scaling(ports: &Ports, workloads: &[WorkloadSetup], now_ms: i64) -> Result<Book, StoreError> {
    let mut book = Book::default();
    for workload in workloads {
        let intent = ports.scaling.ensure(&workload.id, &workload.defaults, now_ms).await?;
        let mut governed = Governed::new(intent, now_ms);
        let changes = ScalingEventFilter {
            workload: Some(workload.id.clone()),
            ..ScalingEventFilter::default()
        };
        let events = ports
            .ledger
            .changes(&changes, u32::try_from(WorkloadView::EVENTS_MAX).unwrap_or(u32::MAX))
            .await?;
        governed.events = events.items.into();
        // What a console was about to do when it ended: done or not, it counts until it is seen what became of it.
        if let Some(begun) = ports.ledger.begun(&workload.id).await?
            && governed.events.front().is_none_or(|last| last.at_ms < begun.at_ms)
        {
            governed.note(begun);
        }
        let spans = LedgerFilter {
            workload: workload.id.clone(),
            from_ms: Some(now_ms.saturating_sub(MEMORY_MS)),
            to_ms: None,
            changes_only: false,
            before_id: None,
        };
        let spans = ports.ledger.decisions(&spans, PAGE_MAX).await?.items;
        governed.history = recall(&spans, governed.events.make_contiguous());
        book.0.insert(workload.id.clone(), governed);
    }
    Ok(book)
}

impl Control {
    /// Loads what is intended, takes the first snapshot and starts the loops.
    ///
    /// # Errors
    /// [`StartError`] when the settings contradict themselves or the store does not answer.
    pub async fn start(ports: Ports, setup: Setup) -> Result<(Self, Running), StartError> {
        for pool in &setup.pools {
            if !ports.balancers.iter().any(|b| b.source() == pool.balancer) {
                return Err(StartError::UnknownBalancer {
                    pool: pool.id.clone(),
                    balancer: pool.balancer.clone(),
                });
            }
        }
        let now_ms = ports.clock.now_ms();
        let mut intents = BTreeMap::new();
        for pool in &setup.pools {
            intents.insert(pool.id.clone(), ports.policies.ensure(&pool.id, &pool.defaults, now_ms).await?);
        }
        let roster = restore(&ports, &setup, now_ms).await?;
        ports
            .journal
            .append(vec![console_event(now_ms, EventKind::ConsoleStarted, "The console has started")])
            .await?;
        let events = ports
            .journal
            .read(&EventFilter::default(), u32::try_from(EventsView::MAX).unwrap_or(u32::MAX))
            .await?;
        let newest_ms = ports.samples.newest_ms().await?;
        let scaling = restore_scaling(&ports, &setup.workloads, now_ms).await?;
        let (to_record, batches) = loops::batches();
        let interval_ms = i64::try_from(setup.interval.as_millis()).unwrap_or(i64::MAX);
        let zones: HashMap<_, _> = setup
            .pools
            .iter()
            .flat_map(|p| {
                p.instances
                    .iter()
                    .filter_map(|i| Some(((p.id.clone(), i.id.clone()), i.zone.clone()?)))
            })
            .collect();
        let empty = Snapshot {
            seq: 0,
            at_ms: now_ms,
            totals: Totals::default(),
            sources: Vec::new(),
            pools: Vec::new(),
            gateways: Vec::new(),
            workloads: Vec::new(),
        };
        let candidate = Candidate {
            id: format!("{:032x}", rand::random::<u128>()),
            name: setup.replica.name,
            address: setup.replica.address,
        };
        let state = Arc::new(State {
            candidate,
            own_gateway: setup.replica.gateway,
            standing: watch::Sender::new(Standing::Unknown {
                why: "the console starts".to_owned(),
            }),
            heard: Mutex::default(),
            environment: setup.environment,
            zones,
            registry: setup.registry,
            accepts_gateways: setup.accepts_gateways,
            retention: setup.retention,
            cleaning: Cleaning::new(now_ms, newest_ms),
            registrars: Registrars::default(),
            roster: RwLock::new(roster),
            fleet: RwLock::new(Fleet::new(ports.workloads.iter().map(|_| None))),
            draining: RwLock::default(),
            arriving: Semaphore::new(ARRIVING_MAX),
            registering: tokio::sync::Mutex::new(()),
            accounts: Accounts::new(ports.identity.clone(), ports.clock.clone()),
            boot: now_ms.unsigned_abs(),
            snapshot: watch::Sender::new(Arc::new(empty)),
            ring: RwLock::new(Ring::new(interval_ms)),
            events: watch::Sender::new(events.items.into()),
            intents: RwLock::new(intents),
            refused: RwLock::new(BTreeMap::new()),
            scaling: RwLock::new(scaling),
            board: RwLock::default(),
            interval: setup.interval,
            replays: Arc::new(Semaphore::new(REPLAYS_MAX)),
            examinations: Arc::new(Semaphore::new(EXAMINATIONS_MAX)),
            to_record,
            unannounced: Mutex::new(VecDeque::new()),
            database: RwLock::new(DatabaseState {
                answered_at_ms: Some(now_ms),
                ..DatabaseState::default()
            }),
            frames: FrameCache::default(),
            statuses: loops::Statuses::default(),
            stop: CancellationToken::new(),
            collect_now: Notify::new(),
            reconcile_now: Notify::new(),
            retire_now: Notify::new(),
            forget_now: Notify::new(),
            scale_now: Notify::new(),
            inspect_now: Notify::new(),
            acting: crate::cluster::Acting::default(),
            commands: tokio::sync::Mutex::new(()),
            pools: setup.pools,
            workloads: setup.workloads,
            ports,
        });
        let tasks = TaskTracker::new();
        loops::start(&state, setup.interval, batches, &tasks).await;
        tasks.close();
        Ok((Self { state: state.clone() }, Running { tasks, state }))
    }
}
