//! Why a task stopped. Each sentence names the thing and, where there is one, the way out.

use std::{io, path::PathBuf};

use thiserror::Error;

#[derive(Debug, Error)]
pub(crate) enum Failure {
    #[error("`{line}` {outcome}")]
    Command { line: String, outcome: String },
    #[error("cannot start `{program}`: {source}{}", if source.kind() == io::ErrorKind::NotFound { "; `cargo xtask setup` installs what is missing" } else { "" })]
    Start { program: String, source: io::Error },
    #[error("cannot {verb} {}: {source}", path.display())]
    File {
        verb: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("{} is missing: {why}", path.display())]
    Absent { path: PathBuf, why: &'static str },
    #[error("cannot understand {what}: {why}")]
    Unreadable { what: String, why: String },
    /// Something has to be installed that may not be installed from here.
    #[error("{0}")]
    MustInstall(String),
    #[error("{what}: {why}")]
    Step { what: &'static str, why: String },
}

impl Failure {
    /// 2 says that the machine, not the code, has to change.
    pub(crate) const fn exit_code(&self) -> u8 {
        match self {
            Self::MustInstall(_) => 2,
            _ => 1,
        }
    }

    pub(crate) fn file(verb: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { verb, path, source }
    }
}
