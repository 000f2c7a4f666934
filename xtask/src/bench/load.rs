//! An open-loop load of GET requests: each is sent when it is due, and its latency counts from then.

use std::{
    collections::BTreeMap,
    fmt,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Requests that wait at once at most: a frozen instance holds a third of the load for two seconds.
const THREADS: usize = 500;
const STACK: usize = 64 * 1024;
/// A client that waits longer has gone.
const PATIENCE: Duration = Duration::from_secs(10);
/// What an operator calls a hiccup.
const HICCUP: Duration = Duration::from_millis(50);

/// What the clients saw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Seen {
    requests: usize,
    failed: usize,
    p50: Duration,
    p99: Duration,
    worst: Duration,
    /// After the trouble began.
    last_hiccup: Option<Duration>,
    /// Answered well within a second.
    within_1s: usize,
    /// Most and fewest of one instance.
    spread: Option<(usize, usize)>,
}

#[derive(Debug, Clone)]
struct One {
    due: Duration,
    latency: Duration,
    ok: bool,
    /// The instance that answered, as it calls itself.
    who: String,
}

/// `lead`: when the trouble begins.
pub(super) fn drive(port: u16, path: &str, per_s: u32, lasts: Duration, lead: Duration) -> Seen {
    let count = per_s * u32::try_from(lasts.as_secs()).unwrap_or(u32::MAX);
    let gap = Duration::from_secs(1) / per_s;
    let next = AtomicU32::new(0);
    let all = Mutex::new(Vec::new());
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            let work = || {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= count {
                        return;
                    }
                    let due = gap * n;
                    thread::sleep(due.saturating_sub(began.elapsed()));
                    let who = get(port, path).ok().flatten();
                    let one = One {
                        due,
                        latency: began.elapsed().saturating_sub(due),
                        ok: who.is_some(),
                        who: who.unwrap_or_default(),
                    };
                    all.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(one);
                }
            };
            // A thread that cannot be started leaves its share to the others.
            let _ = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        }
    });
    Seen::of(&all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner), lead)
}

/// What it was answered with 200, in whole.
fn get(port: u16, path: &str) -> std::io::Result<Option<String>> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.trim().to_owned());
    Ok(body.filter(|_| answer.starts_with("HTTP/1.1 200")))
}

impl Seen {
    fn of(all: &[One], lead: Duration) -> Self {
        let mut latencies: Vec<_> = all.iter().map(|one| one.latency).collect();
        latencies.sort_unstable();
        let quantile = |permille: usize| {
            let at = (latencies.len() * permille).div_ceil(1_000).saturating_sub(1);
            latencies.get(at).copied().unwrap_or_default()
        };
        let hiccups = all.iter().filter(|one| one.due >= lead && (one.latency > HICCUP || !one.ok));
        Self {
            requests: all.len(),
            failed: all.iter().filter(|one| !one.ok).count(),
            p50: quantile(500),
            p99: quantile(990),
            worst: quantile(1_000),
            last_hiccup: hiccups.map(|one| one.due.saturating_sub(lead)).max(),
            within_1s: all.iter().filter(|one| one.ok && one.latency <= Duration::from_secs(1)).count(),
            spread: spread(all),
        }
    }

    /// Share of the requests that were answered well within a second, percent.
    pub(super) fn within_1s_percent(&self) -> f64 {
        self.within_1s as f64 * 100.0 / self.requests.max(1) as f64
    }

    /// Most and fewest requests of one instance.
    pub(super) fn spread(&self) -> (usize, usize) {
        self.spread.unwrap_or_default()
    }

    pub(super) fn p99_ms(&self) -> f64 {
        self.p99.as_secs_f64() * 1_000.0
    }

    pub(super) fn worst_ms(&self) -> f64 {
        self.worst.as_secs_f64() * 1_000.0
    }
}

fn spread(all: &[One]) -> Option<(usize, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in all.iter().filter(|one| one.ok) {
        *counts.entry(&one.who).or_default() += 1;
    }
    Some((*counts.values().max()?, *counts.values().min()?))
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |duration: Duration| duration.as_secs_f64() * 1_000.0;
        let last = self
            .last_hiccup
            .map_or_else(|| "-".to_owned(), |last| format!("{:.0} ms", ms(last)));
        write!(
            f,
            "{:>9} {:>7} {:>9.1} {:>9.1} {:>10.1} {last:>16}",
            self.requests,
            self.failed,
            ms(self.p50),
            ms(self.p99),
            ms(self.worst)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_failures_and_the_last_hiccup() {
        let ms = Duration::from_millis;
        let mut all: Vec<_> = (0..100)
            .map(|n| One {
                due: ms(n * 10),
                latency: ms(1),
                ok: true,
                who: format!("origin-{}", n % 3),
            })
            .collect();
        all[60].latency = ms(200);
        all[70].ok = false;
        all[10].latency = ms(300);
        let seen = Seen::of(&all, ms(500));
        assert_eq!((seen.requests, seen.failed, seen.p50, seen.worst), (100, 1, ms(1), ms(300)));
        assert_eq!(seen.p99, ms(200));
        assert_eq!((seen.within_1s, seen.spread()), (99, (34, 32)));
        assert_eq!(seen.last_hiccup, Some(ms(200)), "the one before the trouble does not count");
    }
}
