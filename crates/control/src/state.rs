//! What the loops write and everybody reads. Each part has one writer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use model::{Environment, Event, FieldDiff, GatewayId, InstanceId, NewEvent, PoolId, PoolIntent, PoolSnapshot, Retention, Snapshot};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{Notify, Semaphore, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    access::{Accounts, Registrars},
    cleaning::Cleaning,
    cluster::Board,
    decide::{
        fleet::Fleet,
        lead::Standing,
        members::{Member, merge},
        roster::Roster,
    },
    history::Ring,
    live::FrameCache,
    loops::Statuses,
    ports::{Candidate, Fence},
    replica::Heard,
    scaling::Book,
    setup::{PoolSetup, Ports, RegistrySetup, WorkloadSetup},
};

/// A stored change that no event has told of yet.
#[derive(Debug, Clone)]
pub(crate) struct Unannounced {
    pub(crate) pool: PoolId,
    pub(crate) version: u64,
    pub(crate) by: String,
    pub(crate) diff: Vec<FieldDiff>,
}

/// Changes waiting for their event. More than a person can make before the next round of the reconcile loop.
pub(crate) const UNANNOUNCED_MAX: usize = 1_000;

/// Registrations under way at once; more are told to come back. Enough for a rack that starts, few enough that none waits long.
pub(crate) const ARRIVING_MAX: usize = 64;

pub(crate) const REPLAYS_MAX: usize = 2;
/// The same for YAML that people paste, which takes milliseconds.
pub(crate) const EXAMINATIONS_MAX: usize = 2;

pub(crate) struct State {
    pub(crate) environment: Environment,
    pub(crate) pools: Vec<PoolSetup>,
    pub(crate) workloads: Vec<WorkloadSetup>,
    /// Of the settings' instances.
    pub(crate) zones: HashMap<(PoolId, InstanceId), String>,
    pub(crate) registry: Option<RegistrySetup>,
    pub(crate) accepts_gateways: bool,
    pub(crate) retention: Retention,
    pub(crate) cleaning: Cleaning,
    pub(crate) registrars: Registrars,
    /// Who has registered. Written by registrations and the registry loop, always behind `registering`, and by heartbeats.
    pub(crate) roster: RwLock<Roster>,
    /// Who is run by workloads. Written by the collect loop.
    pub(crate) fleet: RwLock<Fleet>,
    /// Those of the fleet that get nothing new, because they are to go. Written by the retire loop.
    pub(crate) draining: RwLock<BTreeMap<PoolId, BTreeSet<InstanceId>>>,
    /// Registrations under way: looking up a name, or waiting for the database.
    pub(crate) arriving: Semaphore,
    /// One registration at a time, so that store and memory agree.
    pub(crate) registering: tokio::sync::Mutex<()>,
    pub(crate) ports: Ports,
    pub(crate) accounts: Accounts,
    /// This console, as the others see it.
    pub(crate) candidate: Candidate,
    /// What the gateway of this console is called while another one leads.
    pub(crate) own_gateway: Option<GatewayId>,
    /// Written by the lead loop.
    pub(crate) standing: watch::Sender<Standing>,
    /// What the leader sees, while another one leads.
    pub(crate) heard: Mutex<Heard>,
    /// Names this run of the console in frame ids.
    pub(crate) boot: u64,
    /// Written by the collect loop.
    pub(crate) snapshot: watch::Sender<Arc<Snapshot>>,
    /// Written by the collect loop.
    pub(crate) ring: RwLock<Ring>,
    /// The newest events, newest first. Written by the record loop.
    pub(crate) events: watch::Sender<Arc<[Event]>>,
    /// What is intended. Written by commands, and by the reconcile loop when another console changed it.
    pub(crate) intents: RwLock<BTreeMap<PoolId, PoolIntent>>,
    /// Written by the reconcile loop.
    pub(crate) refused: RwLock<BTreeMap<PoolId, String>>,
    /// What is scaled. Written by the autoscale loop and by commands.
    pub(crate) scaling: RwLock<Book>,
    /// What was made of the clusters. Written by the inspect loop.
    pub(crate) board: RwLock<Arc<Board>>,
    /// How fast the loops go round.
    pub(crate) interval: std::time::Duration,
    /// What-ifs under way at once: each takes a core for a while.
    pub(crate) replays: Arc<Semaphore>,
    /// Examinations of YAML under way at once.
    pub(crate) examinations: Arc<Semaphore>,
    pub(crate) to_record: mpsc::Sender<Vec<NewEvent>>,
    pub(crate) unannounced: Mutex<VecDeque<Unannounced>>,
    /// The database's last error; `None` while it answers. Written by the record loop.
    pub(crate) database: RwLock<DatabaseState>,
    pub(crate) frames: FrameCache,
    pub(crate) statuses: Statuses,
    /// Ends loops and streams.
    pub(crate) stop: CancellationToken,
    pub(crate) collect_now: Notify,
    pub(crate) reconcile_now: Notify,
    pub(crate) retire_now: Notify,
    pub(crate) forget_now: Notify,
    pub(crate) scale_now: Notify,
    pub(crate) inspect_now: Notify,
    /// Objects of clusters that a command is under way for.
    pub(crate) acting: crate::cluster::Acting,
    /// One command at a time, so that version checks and memory agree.
    pub(crate) commands: tokio::sync::Mutex<()>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct DatabaseState {
    pub(crate) failing: Option<(i64, String)>,
    pub(crate) answered_at_ms: Option<i64>,
    pub(crate) took_us: u32,
}

impl State {
    pub(crate) fn pool(&self, id: &PoolId) -> Option<&PoolSetup> {
        self.pools.iter().find(|p| &p.id == id)
    }

