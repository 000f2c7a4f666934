//! The processes that there are and shall be. What is decided here is done on the supervisor's thread.

use std::{
    collections::{BTreeSet, HashSet},
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Weak},
    time::Duration,
};

use control::ports::ScaleError;
use model::{InstanceId, InvalidName, ProcessObservation};
use parking_lot::Mutex;
use tokio::{
    sync::{mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    choice::{self, Standing},
    config::INSTANCES_MAX,
    ports,
    process::{Spec, Status},
};

/// Processes at once, those that drain or stop among them: a number that goes up and down faster than processes stop must not fill the
/// machine.
const PROCESSES_MAX: usize = 2 * INSTANCES_MAX as usize;

/// Jobs on their way to the thread: every process once, and a few companions.
pub(super) const JOBS_MAX: usize = PROCESSES_MAX + 8;

/// Something to be run until `stop`.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) spec: Spec,
    pub(super) status: Status,
    pub(super) stop: CancellationToken,
    /// Held while it runs; absent for companions.
    pub(super) place: Option<Place>,
}

/// A process's place in the fleet, given up when dropped.
#[derive(Debug)]
pub(super) struct Place {
    fleet: Weak<Fleet>,
    order: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(fleet) = self.fleet.upgrade() {
            fleet.inner.lock().slots.retain(|slot| slot.order != self.order);
            fleet.tell();
        }
    }
}

#[derive(Debug)]
struct Slot {
    /// Counts the processes of this fleet.
    order: u64,
    number: u32,
    name: InstanceId,
    address: SocketAddr,
    status: Status,
    stop: CancellationToken,
}

impl Slot {
    /// One of those that are wanted.
    fn stays(&self) -> bool {
        !self.stop.is_cancelled() && !self.status.is_draining()
    }
}

/// How an instance is called and run.
#[derive(Debug)]
pub(super) struct Recipe {
    pub(super) prefix: String,
    /// The program and what it is called with, from a name and an address.
    pub(super) spec: fn(&std::path::Path, &InstanceId, SocketAddr) -> Spec,
    pub(super) program: std::path::PathBuf,
}

#[derive(Debug)]
pub(super) struct Fleet {
    recipe: Recipe,
    jobs: mpsc::Sender<Job>,
    stop: CancellationToken,
    drain_within: Duration,
    changes: Arc<watch::Sender<u64>>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    desired: u32,
    slots: Vec<Slot>,
    next_order: u64,
    /// When somebody last asked how it stands.
    heard: Instant,
}

