//! What is intended for each pool.

use async_trait::async_trait;
use control::ports::{Policies, PutError, PutPolicy, StoreError};
use model::{NewEvent, PoolId, PoolIntent, PoolPolicy};

use crate::{
    Store,
    db::Tx,
    events, journal,
    row::Row,
    value::{values, version},
};

#[async_trait]
impl Policies for Store {
    async fn list(&self) -> Result<Vec<PoolIntent>, StoreError> {
        let sql = "SELECT pool, version, policy, changed_at_ms, changed_by FROM pool_policies ORDER BY pool";
        self.db.fetch(sql, values![]).await?.iter().map(intent).collect()
    }

    async fn ensure(&self, pool: &PoolId, policy: &PoolPolicy, now_ms: i64) -> Result<PoolIntent, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute(
            "INSERT INTO pool_policies (pool, version, policy, changed_at_ms, changed_by, announced_version)
             VALUES ($1, 1, $2, $3, NULL, 0) ON CONFLICT (pool) DO NOTHING",
            values![pool.as_str(), json(policy).as_str(), now_ms],
        )
        .await?;
        let in_force = in_force(&mut tx, pool).await?;
        tx.commit().await?;
        in_force.ok_or_else(|| StoreError::Corrupt(format!("pool_policies {pool}: gone as soon as it was written")))
    }

    async fn put(&self, put: &PutPolicy) -> Result<PoolIntent, PutError> {
        let mut tx = self.db.begin().await?;
        let changed = tx
            .execute(
                "UPDATE pool_policies SET version = version + 1, policy = $3, changed_at_ms = $4, changed_by = $5
                 WHERE pool = $1 AND version = $2",
                values![
                    put.pool.as_str(),
                    version(put.expected_version),
                    json(&put.policy).as_str(),
                    put.audit.at_ms,
                    put.audit.who.as_str()
                ],
            )
            .await?;
        let in_force = in_force(&mut tx, &put.pool).await?.ok_or(PutError::Missing)?;
        if changed == 0 {
            return Err(PutError::Stale(Box::new(in_force)));
        }
        journal::write_audit(&mut tx, &put.audit).await?;
        tx.commit().await?;
        Ok(in_force)
    }

    async fn announced(&self, pool: &PoolId) -> Result<u64, StoreError> {
        let sql = "SELECT pool, announced_version FROM pool_policies WHERE pool = $1";
        match self.db.fetch(sql, values![pool.as_str()]).await?.first() {
            Some(row) => row.read("pool_policies", "pool", |row| {
                Ok(u64::try_from(row.get::<i64>("announced_version")?)?)
            }),
            None => Ok(0),
        }
    }

    async fn announce(&self, pool: &PoolId, told: u64, event: &NewEvent) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let first = tx
            .execute(
                "UPDATE pool_policies SET announced_version = $2 WHERE pool = $1 AND announced_version < $2",
                values![pool.as_str(), version(told)],
            )
            .await?
            > 0;
        if first {
            events::write(&mut tx, event).await?;
            tx.commit().await?;
        }
        Ok(first)
    }
}

async fn in_force(tx: &mut Tx, pool: &PoolId) -> Result<Option<PoolIntent>, StoreError> {
    let sql = "SELECT pool, version, policy, changed_at_ms, changed_by FROM pool_policies WHERE pool = $1";
    tx.fetch_optional(sql, values![pool.as_str()])
        .await?
        .as_ref()
        .map(intent)
        .transpose()
}

fn intent(row: &Row) -> Result<PoolIntent, StoreError> {
    row.read("pool_policies", "pool", |row| {
        Ok(PoolIntent {
            pool: row.get::<String>("pool")?.parse()?,
            version: u64::try_from(row.get::<i64>("version")?)?,
            policy: serde_json::from_str(&row.get::<String>("policy")?)?,
            changed_at_ms: row.get("changed_at_ms")?,
            changed_by: row.get("changed_by")?,
        })
    })
}

fn json(policy: &PoolPolicy) -> String {
    serde_json::to_string(policy).expect("a policy is plain data with text keys")
}
