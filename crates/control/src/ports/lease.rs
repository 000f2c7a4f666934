use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;

use super::StoreError;

/// Rises with every change of the holder: what bears an older one comes too late. Never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fence(pub u64);

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One that may hold the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Of this run of the process alone: one that was started again is another.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where the others reach it, `http://10.0.0.5:3000`.
    pub address: Option<String>,
}

/// Who holds the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    pub holder: Candidate,
    pub fence: Fence,
    /// Until it runs out, by the clock of whoever keeps it.
    pub left: Duration,
}

/// The right to act for all consoles on one database. Times are those of whoever keeps it: clocks of holders are never compared.
#[async_trait]
pub trait Lease: Send + Sync + 'static {
    /// Takes the lease for `ttl` when nobody has it or it has run out, makes it last `ttl` from now when the candidate has it, and answers
    /// who has it then. What the former holder has under way in [fenced](FenceCell) transactions is waited for.
    async fn take(&self, candidate: &Candidate, ttl: Duration) -> Result<Holding, StoreError>;

    /// Ends it at once, if the candidate has it.
    async fn give_up(&self, candidate: &Candidate) -> Result<(), StoreError>;

    /// Whether there may be others: for one alone the lease says nothing about the database.
    fn is_shared(&self) -> bool {
        true
    }
}

/// The fence this process acts by, if any. A store that was given one proves it in every transaction: another holder refuses the write with
/// [`StoreError::Deposed`].
#[derive(Debug, Clone, Default)]
pub struct FenceCell(Arc<AtomicU64>);

impl FenceCell {
    pub fn get(&self) -> Option<Fence> {
        Some(Fence(self.0.load(Ordering::SeqCst))).filter(|fence| fence.0 > 0)
    }

    pub fn set(&self, fence: Option<Fence>) {
        self.0.store(fence.map_or(0, |fence| fence.0), Ordering::SeqCst);
    }
}

/// For a console that something else keeps alone on its database (the lock of the data directory, the claim): it always leads.
#[derive(Debug, Clone, Copy, Default)]
pub struct Alone;

#[async_trait]
impl Lease for Alone {
    async fn take(&self, candidate: &Candidate, _ttl: Duration) -> Result<Holding, StoreError> {
        Ok(Holding {
            holder: candidate.clone(),
            fence: Fence(1),
            left: Duration::MAX,
        })
    }

    async fn give_up(&self, _candidate: &Candidate) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_shared(&self) -> bool {
        false
    }
}
