//! The connections, and the only place where the two databases differ.
//!
//! SQLite writes through one connection (there can be only one writer; a queue of ours is fair, its busy loop is not) and reads through
//! others, which WAL lets read on while a write waits. PostgreSQL has one pool.

use std::{future::Future, time::Duration};

use control::ports::StoreError;
use sqlx::{Error, PgPool, Postgres, SqlSafeStr, Sqlite, SqlitePool, Transaction};

use crate::{
    fault::store_error,
    row::Row,
    value::{Value, bound},
};

pub(crate) struct Db {
    pub(crate) pools: Pools,
    /// The last resort behind the databases' own time limits: a server that is frozen keeps none of them.
    pub(crate) patience: Duration,
}

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
        Ok(Tx {
            inner,
            patience: self.patience,
        })
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
