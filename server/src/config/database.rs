//! `[database]`: where things are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Key, Redacted, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("database.data_dir", "a directory this user may write to, such as data"),
    Key::secret("database.url", "a PostgreSQL address, postgres://user:password@host/database"),
    Key::new("database.pool_max", "1 to 1000 connections"),
    Key::new("database.pool_min", "0 to database.pool_max connections"),
];

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// Holds the SQLite file and the lock that keeps a second console out.
    pub data_dir: PathBuf,
    /// PostgreSQL; SQLite in `data_dir` when absent.
    pub url: Option<Redacted>,
    pub pool_max: u32,
    pub pool_min: u32,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            data_dir: "data".into(),
            url: None,
            pool_max: 20,
            pool_min: 5,
        }
    }
}

impl DatabaseSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        if let Some(url) = &self.url {
            let scheme = url.expose().split_once("://").map(|(scheme, _)| scheme);
            if !matches!(scheme, Some("postgres" | "postgresql")) {
                return Err(BadValue::new("database.url", "it does not start with postgres://"));
            }
        }
        BadValue::within("database.pool_max", self.pool_max, 1..=1_000)?;
        BadValue::within("database.pool_min", self.pool_min, 0..=self.pool_max)
    }
}
