//! What processes and files take, as the kernel and SQLite tell it.

use std::path::Path;

/// The unit of /proc/…/stat (`sysconf(_SC_CLK_TCK)`, 100 on every Linux there is).
const US_PER_TICK: f64 = 10_000.0;

/// CPU time of a process, user and system, since this was made.
pub(crate) struct Cpu {
    stat: String,
    ticks: u64,
}

impl Cpu {
    pub(crate) fn of_this_process() -> Self {
        Self::of("/proc/self/stat".to_owned())
    }

    pub(crate) fn of_process(id: u32) -> Self {
        Self::of(format!("/proc/{id}/stat"))
    }

    fn of(stat: String) -> Self {
        let ticks = ticks(&stat);
        Self { stat, ticks }
    }

    pub(crate) fn elapsed_us(&self) -> f64 {
        (ticks(&self.stat) - self.ticks) as f64 * US_PER_TICK
    }
}

/// The 14th and 15th field, counted behind the name, which may hold anything in its brackets (proc(5)).
fn ticks(stat: &str) -> u64 {
    let text = std::fs::read_to_string(stat).expect("the process runs");
    let (_, fields) = text.rsplit_once(") ").expect("the name stands in brackets");
    fields
        .split(' ')
        .skip(11)
        .take(2)
        .map(|t| t.parse::<u64>().expect("a number"))
        .sum()
}

/// Bytes of all pages of a closed database but those that are free.
pub(crate) fn used_bytes(file: &Path) -> f64 {
    // The header of the file: page size at 16, pages at 28, free pages at 36, big-endian (https://www.sqlite.org/fileformat.html).
    let header = std::fs::read(file).expect("the database is there");
    let number = |at: usize, length: usize| header[at..at + length].iter().fold(0_u64, |n, byte| n << 8 | u64::from(*byte));
    (number(16, 2) * (number(28, 4) - number(36, 4))) as f64
}

pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => folder_bytes(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}
