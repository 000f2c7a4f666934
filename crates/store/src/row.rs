//! A row of either database, and the rule that what is stored is input like any other.

use std::error::Error;

use control::ports::StoreError;
use sqlx::{Decode, Postgres, Row as _, Sqlite, Type, postgres::PgRow, sqlite::SqliteRow};

pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// Why a stored value cannot be read. Every error turns into one, so that `?` works while a row is parsed.
pub(crate) struct Unreadable(String);

impl<E: Error> From<E> for Unreadable {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl Row {
    pub(crate) fn get<T>(&self, column: &str) -> Result<T, Unreadable>
    where
        T: for<'r> Decode<'r, Sqlite> + Type<Sqlite> + for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => row.try_get(column)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// Parses the row; what cannot be read is named by table and `key` column.
    pub(crate) fn read<T>(&self, table: &str, key: &str, parse: impl FnOnce(&Self) -> Result<T, Unreadable>) -> Result<T, StoreError> {
        parse(self).map_err(|Unreadable(why)| {
            let id = self.get::<i64>(key).map(|id| id.to_string()).or_else(|_| self.get::<String>(key));
            StoreError::Corrupt(format!("{table} {}: {why}", id.unwrap_or_else(|_| "(no key)".into())))
        })
    }
}
