//! Why the store cannot be opened: one sentence that names the thing and the way out. Nothing was overwritten.

use crate::fault::{Fault, in_words, message};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    #[error("another Evenkeel{} already uses {what}: stop it, or choose another one", holder.as_ref().map(|h| format!(" ({h})")).unwrap_or_default())]
    InUse { what: String, holder: Option<String> },
    #[error("{what} cannot be used: {why}; make it readable and writable for this user, or choose another one")]
    NoAccess { what: String, why: String },
    #[error("{what} is read-only: {why}; make it writable for this user, or choose another one")]
    ReadOnly { what: String, why: String },
    #[error("the disk or quota of {what} is full: free some space and start again")]
    Full { what: String },
    #[error("{what} is locked by another program ({why}): close that one and start again")]
    Locked { what: String, why: String },
    #[error("{what} is not an SQLite database: choose another file, or move it away")]
    NotADatabase { what: String },
    #[error("{what} is damaged ({why}): restore it from a copy, or choose another one")]
    Damaged { what: String, why: String },
    #[error("{what} belongs to another program: give Evenkeel a database of its own")]
    Foreign { what: String },
    #[error("{what} was written by a newer Evenkeel (schema {found}, this one knows {known}): start that version, or choose another one")]
    Newer { what: String, found: i64, known: i64 },
    #[error(
        "{what} was made by a different build of Evenkeel (step {step} of its schema is not the one known here): start that build, or choose another one"
    )]
    Altered { what: String, step: i64 },
    #[error("{what} refuses the user {user:?} or its password ({why}): correct the database URL")]
    Refused { what: String, user: String, why: String },
    #[error("{what} does not exist ({why}): create the database, or correct the database URL")]
    NoDatabase { what: String, why: String },
    #[error("{what} cannot be reached ({why}): start it, or correct the database URL")]
    Away { what: String, why: String },
    #[error("the database URL cannot be understood ({why}): it looks like postgres://user:password@host:port/database")]
    Url { why: String },
    #[error("{what} cannot be opened: {why}")]
    Other { what: String, why: String },
}

impl OpenError {
    /// Of an operation on a file or directory.
    pub(crate) fn file(what: impl Into<String>, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (what, why) = (what.into(), in_words(error));
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { what },
            ErrorKind::ReadOnlyFilesystem => Self::ReadOnly { what, why },
            _ => Self::NoAccess { what, why },
        }
    }

    pub(crate) fn database(what: impl Into<String>, user: &str, error: &sqlx::Error) -> Self {
        let (what, why) = (what.into(), message(error));
        match Fault::of(error) {
            Fault::Busy => Self::Locked { what, why },
            Fault::Away => Self::Away { what, why },
            Fault::Full => Self::Full { what },
            Fault::ReadOnly => Self::ReadOnly { what, why },
            Fault::Io | Fault::Forbidden => Self::NoAccess { what, why },
            Fault::Corrupt => Self::Damaged { what, why },
            Fault::NotADatabase => Self::NotADatabase { what },
            Fault::WrongPassword => Self::Refused {
                what,
                user: user.to_owned(),
                why,
            },
            Fault::NoDatabase => Self::NoDatabase { what, why },
            Fault::AlreadyThere => Self::Foreign { what },
            Fault::Other => Self::Other { what, why },
        }
    }
}
