//! Which database, and how long to wait for it.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use sqlx::postgres::PgConnectOptions;

#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; created when it is missing.
    Sqlite { path: PathBuf },
    /// As libpq writes it: `postgres://user:password@host:port/database`.
    Postgres { url: String },
}

/// The text names no database that this version knows. The text itself is not repeated: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a database is written as postgres://user:password@host:port/database or sqlite:path/to/file.db")]
pub struct UnknownDatabase;

impl FromStr for DatabaseUrl {
    type Err = UnknownDatabase;

    fn from_str(url: &str) -> Result<Self, UnknownDatabase> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres { url: url.to_owned() });
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"));
        match path {
            Some(path) if !path.is_empty() => Ok(Self::Sqlite { path: path.into() }),
            _ => Err(UnknownDatabase),
        }
    }
}

/// Never shows a password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => path.display().fmt(f),
            Self::Postgres { url } => match url.parse::<PgConnectOptions>() {
                Ok(to) => write!(
                    f,
                    "PostgreSQL at {}:{}/{}",
                    to.get_host(),
                    to.get_port(),
                    to.get_database().unwrap_or(to.get_username())
                ),
                Err(_) => f.write_str("PostgreSQL"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreConfig {
    pub url: DatabaseUrl,
    /// Connections at most. SQLite always writes through one and reads through at most [`StoreConfig::SQLITE_READERS`].
    pub max_connections: u32,
    /// PostgreSQL connections kept open when idle.
    pub min_connections: u32,
    /// How long to wait for a connection, at start and later.
    pub connect_timeout: Duration,
    /// How long a statement may wait for a lock, or run. The caller gets `Unavailable` after that.
    pub answer_within: Duration,
    /// Refuse to let the SQLite file grow beyond this many pages of 4 KiB; `None` leaves it to the disk.
    pub sqlite_max_pages: Option<u32>,
}

impl StoreConfig {
    /// More readers than this only compete for the same file.
    pub const SQLITE_READERS: u32 = 4;

    /// The presets: `DB_POOL_MAX` 20, `DB_POOL_MIN` 5, 5 s for a connection and for an answer.
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            max_connections: 20,
            min_connections: 5,
            connect_timeout: Duration::from_secs(5),
            answer_within: Duration::from_secs(5),
            sqlite_max_pages: None,
        }
    }

    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self::new(DatabaseUrl::Sqlite { path: path.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_its_database_and_never_shows_its_password() {
        let url: DatabaseUrl = "postgres://eve:s3cret@db.example.com:6432/keel".parse().unwrap();
        assert_eq!(url.to_string(), "PostgreSQL at db.example.com:6432/keel");
        assert!(!format!("{:?}", StoreConfig::new(url)).contains("s3cret"));
        assert_eq!("sqlite:data/x.db".parse(), Ok(DatabaseUrl::Sqlite { path: "data/x.db".into() }));
        for bad in ["", "sqlite:", "mysql://root:s3cret@db/x", "data/x.db"] {
            let error = bad.parse::<DatabaseUrl>().unwrap_err();
            assert!(!error.to_string().contains("s3cret"));
        }
    }
}
