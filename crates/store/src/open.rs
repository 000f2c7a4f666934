//! From a setting to open connections. A file or database that is not ours is found out before anything is written to it.

use std::{
    fs::{self, OpenOptions},
    io::ErrorKind,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, Instant},
};

use rustix::fs::{Access, access};
use sqlx::{
    ConnectOptions, Connection, Executor, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    OpenError, StoreConfig,
    db::{Db, Pools},
    fault::in_words,
    migrate,
};

/// "EVKL", set by the first migration.
const APPLICATION_ID: i64 = 1_163_283_276;

/// The write-ahead log is cut back to this after a burst, instead of keeping its largest size for ever.
const WAL_KEEP_BYTES: u32 = 16 << 20;

/// A migration of a big table may take long, here or in another console that is waited for; for ever it may not.
const MIGRATE_WITHIN: Duration = Duration::from_secs(600);

/// Between two looks at a file that somebody else is writing to at this moment.
const LOCKED_FOR: Duration = Duration::from_millis(20);

/// Less than a lease lasts.
const STANDS_STILL_MS: u32 = 1_000;

pub(crate) async fn sqlite(config: &StoreConfig, path: &Path) -> Result<Db, OpenError> {
    let what = path.display().to_string();
    let failed = |e: sqlx::Error| OpenError::database(&what, "", &e);
    if prepare_file(path, &what)? {
        probe(config, path, &what).await?;
    }
    let base = SqliteConnectOptions::new().filename(path).busy_timeout(config.answer_within);
    let mut writer = base
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode NORMAL would lose the last acknowledged changes with the power.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("journal_size_limit", WAL_KEEP_BYTES.to_string());
    if let Some(pages) = config.sqlite_max_pages {
        writer = writer.pragma("max_page_count", pages.to_string());
    }
    // Who switches a new file to WAL, or wants to write after having read, is told at once that it is locked, however long it would wait.
    let deadline = Instant::now() + config.answer_within;
    while let Err(error) = migrate_sqlite(&writer, &what).await {
        if !matches!(error, OpenError::Locked { .. }) || Instant::now() >= deadline {
            return Err(error);
        }
        tokio::time::sleep(LOCKED_FOR).await;
    }

    let pool = || {
        SqlitePoolOptions::new()
            .acquire_timeout(config.connect_timeout)
            // A file does not go away as a server does: nothing to renew.
            .idle_timeout(None)
            .max_lifetime(None)
    };
    let readers = config.max_connections.clamp(1, StoreConfig::SQLITE_READERS);
    Ok(Db {
        pools: Pools::Sqlite {
            writer: pool()
                .max_connections(1)
                // A full disk makes SQLite roll back by itself; the driver goes on counting the transaction and would refuse every later
                // one. The test before this hook has let a rollback under way finish, so what still counts one is thrown away.
                .before_acquire(|connection, _| Box::pin(async move { Ok(!connection.is_in_transaction()) }))
                .connect_with(writer)
                .await
                .map_err(failed)?,
            readers: pool()
                .max_connections(readers)
                .test_before_acquire(false)
                .connect_with(base.pragma("query_only", "ON"))
                .await
                .map_err(failed)?,
        },
        patience: patience(config),
        fence: None,
        urgent: None,
    })
}

/// Makes sure that the file can be read and written, and creates it where it is missing; whether there is something in it to look at.
///
/// An existing file is not opened here: closing it would release the locks that SQLite holds on it for this process
/// (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>).
fn prepare_file(path: &Path, what: &str) -> Result<bool, OpenError> {
    let failed = |e: std::io::Error| OpenError::file(what, &e);
    let file = match fs::metadata(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => {
            // It will hold password hashes: for this user alone. Whoever creates it at the same moment is welcome.
            let mut create = OpenOptions::new();
            create
                .write(true)
                .create(true)
                .truncate(false)
                .mode(0o600)
                .open(path)
                .map_err(failed)?;
            return Ok(false);
        }
        Err(e) => return Err(failed(e)),
    };
    if file.is_dir() {
        return Err(failed(ErrorKind::IsADirectory.into()));
    }
    access(path, Access::READ_OK).map_err(|e| failed(e.into()))?;
    access(path, Access::WRITE_OK).map_err(|e| OpenError::ReadOnly {
        what: what.to_owned(),
        why: in_words(&e.into()),
    })?;
    Ok(file.len() > 0)
}

/// Looks at an existing file through a connection that cannot write.
async fn probe(config: &StoreConfig, path: &Path, what: &str) -> Result<(), OpenError> {
    let failed = |e: sqlx::Error| OpenError::database(what, "", &e);
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(config.answer_within)
        .connect()
        .await
        .map_err(failed)?;
    let id: i64 = sqlx::query_scalar("PRAGMA application_id")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    // A start that was cut off before its first migration leaves the list of migrations and nothing else.
    let strangers: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name NOT IN ('_sqlx_migrations')")
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    let foreign = id != APPLICATION_ID && (id != 0 || strangers > 0);
    if id == APPLICATION_ID {
        let found: Option<i64> = sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations")
            .fetch_one(&mut connection)
            .await
            .map_err(failed)?;
        let (found, known) = (found.unwrap_or_default(), migrate::known(&migrate::SQLITE));
        if found > known {
            return Err(OpenError::Newer {
                what: what.to_owned(),
                found,
                known,
            });
        }
    }
    connection.close().await.map_err(failed)?;
    if foreign {
        return Err(OpenError::Foreign { what: what.to_owned() });
    }
    Ok(())
}

