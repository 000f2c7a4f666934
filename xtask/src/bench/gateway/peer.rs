//! A process under measurement: started, waited for, read, and ended by its process id.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{failure::Failure, files, process::Cmd};

/// A proxy that does not answer by then will not.
const READY_LIMIT: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);
/// Linux books CPU time for programs in hundredths of a second, whatever the kernel's own clock (`getconf CLK_TCK`).
const US_PER_TICK: f64 = 10_000.0;

#[derive(Debug)]
pub(in crate::bench) struct Running {
    pub(in crate::bench) name: &'static str,
    pub(in crate::bench) port: u16,
    child: Child,
}

impl Running {
    /// Returns when it answers a request with 200.
    pub(in crate::bench) fn start(name: &'static str, cmd: Cmd, port: u16, folder: &Path) -> Result<Self, Failure> {
        let log = folder.join(format!("{name}.out"));
        let out = File::create(&log).map_err(Failure::file("write", &log))?;
        let err = out.try_clone().map_err(Failure::file("write", &log))?;
        let mut running = Self {
            name,
            port,
            child: cmd.spawn(Stdio::from(out), Stdio::from(err))?,
        };
        let started = Instant::now();
        while !answers(port) {
            let ended = running.child.try_wait().ok().flatten();
            if ended.is_some() || started.elapsed() > READY_LIMIT {
                let said = files::read_text(&log).unwrap_or_default();
                return Err(Failure::Step {
                    what: name,
                    why: format!("does not answer on 127.0.0.1:{port}; it said:\n{}", said.trim()),
                });
            }
            thread::sleep(POLL);
        }
        Ok(running)
    }

    pub(in crate::bench) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Memory of the process that is in use, KiB.
    pub(super) fn resident_kib(&self) -> Result<f64, Failure> {
        let path = format!("/proc/{}/status", self.child.id());
        let text = files::read_text(Path::new(&path))?;
        let resident = text
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix("kB")?.trim().parse().ok());
        resident.ok_or_else(|| Failure::Unreadable {
            what: path,
            why: "it has no VmRSS".into(),
        })
    }

    /// CPU time of the process so far.
    pub(super) fn cpu_us(&self) -> Result<f64, Failure> {
        let path = format!("/proc/{}/stat", self.child.id());
        let text = files::read_text(Path::new(&path))?;
        let ticks = cpu_ticks(&text).ok_or_else(|| Failure::Unreadable {
            what: path,
            why: format!("{text:?}"),
        })?;
        Ok(ticks as f64 * US_PER_TICK)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended is as good as ended by us.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `utime` and `stime` of proc(5): the 14th and 15th field, counted behind the name, which may hold anything in its brackets.
fn cpu_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut times = fields.split(' ').skip(11);
    let user: u64 = times.next()?.parse().ok()?;
    let system: u64 = times.next()?.parse().ok()?;
    Some(user + system)
}

fn answers(port: u16) -> bool {
    let request = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), POLL)?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut start = [0; 12];
        stream.read_exact(&mut start)?;
        Ok(start.ends_with(b"200"))
    };
    request().unwrap_or(false)
}

/// A port that was free a moment ago: the peers cannot tell us a port they chose themselves.
pub(in crate::bench) fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Failure::file("listen on", "127.0.0.1:0"))?;
    Ok(listener
        .local_addr()
        .map_err(Failure::file("read the address of", "127.0.0.1:0"))?
        .port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_read_behind_a_name_with_brackets() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 100 1000 10";
        assert_eq!(cpu_ticks(stat), Some(300));
        assert_eq!(cpu_ticks("nonsense"), None);
    }

    #[test]
    fn this_process_has_used_some_cpu_time() {
        let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
        assert!(cpu_ticks(&stat).is_some());
    }
}
