use std::time::{Duration, Instant};

use async_trait::async_trait;
use control::ports::{Candidate, Fence, Holding, Lease, StoreError};

use super::store::MemoryStore;

#[derive(Debug)]
pub(super) struct Held {
    pub(super) fence: Fence,
    /// Who, and until when.
    holder: Option<(Candidate, Instant)>,
}

impl Default for Held {
    fn default() -> Self {
        Self {
            fence: Fence(0),
            holder: None,
        }
    }
}

#[async_trait]
impl Lease for MemoryStore {
    async fn take(&self, candidate: &Candidate, ttl: Duration) -> Result<Holding, StoreError> {
        let mut state = self.writing()?;
        let (lease, now) = (&mut state.lease, Instant::now());
        let until = match &lease.holder {
            Some((holder, until)) if holder.id != candidate.id && *until > now => *until,
            before => {
                let is_ours = before.as_ref().is_some_and(|(holder, _)| holder.id == candidate.id);
                lease.fence.0 += u64::from(!is_ours);
                lease.holder = Some((candidate.clone(), now + ttl));
                now + ttl
            }
        };
        let (holder, _) = lease.holder.clone().unwrap();
        Ok(Holding {
            holder,
            fence: lease.fence,
            left: until.saturating_duration_since(now),
        })
    }

    async fn give_up(&self, candidate: &Candidate) -> Result<(), StoreError> {
        let mut state = self.writing()?;
        if let Some((holder, until)) = &mut state.lease.holder
            && holder.id == candidate.id
        {
            *until = Instant::now();
        }
        Ok(())
    }
}
