//! One line of JSON per request, beside the request: a thread of its own writes, and what it cannot take in time is dropped and counted.
//!
//! ```text
//!  proxy ─ entry ─► line (escaped, cut) ─ try_send ─► bounded queue ─► writer ─► file or stdout
//!                                            └ full: dropped, counted
//! ```

mod line;
mod writer;

pub(crate) use line::Entry;

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    time::Duration,
};

use parking_lot::Mutex;

use self::writer::{Done, Orders, Sink};

/// Which requests are written, and where to.
#[derive(Debug, Clone, PartialEq)]
pub struct AccessLogConfig {
    pub to: LogTarget,
    /// The share of requests that is written, 0 to 1. Failures (5xx, or no answer though the client was there) always are.
    pub sample: f64,
    /// From this duration on a request is always written; zero: no duration is special.
    pub slow: Duration,
    /// Write the query of the target too. It often holds what nobody else may read.
    pub query: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    Stdout,
    /// Appended to; opened again by [`crate::Gateway::reload`], after it was moved away.
    File(PathBuf),
}

/// Lines that wait for the writer. At 4 KiB, about the longest, 16 MiB.
const QUEUE_LINES: usize = 4096;
/// How long the end waits for the writer, which may hang on a full pipe.
const END_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct AccessLog {
    config: AccessLogConfig,
    lines: SyncSender<String>,
    orders: Arc<Orders>,
    dropped: Arc<AtomicU64>,
    done: Mutex<Option<Done>>,
}

impl AccessLog {
    /// Opens the file, so that a wrong path is known at the start.
    pub(crate) fn open(config: &AccessLogConfig) -> io::Result<Self> {
        Self::to(Sink::open(&config.to)?, config.clone())
    }

    fn to(sink: Sink, config: AccessLogConfig) -> io::Result<Self> {
        let (lines, queue) = sync_channel(QUEUE_LINES);
        let orders = Arc::<Orders>::default();
        let dropped = Arc::<AtomicU64>::default();
        let done = writer::start(sink, queue, orders.clone(), dropped.clone())?;
        Ok(Self {
            config,
            lines,
            orders,
            dropped,
            done: Mutex::new(Some(done)),
        })
    }

    /// Whether a request that ended so is to be written.
    pub(crate) fn wants(&self, failed: bool, took: Duration) -> bool {
        let slow = !self.config.slow.is_zero() && took >= self.config.slow;
        failed || slow || rand::random::<f64>() < self.config.sample
    }

    pub(crate) fn shows_query(&self) -> bool {
        self.config.query
    }

    /// Never waits.
    pub(crate) fn write(&self, entry: &Entry<'_>) {
        match self.lines.try_send(entry.in_a_line()) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Lines that were not written: the queue or the disk was full.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Opens the file anew, after what is written already.
    pub(crate) fn reopen(&self) {
        self.orders.reopen();
        self.wake();
    }

    /// Writes what waits, within a limit. What comes later is dropped.
    pub(crate) fn close(&self) {
        self.orders.end();
        self.wake();
        if let Some(done) = self.done.lock().take() {
            done.wait(END_WITHIN);
        }
    }

    /// A full queue needs no waking.
    fn wake(&self) {
        let _full = self.lines.try_send(String::new());
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::mpsc::{Receiver, Sender, channel},
    };

    use super::*;

    /// Takes one write per permit.
    struct Gate(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _closed = self.0.recv();
            self.1.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn config(sample: f64) -> AccessLogConfig {
        AccessLogConfig {
            to: LogTarget::Stdout,
            sample,
            slow: Duration::from_millis(100),
            query: false,
        }
    }

    fn gated(sample: f64) -> (AccessLog, Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (permit, permits) = channel();
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let log = AccessLog::to(Sink::Other(Box::new(Gate(permits, written.clone()))), config(sample)).unwrap();
        (log, permit, written)
    }

    #[test]
    fn a_stuck_writer_costs_lines_and_nobody_waits_for_it() {
        let (log, permit, written) = gated(1.0);
        let offered = (QUEUE_LINES * 3) as u64;
        for _ in 0..offered {
            log.write(&Entry::default());
        }
        let dropped = log.dropped();
        assert!(dropped >= offered - 2 * QUEUE_LINES as u64 && dropped < offered, "{dropped}");
        drop(permit);
        log.close();
        let lines = String::from_utf8(written.lock().clone()).unwrap().lines().count() as u64;
        assert_eq!(lines + log.dropped(), offered, "each line is written or counted");
        log.write(&Entry::default());
        assert_eq!(log.dropped(), offered - lines + 1, "after the end nothing is taken");
    }

    #[test]
    fn failures_and_slow_requests_are_always_written() {
        let (log, _permit, _) = gated(0.0);
        let (quick, slow) = (Duration::from_millis(99), Duration::from_millis(100));
        assert!(log.wants(true, quick) && log.wants(false, slow) && !log.wants(false, quick));
        let (log, _permit, _) = gated(1.0);
        assert!(log.wants(false, quick));
        let (log, _permit, _) = gated(0.25);
        let wanted = (0..4_000).filter(|_| log.wants(false, quick)).count();
        assert!((800..1_200).contains(&wanted), "{wanted} of 4000 at a quarter");
    }
}
