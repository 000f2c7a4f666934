//! The lease of the leader: one row, and the database's clock.
//!
//! Renewing touches no key, so it waits for nobody who [proves the fence](crate::db); taking over locks the row for itself, so that every
//! write of the former holder has ended, or finds the fence changed.

use std::time::Duration;

use async_trait::async_trait;
use control::ports::{Candidate, Fence, Holding, Lease, StoreError};

use crate::{Store, db::Db, row::Row, value::values};

pub(crate) const LEADER: &str = "leader";

struct Held {
    holding: Holding,
    fence: i64,
    until_ms: i64,
    now_ms: i64,
}

#[async_trait]
impl Lease for Store {
    async fn take(&self, candidate: &Candidate, ttl: Duration) -> Result<Holding, StoreError> {
        let db = self.db.urgent();
        let found = held(&db).await?;
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let until_ms = found.now_ms.saturating_add(ttl_ms);
        let is_ours = found.holding.holder.id == candidate.id;
        if !is_ours && found.until_ms > found.now_ms {
            return Ok(found.holding);
        }
        let mut tx = db.begin().await?;
        if !is_ours {
            tx.lock_lease(LEADER).await?;
        }
        // Compare-and-swap: whoever renewed or took it meanwhile has it.
        let done = tx
            .execute(
                "UPDATE leases SET fence = fence + $4, holder = $5, label = $6, address = $7, until_ms = $8
                 WHERE name = $1 AND fence = $2 AND until_ms = $3",
                values![
                    LEADER,
                    found.fence,
                    found.until_ms,
                    i64::from(!is_ours),
                    candidate.id.as_str(),
                    candidate.name.as_str(),
                    candidate.address.as_deref(),
                    until_ms,
                ],
            )
            .await?;
        if done == 0 {
            drop(tx);
            return Ok(held(&db).await?.holding);
        }
        tx.commit().await?;
        Ok(Holding {
            holder: candidate.clone(),
            fence: Fence(found.holding.fence.0 + u64::from(!is_ours)),
            left: ttl,
        })
    }

    async fn give_up(&self, candidate: &Candidate) -> Result<(), StoreError> {
        let mut tx = self.db.urgent().begin().await?;
        tx.execute(
            "UPDATE leases SET until_ms = 0 WHERE name = $1 AND holder = $2",
            values![LEADER, candidate.id.as_str()],
        )
        .await?;
        tx.commit().await
    }
}

async fn held(db: &Db) -> Result<Held, StoreError> {
    let row = db.lease(LEADER).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt(format!("leases {LEADER}: the row is gone")))?;
    row.read("leases", "name", |row: &Row| {
        let (fence, until_ms, now_ms): (i64, i64, i64) = (row.get("fence")?, row.get("until_ms")?, row.get("now_ms")?);
        Ok(Held {
            holding: Holding {
                holder: Candidate {
                    id: row.get("holder")?,
                    name: row.get("label")?,
                    address: row.get("address")?,
                },
                fence: Fence(u64::try_from(fence)?),
                left: Duration::from_millis(u64::try_from(until_ms.saturating_sub(now_ms)).unwrap_or(0)),
            },
            fence,
            until_ms,
            now_ms,
        })
    })
}
