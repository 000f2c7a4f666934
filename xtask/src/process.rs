//! Child processes: what is started, with which environment, and what its end means.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::failure::Failure;

/// What `cargo run` sets for this tool. Passed on, build scripts that watch these variables (ring's does) would run again and again,
/// once for each way of calling cargo.
const SET_BY_CARGO_RUN: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_NAME", "CARGO_CRATE_NAME"];

/// How often a child with a deadline is looked at.
const POLL: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(crate) struct Cmd {
    command: Command,
}

impl Cmd {
    pub(crate) fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if SET_BY_CARGO_RUN.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        Self { command }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    pub(crate) fn args(mut self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        self.command.args(args);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn env_remove(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    pub(crate) fn dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// The command as a person would type it, without its environment.
    pub(crate) fn line(&self) -> String {
        let words = std::iter::once(self.command.get_program()).chain(self.command.get_args());
        words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
    }

    /// Runs it in the foreground; anything but success is an error.
    pub(crate) fn run(mut self) -> Result<(), Failure> {
        let status = self.command.status().map_err(|source| self.start_failure(source))?;
        if status.success() {
            Ok(())
        } else {
            Err(self.ended(status.to_string()))
        }
    }

    /// As [`Cmd::run`], but ended (by its process id) when the limit has passed.
    pub(crate) fn run_within(mut self, limit: Duration) -> Result<(), Failure> {
        let mut child = self.command.spawn().map_err(|source| self.start_failure(source))?;
        let started = Instant::now();
        loop {
            match child.try_wait().map_err(|source| self.start_failure(source))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.ended(status.to_string())),
                None if started.elapsed() > limit => {
                    // Already gone is as good as killed.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(self.ended(format!("had not ended after {} s", limit.as_secs())));
                }
                None => thread::sleep(POLL),
            }
        }
    }

    /// Runs it and returns its standard output; its errors go to the terminal only when it fails.
    pub(crate) fn output(mut self) -> Result<String, Failure> {
        let output = self
            .command
            .stdin(Stdio::null())
            .output()
            .map_err(|source| self.start_failure(source))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(self.ended(format!("{}: {}", output.status, errors.trim())))
        }
    }

    /// Starts it and leaves it running; the caller ends it.
    pub(crate) fn spawn(mut self, stdout: Stdio, stderr: Stdio) -> Result<Child, Failure> {
        self.command
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .map_err(|source| self.start_failure(source))
    }

    pub(crate) fn into_command(self) -> Command {
        self.command
    }

    fn start_failure(&self, source: std::io::Error) -> Failure {
        Failure::Start {
            program: self.command.get_program().to_string_lossy().into_owned(),
            source,
        }
    }

    fn ended(&self, outcome: String) -> Failure {
        Failure::Command {
            line: self.line(),
            outcome: format!("failed: {outcome}"),
        }
    }
}

/// Where a program is; Debian's system programs are found also when a person's PATH lacks sbin.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// The cargo that called us, so that the whole build uses one toolchain.
pub(crate) fn cargo() -> Cmd {
    Cmd::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
}