    /// Everybody who belongs to the pool; `None` when there is no such pool.
    pub(crate) fn members(&self, id: &PoolId) -> Option<Vec<Member>> {
        let setup = self.pool(id)?;
        let (fleet, roster) = (self.fleet.read(), self.roster.read());
        Some(merge(&setup.instances, fleet.members(id).chain(roster.members(id))))
    }

    /// What was last seen of a pool, without those that have left since; `None` until it is seen.
    pub(crate) fn seen(&self, id: &PoolId) -> Option<PoolSnapshot> {
        let members: HashSet<_> = self.members(id)?.into_iter().map(|member| member.setup.id).collect();
        let snapshot = self.snapshot.borrow().clone();
        let mut seen = snapshot.pools.iter().find(|pool| &pool.id == id)?.clone();
        seen.instances.retain(|instance| members.contains(&instance.id));
        Some(seen)
    }

    /// What may be acted by at this very moment. Asked right before each act: the process may have stood still since the last time.
    pub(crate) fn fence(&self) -> Option<Fence> {
        self.standing.borrow().leads(self.ports.clock.awake_or_not())
    }

    /// How long it may still act.
    pub(crate) fn leads_for(&self) -> std::time::Duration {
        self.standing.borrow().leads_for(self.ports.clock.awake_or_not())
    }

    /// Whether there may be other consoles on the database.
    pub(crate) fn is_shared(&self) -> bool {
        self.ports.lease.is_shared()
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.ports.clock.now_ms()
    }

    /// Builds something from a consistent look at what is known now.
    /// Between two evaluations of the policies.
    pub(crate) fn scaled_every_s(&self) -> u32 {
        u32::try_from((self.interval * crate::loops::SCALE_EVERY).as_secs()).unwrap_or(u32::MAX)
    }

    pub(crate) fn with_facts<T>(&self, snapshot: &Snapshot, build: impl FnOnce(crate::views::Facts<'_>) -> T) -> T {
        let events = self.events.borrow().clone();
        let intents = self.intents.read();
        let refused = self.refused.read();
        let book = self.scaling.read();
        let board = self.board.read().clone();
        let capabilities: Vec<_> = self.ports.workloads.iter().map(|w| (w.source(), w.capabilities())).collect();
        build(crate::views::Facts {
            snapshot,
            events: &events,
            intents: &intents,
            refused: &refused,
            book: &book,
            board: &board,
            capabilities: &capabilities,
            scaled_every_s: self.scaled_every_s(),
            accepts_gateways: self.accepts_gateways,
            register_at: self.registry.as_ref().map(|registry| registry.url.as_str()),
        })
    }
}
