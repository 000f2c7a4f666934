//! What must survive: policies, events, the audit log, accounts and sessions. The only crate that knows SQL.
//!
//! ```text
//!  open ─► probe (nothing is written to a file that is not ours) ─► migrate ─► Store
//!  policies · journal · identity · registry · scaling · lease   one statement text for both databases, values of four types
//!  samples                            what was measured: a row a second, then compressed blocks
//!    └ db                             the only file in which SQLite and PostgreSQL differ
//!        └ fault                      what went wrong, in one word, for StoreError and OpenError alike
//! ```
//!
//! - What a verb acknowledged is on disk: a change, its audit row and its event are one transaction.
//! - Every wait is bounded; a database that does not answer is [`StoreError::Unavailable`], never a hung caller.
//! - Stored values are parsed like any other input; one that this version cannot read is named, not guessed.
//! - Text keeps every character but U+0000, which PostgreSQL cannot hold: it is stored as U+FFFD on both.
//!
//! It will never retry, cache, or decide anything about permissions: that is `control`.
//!
//! [`StoreError::Unavailable`]: control::ports::StoreError::Unavailable

mod claim;
mod config;
mod data_dir;
mod db;
mod events;
mod fault;
mod identity;
mod journal;
mod lease;
mod migrate;
mod open;
mod open_error;
mod policies;
mod registry;
mod row;
mod samples;
mod scaling;
mod secrets;
mod select;
mod value;

use std::sync::Arc;

use control::ports::FenceCell;

pub use claim::{Claim, Company};
pub use config::{DatabaseUrl, StoreConfig, UnknownDatabase};
pub use data_dir::DataDir;
pub use open_error::OpenError;

/// The open database. A cheap clone; the connections close with the last one, or with [`Store::close`].
#[derive(Clone)]
pub struct Store {
    db: Arc<db::Db>,
    samples: Arc<samples::Recorder>,
    config: Arc<StoreConfig>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.config.url)
    }
}

impl Store {
    /// Opens the database, creating or upgrading its tables as needed.
    ///
    /// # Errors
    /// [`OpenError`], one sentence; a file or database that is not ours is left as it was.
    pub async fn open(config: &StoreConfig) -> Result<Self, OpenError> {
        let db = match &config.url {
            DatabaseUrl::Sqlite { path } => open::sqlite(config, path).await?,
            DatabaseUrl::Postgres { url } => open::postgres(config, url).await?,
        };
        Ok(Self {
            db: Arc::new(db),
            samples: Arc::default(),
            config: Arc::new(config.clone()),
        })
    }

    /// What it is, in words and without secrets: "PostgreSQL at db.example.com:5432/evenkeel".
    pub fn describe(&self) -> String {
        self.config.url.to_string()
    }

    /// Keeps consoles that would be alone off this database for as long as the answer is held, and all others too when this one would be.
    /// The `evenkeel user` commands need none.
    ///
    /// # Errors
    /// [`OpenError::InUse`] when another console has it, and one of the two would be alone.
    pub async fn claim(&self, company: Company) -> Result<Claim, OpenError> {
        Claim::take(&self.config, company).await
    }

    /// The same store, where every transaction proves this fence: what only the leader may write.
    #[must_use]
    pub fn fenced(&self, fence: FenceCell) -> Self {
        Self {
            db: Arc::new(self.db.fenced(fence)),
            samples: self.samples.clone(),
            config: self.config.clone(),
        }
    }

    /// Whether several consoles may share it: a file has one.
    pub fn can_be_shared(&self) -> bool {
        matches!(self.config.url, DatabaseUrl::Postgres { .. })
    }

    /// Finishes what is running and closes all connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
