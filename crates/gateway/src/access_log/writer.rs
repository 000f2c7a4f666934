//! The thread that writes: what waits goes out together; a full disk costs lines and is said once.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{Receiver, RecvTimeoutError, sync_channel},
    },
    thread,
    time::Duration,
};

use tracing::{info, warn};

use super::LogTarget;

/// What is written at once, about.
const BATCH_BYTES: usize = 64 * 1024;
/// How often an idle writer looks for orders that did not wake it.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Lines name clients: for the owner and the group, which is the one of who rotates and reads.
const MODE: u32 = 0o640;

/// What the writer shall do beside writing.
#[derive(Debug, Default)]
pub(super) struct Orders {
    reopen: AtomicBool,
    end: AtomicBool,
}

impl Orders {
    pub(super) fn reopen(&self) {
        self.reopen.store(true, Ordering::Release);
    }

    pub(super) fn end(&self) {
        self.end.store(true, Ordering::Release);
    }
}

/// Tells when the writer has ended.
#[derive(Debug)]
pub(super) struct Done(Receiver<()>);

impl Done {
    pub(super) fn wait(self, limit: Duration) {
        if self.0.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            warn!("the access log is stuck; its last lines are lost");
        }
    }
}

pub(super) enum Sink {
    Stdout,
    File(PathBuf, File),
    #[cfg(test)]
    Other(Box<dyn Write + Send>),
}

impl Sink {
    pub(super) fn open(target: &LogTarget) -> io::Result<Self> {
        match target {
            LogTarget::Stdout => Ok(Self::Stdout),
            LogTarget::File(path) => Ok(Self::File(path.clone(), append_to(path)?)),
        }
    }

    fn reopen(&mut self) {
        if let Self::File(path, file) = self {
            match append_to(path) {
                Ok(opened) => *file = opened,
                Err(error) => warn!(file = %path.display(), %error, "the access log cannot be opened again; it goes on in the old file"),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes)?;
                stdout.flush()
            }
            Self::File(_, file) => file.write_all(bytes),
            #[cfg(test)]
            Self::Other(other) => other.write_all(bytes),
        }
    }
}

fn append_to(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(MODE).open(path)
}

pub(super) fn start(sink: Sink, queue: Receiver<String>, orders: Arc<Orders>, dropped: Arc<AtomicU64>) -> io::Result<Done> {
    // Its end, whatever the reason, is the end of this. The queue has ended before it: who waited finds nobody who takes lines.
    let (ended, done) = sync_channel(0);
    let writer = Writer {
        sink,
        orders,
        dropped,
        batch: Vec::with_capacity(BATCH_BYTES),
        lines: 0,
        is_failing: false,
    };
    thread::Builder::new().name("access-log".to_owned()).spawn(move || {
        writer.run(queue);
        drop(ended);
    })?;
    Ok(Done(done))
}

struct Writer {
    sink: Sink,
    orders: Arc<Orders>,
    dropped: Arc<AtomicU64>,
    batch: Vec<u8>,
    /// In the batch.
    lines: u64,
    is_failing: bool,
}

impl Writer {
    fn run(mut self, queue: Receiver<String>) {
        loop {
            let ends = self.orders.end.load(Ordering::Acquire);
            match queue.recv_timeout(if ends { Duration::ZERO } else { LOOK_EVERY }) {
                Ok(line) => self.take(&line),
                Err(RecvTimeoutError::Timeout) if !ends => {}
                Err(_) => return,
            }
            while self.batch.len() < BATCH_BYTES {
                match queue.try_recv() {
                    Ok(line) => self.take(&line),
                    Err(_) => break,
                }
            }
            self.write();
            if self.orders.reopen.swap(false, Ordering::AcqRel) {
                self.sink.reopen();
            }
        }
    }

    /// An empty one only wakes.
    fn take(&mut self, line: &str) {
        if !line.is_empty() {
            self.batch.extend_from_slice(line.as_bytes());
            self.lines += 1;
        }
    }

    fn write(&mut self) {
        if self.batch.is_empty() {
            return;
        }
        if self.is_failing {
            // The last write may have stopped within a line.
            self.batch.insert(0, b'\n');
        }
        match self.sink.write(&self.batch) {
            Ok(()) if self.is_failing => {
                self.is_failing = false;
                info!(dropped = self.dropped.load(Ordering::Relaxed), "the access log is written again");
            }
            Ok(()) => {}
            Err(error) => {
                self.dropped.fetch_add(self.lines, Ordering::Relaxed);
                if !self.is_failing {
                    self.is_failing = true;
                    warn!(%error, "the access log cannot be written; its lines are dropped and counted until it can");
                }
            }
        }
        self.batch.clear();
        self.lines = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::sync_channel;

    use parking_lot::Mutex;

    use super::*;

    /// Like a disk that is full for its first writes.
    struct Full {
        for_writes: usize,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.for_writes > 0 {
                self.for_writes -= 1;
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.written.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_costs_lines_and_is_written_again_when_there_is_room() {
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let sink = Sink::Other(Box::new(Full {
            for_writes: 2,
            written: written.clone(),
        }));
        let mut writer = Writer {
            sink,
            orders: Arc::default(),
            dropped: Arc::default(),
            batch: Vec::new(),
            lines: 0,
            is_failing: false,
        };
        for batch in [&["1\n", "2\n"][..], &["3\n"], &["4\n"], &["5\n", "6\n"]] {
            for line in batch {
                writer.take(line);
            }
            writer.write();
        }
        assert_eq!(writer.dropped.load(Ordering::Relaxed), 3);
        assert_eq!(written.lock().as_slice(), b"\n4\n5\n6\n", "a torn line ends before the next");
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_again() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("access.log"), dir.path().join("access.log.1"));
        let (lines, queue) = sync_channel(8);
        let orders = Arc::<Orders>::default();
        let sink = Sink::open(&LogTarget::File(path.clone())).unwrap();
        let done = start(sink, queue, orders.clone(), Arc::default()).unwrap();
        lines.send("before\n".to_owned()).unwrap();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while std::fs::read_to_string(&path).unwrap() != "before\n" {
            assert!(std::time::Instant::now() < deadline, "not written");
            thread::yield_now();
        }
        std::fs::rename(&path, &moved).unwrap();
        orders.reopen();
        lines.send(String::new()).unwrap();
        while !path.exists() {
            assert!(std::time::Instant::now() < deadline, "not opened again");
            thread::yield_now();
        }
        lines.send("after\n".to_owned()).unwrap();
        orders.end();
        done.wait(Duration::from_secs(20));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "after\n");
        assert_eq!(std::fs::read_to_string(&moved).unwrap(), "before\n");
    }
}
