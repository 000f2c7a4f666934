use std::collections::BTreeMap;

use async_trait::async_trait;
use control::ports::{AuditEntry, Registry, StoreError};
use model::{InstanceId, NewEvent, PoolId, Registration};

use super::store::{MemoryStore, storable};

/// By pool and name.
pub(super) type Instances = BTreeMap<(PoolId, InstanceId), Registration>;

#[async_trait]
impl Registry for MemoryStore {
    async fn list(&self) -> Result<Vec<Registration>, StoreError> {
        Ok(self.reading()?.instances.values().cloned().collect())
    }

    async fn register(&self, registration: &Registration, audit: &AuditEntry, event: &NewEvent) -> Result<(), StoreError> {
        let mut state = self.writing()?;
        let kept = Registration {
            zone: registration.zone.as_deref().map(storable),
            ..registration.clone()
        };
        state.instances.insert((kept.pool.clone(), kept.id.clone()), kept);
        state.write_audit(audit);
        state.write_event(event);
        Ok(())
    }

    async fn deregister(&self, pool: &PoolId, id: &InstanceId, audit: Option<&AuditEntry>, event: &NewEvent) -> Result<bool, StoreError> {
        let mut state = self.writing()?;
        if state.instances.remove(&(pool.clone(), id.clone())).is_none() {
            return Ok(false);
        }
        if let Some(audit) = audit {
            state.write_audit(audit);
        }
        state.write_event(event);
        Ok(true)
    }
}