async fn migrate_sqlite(writer: &SqliteConnectOptions, what: &str) -> Result<(), OpenError> {
    let failed = |e: sqlx::Error| OpenError::database(what, "", &e);
    let mut connection = writer.connect().await.map_err(failed)?;
    // Two programs that start on a new file find the same work to do, and SQLite has no lock for that: who comes second fails on tables
    // that are there by now, and finds the work done when it looks again. That may happen once with each step.
    let mut migrated = migrate::run(&migrate::SQLITE, &mut connection, what, "").await;
    for _ in 0..migrate::known(&migrate::SQLITE) {
        if migrated.is_ok() {
            break;
        }
        migrated = migrate::run(&migrate::SQLITE, &mut connection, what, "").await;
    }
    migrated?;
    connection.close().await.map_err(failed)
}

pub(crate) async fn postgres(config: &StoreConfig, url: &str) -> Result<Db, OpenError> {
    let what = config.url.to_string();
    let (options, user) = postgres_options(url)?;
    let mut connection = postgres_connection(config, &options, &user).await?;
    let migrated = tokio::time::timeout(MIGRATE_WITHIN, migrate::run(&migrate::POSTGRES, &mut connection, &what, &user)).await;
    migrated.unwrap_or_else(|_| {
        Err(OpenError::Locked {
            what: what.clone(),
            why: "another console has been changing its tables for too long".into(),
        })
    })?;
    let failed = |e: sqlx::Error| OpenError::database(&what, &user, &e);
    connection.close().await.map_err(failed)?;

    let pool = postgres_pool(config, None)
        .max_connections(config.max_connections.max(1))
        .min_connections(config.min_connections.min(config.max_connections))
        .connect_with(options.clone())
        .await
        .map_err(failed)?;
    Ok(Db {
        pools: Pools::Postgres(pool),
        patience: patience(config),
        fence: None,
        urgent: Some(
            // A process that stands still while it renews must not keep the others from the lease.
            postgres_pool(config, Some(STANDS_STILL_MS))
                .max_connections(1)
                .min_connections(0)
                .connect_lazy_with(options),
        ),
    })
}

/// `idle_ms`: from then on the server ends a transaction in which nothing is asked.
fn postgres_pool(config: &StoreConfig, idle_ms: Option<u32>) -> PgPoolOptions {
    let idle_ms = idle_ms.map(|ms| ms.to_string());
    let limit_ms = config.answer_within.as_millis().to_string();
    PgPoolOptions::new()
        .acquire_timeout(config.connect_timeout)
        .after_connect(move |connection, _| {
            let (limit_ms, idle_ms) = (limit_ms.clone(), idle_ms.clone());
            Box::pin(async move {
                // Acknowledged means durable, also where the server's default is otherwise; stricter settings are left alone.
                connection
                    .execute(
                        sqlx::query(
                            "SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $1, false),
                                    set_config('idle_in_transaction_session_timeout',
                                               coalesce($2, current_setting('idle_in_transaction_session_timeout')), false),
                                    set_config('synchronous_commit',
                                               CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on'
                                                    ELSE current_setting('synchronous_commit') END, false)",
                        )
                        .bind(limit_ms)
                        .bind(idle_ms),
                    )
                    .await?;
                Ok(())
            })
        })
}

/// What to connect with, and as whom.
pub(crate) fn postgres_options(url: &str) -> Result<(PgConnectOptions, String), OpenError> {
    let options: PgConnectOptions = url.parse().map_err(|e: sqlx::Error| OpenError::Url { why: e.to_string() })?;
    let user = options.get_username().to_owned();
    let options = options.application_name(&format!("Evenkeel process {}", std::process::id()));
    Ok((options, user))
}

/// A connection outside the pool: the pool answers every failure with "timed out", this one says what it was.
pub(crate) async fn postgres_connection(config: &StoreConfig, options: &PgConnectOptions, user: &str) -> Result<PgConnection, OpenError> {
    let what = config.url.to_string();
    match tokio::time::timeout(config.connect_timeout, options.connect()).await {
        Ok(connected) => connected.map_err(|e| OpenError::database(what, user, &e)),
        Err(_) => Err(OpenError::Away {
            what,
            why: format!("no answer within {} s", config.connect_timeout.as_secs_f32()),
        }),
    }
}

/// Longer than the waits inside it together, so that it speaks only when none of them does.
fn patience(config: &StoreConfig) -> Duration {
    config.connect_timeout + config.answer_within + Duration::from_secs(1)
}
