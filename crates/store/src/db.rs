//! The connections, and the only place where the two databases differ.
//!
//! SQLite writes through one connection (there can be only one writer; a queue of ours is fair, its busy loop is not) and reads through
//! others, which WAL lets read on while a write waits. PostgreSQL has one pool.

use std::{future::Future, time::Duration};

use control::ports::{FenceCell, StoreError};
use sqlx::{Error, PgPool, Postgres, SqlSafeStr, Sqlite, SqlitePool, Transaction};

use crate::{
    fault::store_error,
    lease::LEADER,
    row::Row,
    value::{Value, bound, values, version},
};

pub(crate) struct Db {
    pub(crate) pools: Pools,
    /// The last resort behind the databases' own time limits: a server that is frozen keeps none of them.
    pub(crate) patience: Duration,
    /// What every transaction proves first, where only the leader may write.
    pub(crate) fence: Option<FenceCell>,
    /// A connection that no page waits for: whoever leads must not lose the lease because the others are busy.
    pub(crate) urgent: Option<PgPool>,
}

#[derive(Clone)]
pub(crate) enum Pools {
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres(PgPool),
}

impl Db {
    /// Reads outside a transaction.
    pub(crate) async fn fetch(&self, sql: impl SqlSafeStr, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let sql = sql.into_sql_str();
        within(self.patience, async {
            Ok(match &self.pools {
                Pools::Sqlite { readers, .. } => sqlite_rows(bound(sql, values).fetch_all(readers).await?),
                Pools::Postgres(pool) => postgres_rows(bound(sql, values).fetch_all(pool).await?),
            })
        })
        .await
    }

    /// A transaction that writes. Dropped without [`Tx::commit`], it never was.
    pub(crate) async fn begin(&self) -> Result<Tx, StoreError> {
        let inner = within(self.patience, async {
            Ok(match &self.pools {
                // IMMEDIATE takes the write lock here, where waiting for it is bounded; a later upgrade would fail at once.
                Pools::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
                Pools::Postgres(pool) => Inner::Postgres(pool.begin().await?),
            })
        })
        .await?;
        let mut tx = Tx {
            inner,
            patience: self.patience,
        };
        if let Some(cell) = &self.fence {
            tx.prove(cell).await?;
        }
        Ok(tx)
    }

    /// The same database, where every transaction proves the fence.
    pub(crate) fn fenced(&self, cell: FenceCell) -> Self {
        Self {
            pools: self.pools.clone(),
            patience: self.patience,
            fence: Some(cell),
            urgent: self.urgent.clone(),
        }
    }

    /// The same database, past those that wait for a connection.
    pub(crate) fn urgent(&self) -> Self {
        Self {
            pools: self.urgent.clone().map_or_else(|| self.pools.clone(), Pools::Postgres),
            patience: self.patience,
            fence: None,
            urgent: None,
        }
    }

    /// A lease as it is, with the database's own time in `now_ms`.
    pub(crate) async fn lease(&self, name: &str) -> Result<Option<Row>, StoreError> {
        let values = values![name];
        let rows = match &self.pools {
            Pools::Sqlite { .. } => {
                let sql = "SELECT name, fence, holder, label, address, until_ms, CAST(unixepoch('subsec') * 1000 AS INTEGER) AS now_ms
                           FROM leases WHERE name = $1";
                self.fetch(sql, values).await?
            }
            Pools::Postgres(_) => {
                let sql = "SELECT name, fence, holder, label, address, until_ms,
                           CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS now_ms FROM leases WHERE name = $1";
                self.fetch(sql, values).await?
            }
        };
        Ok(rows.into_iter().next())
    }

    /// Bytes of the whole database.
    pub(crate) async fn size(&self) -> Result<i64, StoreError> {
        let rows = match &self.pools {
            Pools::Sqlite { .. } => {
                let sql = "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()";
                self.fetch(sql, &[]).await?
            }
            Pools::Postgres(_) => self.fetch("SELECT pg_database_size(current_database()) AS bytes", &[]).await?,
        };
        rows.first()
            .map_or(Ok(0), |row| row.read("the database", "bytes", |row| row.get("bytes")))
    }

