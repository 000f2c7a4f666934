use async_trait::async_trait;
use model::{InstanceId, NewEvent, PoolId, Registration};

use super::{AuditEntry, StoreError};

/// The instances that have announced themselves, kept over a restart.
#[async_trait]
pub trait Registry: Send + Sync + 'static {
    /// By pool and name.
    async fn list(&self) -> Result<Vec<Registration>, StoreError>;

    /// Keeps it, in place of what was known under that pool and name, with the audit row and the event that tell of it: all or nothing.
    async fn register(&self, registration: &Registration, audit: &AuditEntry, event: &NewEvent) -> Result<(), StoreError>;

    /// Forgets it, with the event that tells why and, where somebody did it, the audit row: all or nothing. `false`, and nothing written,
    /// when it is unknown.
    async fn deregister(&self, pool: &PoolId, id: &InstanceId, audit: Option<&AuditEntry>, event: &NewEvent) -> Result<bool, StoreError>;
}
