//! Instances that have announced themselves.

use async_trait::async_trait;
use control::ports::{AuditEntry, Registry, StoreError};
use model::{CheckTarget, InstanceId, NewEvent, PathPrefix, PoolId, Registration, Weight};

use crate::{
    Store, events, journal,
    row::{Row, Unreadable},
    value::values,
};

#[async_trait]
impl Registry for Store {
    async fn list(&self) -> Result<Vec<Registration>, StoreError> {
        let sql = "SELECT pool, id, address, check_address, check_path, weight, zone, capabilities, tags, metadata, registered_at_ms
                   FROM instances ORDER BY pool, id";
        let rows = self.db.fetch(sql, values![]).await?;
        rows.iter().map(|row| row.read("instances", "id", registration)).collect()
    }

    async fn register(&self, registration: &Registration, audit: &AuditEntry, event: &NewEvent) -> Result<(), StoreError> {
        let check = registration.check.as_ref();
        let check_address = check.map(|c| c.address.to_string());
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO instances (pool, id, address, check_address, check_path, weight, zone, capabilities, tags, metadata,
             registered_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             ON CONFLICT (pool, id) DO UPDATE SET address = excluded.address, check_address = excluded.check_address,
             check_path = excluded.check_path, weight = excluded.weight, zone = excluded.zone, capabilities = excluded.capabilities,
             tags = excluded.tags, metadata = excluded.metadata, registered_at_ms = excluded.registered_at_ms",
            values![
                registration.pool.as_str(),
                registration.id.as_str(),
                registration.address.to_string().as_str(),
                check_address.as_deref(),
                check.map(|c| c.path.as_str()),
                i64::from(registration.weight.get()),
                registration.zone.as_deref(),
                json(&registration.capabilities).as_str(),
                json(&registration.tags).as_str(),
                json(&registration.metadata).as_str(),
                registration.registered_at_ms,
            ],
        )
        .await?;
        journal::write_audit(&mut tx, audit).await?;
        events::write(&mut tx, event).await?;
        tx.commit().await
    }

    async fn deregister(&self, pool: &PoolId, id: &InstanceId, audit: Option<&AuditEntry>, event: &NewEvent) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = "DELETE FROM instances WHERE pool = $1 AND id = $2";
        if tx.execute(sql, values![pool.as_str(), id.as_str()]).await? == 0 {
            return Ok(false);
        }
        if let Some(audit) = audit {
            journal::write_audit(&mut tx, audit).await?;
        }
        events::write(&mut tx, event).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn registration(row: &Row) -> Result<Registration, Unreadable> {
    let check_address: Option<String> = row.get("check_address")?;
    let check_path: Option<String> = row.get("check_path")?;
    let check = match (check_address, check_path) {
        (Some(address), Some(path)) => Some(CheckTarget {
            address: address.parse()?,
            path: PathPrefix::new(path)?,
        }),
        _ => None,
    };
    Ok(Registration {
        pool: row.get::<String>("pool")?.parse()?,
        id: row.get::<String>("id")?.parse()?,
        address: row.get::<String>("address")?.parse()?,
        check,
        weight: Weight::new(u16::try_from(row.get::<i64>("weight")?)?)?,
        zone: row.get("zone")?,
        capabilities: serde_json::from_str(&row.get::<String>("capabilities")?)?,
        tags: serde_json::from_str(&row.get::<String>("tags")?)?,
        metadata: serde_json::from_str(&row.get::<String>("metadata")?)?,
        registered_at_ms: row.get("registered_at_ms")?,
    })
}

fn json(words: &impl serde::Serialize) -> String {
    serde_json::to_string(words).expect("lists and maps of text are plain data")
}
