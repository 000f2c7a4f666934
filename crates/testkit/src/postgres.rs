//! A real PostgreSQL, started for the tests and gone with them.
//!
//! `initdb` and `postgres` refuse to run as root, so as root they run as the user `postgres`. A small shell process stands between: it
//! stops the server and removes its files when its standard input ends, which happens however the test process ends.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    net::{Ipv4Addr, TcpListener},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const USER: &str = "evenkeel";
const PASSWORD: &str = "not a secret";
/// Two busy cores can take long to start a server.
const START_WITHIN: Duration = Duration::from_secs(60);
/// Between asking for a free port and taking it somebody else may take it.
const PORT_TRIES: u32 = 5;

/// Starts the server given as arguments after $1 (its files) and $2 (its log). A line on standard input stops it; the end of the input
/// stops it and removes the files.
const KEEPER: &str = r#"
dir=$1; log=$2; shift 2
trap : INT
"$@" >>"$log" 2>&1 & pid=$!
read -r word; asked=$?
kill -INT $pid 2>/dev/null; wait $pid
[ $asked -eq 0 ] || rm -rf "$dir"
"#;

#[derive(Debug)]
pub struct Postgres {
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    keeper: Option<Child>,
}

impl Postgres {
    /// A server of one's own, for tests that stop it.
    ///
    /// # Panics
    /// With a sentence when PostgreSQL is not installed or does not start.
    pub fn start() -> Self {
        let bin = installed().expect("install postgresql (cargo xtask setup)");
        let dir = tempfile::Builder::new().prefix("evenkeel-postgres-").tempdir().unwrap().keep();
        fs::write(dir.join("password"), PASSWORD).unwrap();
        if is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(&dir));
        }
        let mut server = Self {
            bin,
            dir,
            port: 0,
            keeper: None,
        };
        let mut initdb = as_server_user(server.bin.join("initdb"));
        initdb.args([
            "--username",
            USER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
        ]);
        initdb
            .args(["--no-sync", "--no-instructions", "--pwfile"])
            .arg(server.dir.join("password"));
        run(initdb.arg("-D").arg(server.data()).current_dir(&server.dir));
        server.start_again();
        server
    }

    /// The server that all tests of this process share.
    pub fn shared() -> &'static Self {
        static SHARED: LazyLock<Postgres> = LazyLock::new(Postgres::start);
        &SHARED
    }

    /// A new, empty database; its URL.
    pub fn database(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        run(self.client("createdb").arg(&name));
        self.url(&name)
    }

    pub fn url(&self, database: &str) -> String {
        let password = PASSWORD.replace(' ', "%20");
        format!("postgres://{USER}:{password}@127.0.0.1:{}/{database}", self.port)
    }

    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Runs SQL as the server's owner.
    pub fn sql(&self, database: &str, sql: &str) {
        run(self.client("psql").args(["-q", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]));
    }

    /// Stops the server and keeps its data.
    pub fn stop(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            let mut input = keeper.stdin.take().unwrap();
            input.write_all(b"stop\n").unwrap();
            drop(input);
            keeper.wait().unwrap();
        }
    }

    /// Starts the stopped server with the data and, but for the first time, the port it had.
    pub fn start_again(&mut self) {
        assert!(self.keeper.is_none(), "the server is running");
        for _ in 0..PORT_TRIES {
            if self.port == 0 {
                self.port = free_port();
            }
            self.keeper = Some(self.launch());
            if self.is_ready() {
                return;
            }
            self.stop();
            self.port = 0;
        }
        panic!("PostgreSQL found no free port: {}", self.log());
    }

    fn launch(&self) -> Child {
        // Each start writes a new log, so that what it says is about this start.
        fs::write(self.dir.join("log"), "").unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(self.dir.join("log")));
        }
        let mut keeper = as_server_user("sh".into());
        keeper.args(["-c", KEEPER, "keeper"]).arg(&self.dir).arg(self.dir.join("log"));
        keeper.arg(self.bin.join("postgres")).arg("-D").arg(self.data());
        let port = self.port.to_string();
        keeper.args(["-h", "127.0.0.1", "-p", &port, "-k", ""]);
        // The tests kill our process, not the machine: nothing needs to reach the disk.
        keeper.args(["-F", "-c", "shared_buffers=16MB", "-c", "max_connections=200"]);
        keeper
            .current_dir(&self.dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// `false` when the port was taken.
    fn is_ready(&self) -> bool {
        let deadline = Instant::now() + START_WITHIN;
        loop {
            let ready = self.client("pg_isready").stdout(Stdio::null()).status().unwrap();
            let log = self.log();
            if log.contains("could not create any TCP/IP sockets") {
                return false;
            }
            if ready.success() && log.contains("database system is ready to accept connections") {
                return true;
            }
            assert!(Instant::now() < deadline, "PostgreSQL did not start: {log}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn client(&self, program: &str) -> Command {
        let mut client = Command::new(self.bin.join(program));
        client
            .env("PGHOST", "127.0.0.1")
            .env("PGPORT", self.port.to_string())
            .env("PGUSER", USER)
            .env("PGPASSWORD", PASSWORD);
        client
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        match self.keeper.take() {
            // Closes the keeper's standard input, which stops the server and removes its files.
            Some(mut keeper) => drop(keeper.wait()),
            None => drop(fs::remove_dir_all(&self.dir)),
        }
    }
}

/// The newest version that Debian has installed, or the one on the path.
fn installed() -> Option<PathBuf> {
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = debian
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .max();
    let on_path = || std::env::split_paths(&std::env::var_os("PATH")?).find(|dir| dir.join("initdb").exists());
    newest
        .map(|(_, bin)| bin)
        .filter(|bin| bin.join("initdb").exists())
        .or_else(on_path)
}

/// Whether this process may do everything, and PostgreSQL therefore needs another user.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

fn as_server_user(program: PathBuf) -> Command {
    if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Runs it to its end.
fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|e| panic!("{}: {e}", name(command)));
    let mut said = String::new();
    write!(
        said,
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
    .unwrap();
    assert!(output.status.success(), "{} failed: {said}", name(command));
}

fn name(command: &Command) -> String {
    Path::new(command.get_program()).display().to_string()
}
