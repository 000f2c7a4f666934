//! What went wrong, in one word. The only place that knows the error codes of SQLite and PostgreSQL.

use control::ports::StoreError;
use sqlx::{Error, postgres::PgDatabaseError};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Locked, overloaded, too slow.
    Busy,
    /// Not reachable.
    Away,
    /// The disk or the quota is full.
    Full,
    ReadOnly,
    /// The disk or the file cannot be read or written.
    Io,
    /// The file itself, or a value in it, is damaged.
    Corrupt,
    NotADatabase,
    WrongPassword,
    NoDatabase,
    Forbidden,
    /// A table is there that we wanted to create.
    AlreadyThere,
    /// A statement of ours is wrong, or a constraint was hit that no caller can hit.
    Other,
}

impl Fault {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Database(e) => match e.try_downcast_ref::<PgDatabaseError>() {
                Some(e) => Self::of_sqlstate(e.code()),
                None => Self::of_sqlite(e.code().and_then(|c| c.parse().ok()).unwrap_or_default()),
            },
            Error::PoolTimedOut => Self::Busy,
            Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::BeginFailed
            | Error::InvalidSavePointStatement => Self::Away,
            Error::ColumnDecode { .. } | Error::Decode(_) | Error::ColumnNotFound(_) => Self::Corrupt,
            _ => Self::Other,
        }
    }

    /// The low byte is the primary code: <https://www.sqlite.org/rescode.html>.
    const fn of_sqlite(code: i32) -> Self {
        match code & 0xff {
            5 | 6 => Self::Busy,
            3 => Self::Forbidden,
            8 => Self::ReadOnly,
            10 | 14 => Self::Io,
            11 => Self::Corrupt,
            13 => Self::Full,
            26 => Self::NotADatabase,
            _ => Self::Other,
        }
    }

    /// <https://www.postgresql.org/docs/current/errcodes-appendix.html>
    fn of_sqlstate(code: &str) -> Self {
        match code {
            "53100" => Self::Full,
            // Serialisation, deadlock, out of memory or connections, lock not available, statement cancelled by its time limit.
            "40001" | "40P01" | "53000" | "53200" | "53300" | "53400" | "55P03" | "57014" => Self::Busy,
            // Among them: a transaction in which this process stood still.
            "57P01" | "57P02" | "57P03" | "57P05" | "25P03" => Self::Away,
            "25006" => Self::ReadOnly,
            "3D000" => Self::NoDatabase,
            "42501" => Self::Forbidden,
            "42P07" => Self::AlreadyThere,
            _ => match code.get(..2) {
                Some("08") => Self::Away,
                Some("28") => Self::WrongPassword,
                Some("58") => Self::Io,
                Some("XX") => Self::Corrupt,
                _ => Self::Other,
            },
        }
    }
}

/// The message of the innermost cause, without the layers in front of it.
pub(crate) fn message(error: &Error) -> String {
    match error {
        Error::Database(e) => e.message().to_owned(),
        Error::Io(e) => in_words(e),
        other => other.to_string(),
    }
}

/// "permission denied", without "(os error 13)".
pub(crate) fn in_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

pub(crate) fn store_error(error: &Error) -> StoreError {
    let why = message(error);
    match Fault::of(error) {
        Fault::Busy => StoreError::Unavailable(format!("it is busy ({why})")),
        Fault::Away | Fault::WrongPassword | Fault::NoDatabase => StoreError::Unavailable(why),
        Fault::Full => StoreError::Unwritable(format!("the disk is full ({why})")),
        Fault::ReadOnly => StoreError::Unwritable(format!("it is read-only ({why})")),
        Fault::Io | Fault::Forbidden | Fault::AlreadyThere | Fault::Other => StoreError::Unwritable(why),
        Fault::Corrupt | Fault::NotADatabase => StoreError::Corrupt(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extended_codes_fall_under_their_primary_code() {
        // SQLITE_BUSY_SNAPSHOT, SQLITE_IOERR_FSYNC, SQLITE_READONLY_DBMOVED, SQLITE_FULL, SQLITE_CONSTRAINT_CHECK
        let faults = [517, 1034, 1032, 13, 275].map(Fault::of_sqlite);
        assert_eq!(faults, [Fault::Busy, Fault::Io, Fault::ReadOnly, Fault::Full, Fault::Other]);
    }

    #[test]
    fn sqlstate_classes_cover_the_codes_that_are_not_listed() {
        let faults = ["08006", "28P01", "58030", "XX001", "23505", "53100", ""].map(Fault::of_sqlstate);
        assert_eq!(
            faults,
            [
                Fault::Away,
                Fault::WrongPassword,
                Fault::Io,
                Fault::Corrupt,
                Fault::Other,
                Fault::Full,
                Fault::Other
            ]
        );
    }
}
