//! The directory that the embedded default keeps its files in, used by one console at a time.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use crate::OpenError;

/// Held by the console for as long as it runs. The operating system releases it however the process ends, so there is no stale lock to
/// remove by hand; the file stays and is of no consequence.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: LockFile,
}

impl DataDir {
    /// Creates the directory when it is missing, for this user alone, and takes it.
    ///
    /// # Errors
    /// [`OpenError::InUse`] with the holder's process id; otherwise what the file system said.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        let path = path.into();
        let name = format!("{}/", path.display().to_string().trim_end_matches('/'));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|e| OpenError::file(&name, &e))?;
        let lock = LockFile::take(&path.join("evenkeel.lock"), &name)?;
        Ok(Self { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the SQLite database is.
    pub fn database(&self) -> PathBuf {
        Self::database_in(&self.path)
    }

    /// Where the SQLite database of a data directory is, for commands that run beside its console.
    pub fn database_in(path: &Path) -> PathBuf {
        path.join("evenkeel.db")
    }
}

/// An exclusive lock with the holder's process id written in it.
#[derive(Debug)]
pub(crate) struct LockFile {
    _file: File,
}

impl LockFile {
    /// `what` is what the lock stands for, in words.
    pub(crate) fn take(path: &Path, what: &str) -> Result<Self, OpenError> {
        let failed = |e: std::io::Error| OpenError::file(what, &e);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse {
                    what: what.to_owned(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(e)) => return Err(failed(e)),
        }
        file.set_len(0).map_err(failed)?;
        writeln!(file, "{}", std::process::id()).map_err(failed)?;
        Ok(Self { _file: file })
    }
}

/// "process 123"; nothing when the holder has not written its id yet.
fn holder(file: &mut File) -> Option<String> {
    // A process id has at most 10 digits; whatever else is in the file is not worth reading.
    let mut text = String::new();
    file.take(16).read_to_string(&mut text).ok()?;
    text.trim().parse::<u32>().ok().map(|pid| format!("process {pid}"))
}
