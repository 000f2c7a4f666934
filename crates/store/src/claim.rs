//! Who may be on a database together.
//!
//! SQLite: a lock file beside the database, for one console. PostgreSQL: an advisory lock on a connection of its own, shared by consoles that
//! elect a leader, held alone by one that cannot (the sample fleet runs in its process). It is decided at start: a PostgreSQL server that
//! restarts forgets the lock, and a console that would be alone could then find company. Policies and their events stay right even so
//! (compare-and-swap, told once); only observed events would be doubled. Among consoles that share, the lease decides, not this.

use sqlx::{Connection, PgConnection};

use crate::{DatabaseUrl, OpenError, StoreConfig, data_dir::LockFile, open};

/// "Evenkeel" in ASCII: the number of our advisory lock in a database that others may use too.
const LOCK: i64 = 0x4576_656e_6b65_656c;

/// With whom a console can be on one database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Company {
    Alone,
    /// Others that elect a leader too.
    Replicas,
}

/// Proof that no console uses the database that must not be there together with this one. Ends when dropped.
#[derive(Debug)]
pub struct Claim {
    _held: Held,
}

#[derive(Debug)]
enum Held {
    File { _lock: LockFile },
    Advisory { _connection: PgConnection },
}

impl Claim {
    pub(crate) async fn take(config: &StoreConfig, company: Company) -> Result<Self, OpenError> {
        let what = config.url.to_string();
        let held = match &config.url {
            DatabaseUrl::Sqlite { path } => {
                let mut lock = path.clone().into_os_string();
                lock.push(".lock");
                Held::File {
                    _lock: LockFile::take(lock.as_ref(), &what)?,
                }
            }
            DatabaseUrl::Postgres { url } => Held::Advisory {
                _connection: advisory(config, url, what, company).await?,
            },
        };
        Ok(Self { _held: held })
    }
}

async fn advisory(config: &StoreConfig, url: &str, what: String, company: Company) -> Result<PgConnection, OpenError> {
    let (options, user) = open::postgres_options(url)?;
    let mut connection = open::postgres_connection(config, &options, &user).await?;
    let failed = |e: sqlx::Error| OpenError::database(&what, &user, &e);
    let take = match company {
        Company::Alone => "SELECT pg_try_advisory_lock($1)",
        Company::Replicas => "SELECT pg_try_advisory_lock_shared($1)",
    };
    let taken: bool = sqlx::query_scalar(take)
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await
        .map_err(failed)?;
    if taken {
        return Ok(connection);
    }
    // Where the lock is held: the two halves of its number are in classid and objid.
    let holder: Option<String> = sqlx::query_scalar(
        "SELECT replace(a.application_name, 'Evenkeel ', '') || coalesce(' at ' || host(a.client_addr), '')
         FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
           AND ((l.classid::bigint << 32) | l.objid::bigint) = $1 LIMIT 1",
    )
    .bind(LOCK)
    .fetch_optional(&mut connection)
    .await
    .map_err(failed)?
    .flatten();
    // A polite goodbye; the refusal stands whether or not it arrives.
    drop(connection.close().await);
    Err(OpenError::InUse { what, holder })
}
