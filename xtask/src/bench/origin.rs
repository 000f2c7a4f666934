//! Instances to put before a proxy: each an nginx of one process, so that one signal stops it whole.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use super::gateway::{
    config::nginx_frame,
    nginx,
    peer::{Running, free_port},
};
use crate::{failure::Failure, process::Cmd};

/// What an instance answers, and what it is called.
const NAMES: [&str; 11] = [
    "origin-0",
    "origin-1",
    "origin-2",
    "origin-3",
    "origin-4",
    "origin-5",
    "origin-6",
    "origin-7",
    "origin-8",
    "origin-9",
    "origin-10",
];

pub(super) struct Origin {
    name: &'static str,
    pub(super) port: u16,
    file: PathBuf,
    folder: PathBuf,
}

impl Origin {
    /// At most eleven.
    pub(super) fn several(folder: &Path, count: usize) -> Result<Vec<Self>, Failure> {
        NAMES.iter().take(count).map(|name| Self::new(folder, name)).collect()
    }

    fn new(folder: &Path, name: &'static str) -> Result<Self, Failure> {
        let port = free_port()?;
        let http = format!(
            "  server {{ listen 127.0.0.1:{port} backlog=4096; default_type text/plain; location / {{ return 200 \"{name}\\n\"; }} }}\n"
        );
        let file = write(folder, &format!("{name}.conf"), &nginx_frame(folder, name, &http))?;
        Ok(Self {
            name,
            port,
            file,
            folder: folder.to_owned(),
        })
    }

    pub(super) fn start(&self) -> Result<Running, Failure> {
        Running::start(self.name, nginx().arg("-c").arg(&self.file), self.port, &self.folder)
    }
}

pub(super) fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let path = folder.join(name);
    fs::write(&path, text).map_err(Failure::file("write", &path))?;
    Ok(path)
}

/// `name` as in `kill -NAME`.
pub(super) fn signal(name: &str, pid: u32) -> Result<(), Failure> {
    let mut child = Cmd::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .spawn(Stdio::null(), Stdio::null())?;
    child.wait().map(|_| ()).map_err(Failure::file("wait for", "kill"))
}