/// Why no more processes were added.
#[derive(Debug, thiserror::Error)]
pub(super) enum AddError {
    #[error("no free port on 127.0.0.1: {0}")]
    Port(#[from] io::Error),
    #[error("the instance prefix cannot be used: {0}")]
    Name(#[from] InvalidName),
    #[error("{PROCESSES_MAX} processes run already, those that still stop among them")]
    Full,
    #[error("the supervisor has stopped")]
    Stopped,
}

impl Fleet {
    pub(super) fn new(recipe: Recipe, jobs: mpsc::Sender<Job>, stop: CancellationToken, drain_within: Duration) -> Arc<Self> {
        Arc::new(Self {
            recipe,
            jobs,
            stop,
            drain_within,
            changes: Arc::default(),
            inner: Mutex::new(Inner {
                desired: 0,
                slots: Vec::new(),
                next_order: 0,
                heard: Instant::now(),
            }),
        })
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn tell(&self) {
        self.changes.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// The number that is wanted, and every process.
    pub(super) fn observe(&self) -> (u32, Vec<ProcessObservation>) {
        let mut inner = self.inner.lock();
        inner.heard = Instant::now();
        let seen = inner.slots.iter().map(|slot| slot.status.observe(slot.stop.is_cancelled()));
        (inner.desired, seen.collect())
    }

    /// Names and addresses of those that are wanted.
    pub(super) fn instances(&self) -> Vec<(InstanceId, SocketAddr)> {
        let inner = self.inner.lock();
        let stay = inner.slots.iter().filter(|slot| slot.stays());
        stay.map(|slot| (slot.name.clone(), slot.address)).collect()
    }

    /// Takes back those that drain, adds what is still missing, or chooses who goes.
    pub(super) fn scale(self: &Arc<Self>, replicas: u32) -> Result<(), AddError> {
        let wanted = replicas as usize;
        let outcome = {
            let mut inner = self.inner.lock();
            inner.heard = Instant::now();
            self.set(&mut inner, wanted).map(|()| inner.desired = replicas)
        };
        self.tell();
        outcome
    }

    fn set(self: &Arc<Self>, inner: &mut Inner, wanted: usize) -> Result<(), AddError> {
        let staying = |inner: &Inner| inner.slots.iter().filter(|slot| slot.stays()).count();
        let drain = |slot: &&Slot| !slot.stop.is_cancelled() && slot.status.is_draining();
        let draining = inner.slots.iter().filter(drain).count();
        // First what may fail, so that nothing has changed then.
        self.add(inner, wanted.saturating_sub(staying(inner) + draining))?;
        let mut missing = wanted.saturating_sub(staying(inner));
        for slot in inner.slots.iter().filter(drain) {
            if missing > 0 && slot.status.take_back() {
                tracing::info!(process = %slot.name, "process is taken back");
                missing -= 1;
            }
        }
        // Some may have ended in this very moment.
        self.add(inner, missing)?;
        dismiss(&inner.slots, staying(inner).saturating_sub(wanted));
        Ok(())
    }

    fn add(self: &Arc<Self>, inner: &mut Inner, count: usize) -> Result<(), AddError> {
        if count == 0 {
            return Ok(());
        }
        if inner.slots.len() + count > PROCESSES_MAX {
            return Err(AddError::Full);
        }
        let taken: BTreeSet<u32> = inner.slots.iter().map(|slot| slot.number).collect();
        // One that is between two runs does not listen, and has its port all the same.
        let held: HashSet<u16> = inner.slots.iter().map(|slot| slot.address.port()).collect();
        let numbers = choice::numbers(&taken, count);
        let names = numbers
            .iter()
            .map(|number| InstanceId::new(format!("{}-{number}", self.recipe.prefix)));
        let names = names.collect::<Result<Vec<_>, _>>()?;
        let ports = ports::choose(count, &held)?;
        let places = self.jobs.try_reserve_many(count).map_err(|_| AddError::Stopped)?;
        for (((name, number), port), place) in names.into_iter().zip(numbers).zip(ports).zip(places) {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let order = inner.next_order;
            inner.next_order += 1;
            let status = Status::new(name.clone(), address, self.changes.clone());
            let stop = self.stop.child_token();
            let job = Job {
                spec: (self.recipe.spec)(&self.recipe.program, &name, address),
                status: status.clone(),
                stop: stop.clone(),
                place: Some(Place {
                    fleet: Arc::downgrade(self),
                    order,
                }),
            };
            place.send(job);
            inner.slots.push(Slot {
                order,
                number,
                name,
                address,
                status,
                stop,
            });
        }
        Ok(())
    }

    /// Stops one that drains; whoever does not is left alone.
    pub(super) fn retire(&self, instance: &InstanceId) {
        let mut inner = self.inner.lock();
        inner.heard = Instant::now();
        for slot in inner
            .slots
            .iter()
            .filter(|slot| &slot.name == instance && slot.status.is_draining())
        {
            slot.stop.cancel();
        }
    }

    /// Stops what drains while nobody looks after it any more.
    pub(super) fn stop_abandoned(&self) {
        let inner = self.inner.lock();
        for slot in inner.slots.iter().filter(|slot| !slot.stop.is_cancelled()) {
            let Some(since) = slot.status.draining_since() else { continue };
            if since.max(inner.heard).elapsed() >= self.drain_within {
                tracing::warn!(process = %slot.name, "nobody says that this process is drained; it is stopped");
                slot.stop.cancel();
            }
        }
    }
}

/// Lets `count` go. One that never was in the pool, or has no process now, has nothing to drain.
fn dismiss(slots: &[Slot], count: usize) {
    let staying: Vec<&Slot> = slots.iter().filter(|slot| slot.stays()).collect();
    let standing: Vec<Standing> = staying
        .iter()
        .map(|slot| Standing {
            serves: slot.status.serves(),
            order: slot.order,
        })
        .collect();
    for at in choice::victims(&standing, count) {
        let slot = staying[at];
        if slot.status.drain() {
            tracing::info!(process = %slot.name, "process drains");
        } else {
            slot.stop.cancel();
        }
    }
}

impl From<AddError> for ScaleError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Name(_) => Self::Refused { why: error.to_string() },
            AddError::Port(_) | AddError::Full | AddError::Stopped => Self::Unreachable { why: error.to_string() },
        }
    }
}

#[cfg(test)]
mod tests;
