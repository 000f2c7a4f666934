//! Opening stores for tests.

use std::{path::PathBuf, sync::Arc, time::Duration};

use store::{DatabaseUrl, Store, StoreConfig};
use tempfile::TempDir;
use testkit::Postgres;

/// Two busy cores may take this long for anything.
pub(crate) const SOON: Duration = Duration::from_secs(30);

/// A store with what it lives in.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) config: StoreConfig,
    _dir: TempDir,
}

impl Opened {
    pub(crate) fn arc(&self) -> Arc<Store> {
        Arc::new(self.store.clone())
    }

    /// The name of the PostgreSQL database.
    pub(crate) fn database(&self) -> &str {
        match &self.config.url {
            DatabaseUrl::Postgres { url } => url.rsplit('/').next().unwrap(),
            DatabaseUrl::Sqlite { .. } => panic!("an SQLite store has no database name"),
        }
    }

    pub(crate) fn file(&self) -> PathBuf {
        match &self.config.url {
            DatabaseUrl::Sqlite { path } => path.clone(),
            DatabaseUrl::Postgres { .. } => panic!("a PostgreSQL store has no file"),
        }
    }
}

/// Few connections: the server is shared by all tests.
pub(crate) fn postgres_config(url: String) -> StoreConfig {
    StoreConfig {
        max_connections: 4,
        min_connections: 1,
        connect_timeout: SOON,
        answer_within: SOON,
        ..StoreConfig::new(DatabaseUrl::Postgres { url })
    }
}

pub(crate) async fn open(config: StoreConfig, dir: TempDir) -> Opened {
    let store = Store::open(&config).await.unwrap();
    Opened { store, config, _dir: dir }
}

pub(crate) async fn sqlite() -> Opened {
    sqlite_with(|_| ()).await
}

pub(crate) async fn sqlite_with(adjust: impl FnOnce(&mut StoreConfig)) -> Opened {
    let dir = tempfile::tempdir().unwrap();
    let mut config = StoreConfig {
        connect_timeout: SOON,
        answer_within: SOON,
        ..StoreConfig::sqlite(dir.path().join("evenkeel.db"))
    };
    adjust(&mut config);
    open(config, dir).await
}

pub(crate) async fn postgres() -> Opened {
    postgres_with(|_| ()).await
}

pub(crate) async fn postgres_with(adjust: impl FnOnce(&mut StoreConfig)) -> Opened {
    let mut config = postgres_config(database().await);
    adjust(&mut config);
    open(config, tempfile::tempdir().unwrap()).await
}

/// A new database on the shared server.
pub(crate) async fn database() -> String {
    tokio::task::spawn_blocking(|| Postgres::shared().database()).await.unwrap()
}

pub(crate) async fn sql(database: &str, sql: &str) {
    let (database, sql) = (database.to_owned(), sql.to_owned());
    tokio::task::spawn_blocking(move || Postgres::shared().sql(&database, &sql))
        .await
        .unwrap();
}