    pub(crate) async fn close(&self) {
        match &self.pools {
            Pools::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Pools::Postgres(pool) => pool.close().await,
        }
        if let Some(urgent) = &self.urgent {
            urgent.close().await;
        }
    }
}

pub(crate) struct Tx {
    inner: Inner,
    patience: Duration,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Tx {
    /// How many rows it touched.
    pub(crate) async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, StoreError> {
        let sql = sql.into_sql_str();
        within(self.patience, async {
            Ok(match &mut self.inner {
                Inner::Sqlite(tx) => bound(sql, values).execute(&mut **tx).await?.rows_affected(),
                Inner::Postgres(tx) => bound(sql, values).execute(&mut **tx).await?.rows_affected(),
            })
        })
        .await
    }

    pub(crate) async fn fetch_optional(&mut self, sql: &'static str, values: &[Value]) -> Result<Option<Row>, StoreError> {
        let sql = sql.into_sql_str();
        within(self.patience, async {
            Ok(match &mut self.inner {
                // All rows are read although one is wanted: SQLite finishes a RETURNING statement only then.
                Inner::Sqlite(tx) => sqlite_rows(bound(sql, values).fetch_all(&mut **tx).await?),
                Inner::Postgres(tx) => postgres_rows(bound(sql, values).fetch_all(&mut **tx).await?),
            }
            .into_iter()
            .next())
        })
        .await
    }

    /// Until the end of the transaction nobody else adds an account.
    pub(crate) async fn lock_accounts(&mut self) -> Result<(), StoreError> {
        match &self.inner {
            // The one writer is us.
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(_) => self.execute("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE", &[]).await.map(|_| ()),
        }
    }

    /// Whoever takes the lease waits for the end of this transaction; a renewal does not (PostgreSQL, "13.3.2. Row-Level Locks"). A process
    /// that stands still in the middle must not be waited for longer than its lease lasts: the server ends its transaction before.
    async fn prove(&mut self, cell: &FenceCell) -> Result<(), StoreError> {
        let fence = cell.get().ok_or(StoreError::Deposed)?;
        let values = values![LEADER, version(fence.0)];
        let sql = match &self.inner {
            Inner::Sqlite(_) => "SELECT fence FROM leases WHERE name = $1 AND fence = $2",
            Inner::Postgres(_) => {
                "SELECT fence, set_config('idle_in_transaction_session_timeout', '1000', true) FROM leases
                 WHERE name = $1 AND fence = $2 FOR KEY SHARE"
            }
        };
        self.fetch_optional(sql, values).await?.map(|_| ()).ok_or(StoreError::Deposed)
    }

    /// Until the end of the transaction nobody proves a fence of this lease, and nobody did who has not ended.
    pub(crate) async fn lock_lease(&mut self, name: &str) -> Result<(), StoreError> {
        match &self.inner {
            // The one writer is us.
            Inner::Sqlite(_) => Ok(()),
            Inner::Postgres(_) => {
                let sql = "SELECT fence FROM leases WHERE name = $1 FOR UPDATE";
                self.fetch_optional(sql, values![name]).await.map(|_| ())
            }
        }
    }

    /// When this answers, it is on disk.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        within(self.patience, async {
            match self.inner {
                Inner::Sqlite(tx) => tx.commit().await,
                Inner::Postgres(tx) => tx.commit().await,
            }
        })
        .await
    }
}

async fn within<T>(patience: Duration, work: impl Future<Output = Result<T, Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(patience, work).await {
        Ok(done) => done.map_err(|e| store_error(&e)),
        Err(_) => Err(StoreError::Unavailable(format!("no answer within {} s", patience.as_secs_f32()))),
    }
}

fn sqlite_rows(rows: Vec<sqlx::sqlite::SqliteRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Sqlite).collect()
}

fn postgres_rows(rows: Vec<sqlx::postgres::PgRow>) -> Vec<Row> {
    rows.into_iter().map(Row::Postgres).collect()
}
