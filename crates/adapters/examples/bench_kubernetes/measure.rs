//! What the process itself has used, as Linux tells it.

use std::{fs, time::Duration};

/// Resident memory, bytes.
pub(super) fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .and_then(|n| n.parse::<u64>().ok());
    kib.unwrap_or_default() * 1_024
}

/// Processor time of all threads.
pub(super) fn cpu() -> Duration {
    let usage = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(usage.tv_sec).unwrap_or_default(),
        u32::try_from(usage.tv_nsec).unwrap_or_default(),
    )
}

/// The value below which so many of a thousand are.
pub(super) fn per_mille(sorted: &[f64], part: usize) -> f64 {
    let at = (sorted.len() * part / 1_000).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}
