//! A load at a steady rate, by h2load: what a client waits for when the proxy has room left.

use std::path::Path;

use super::{LOAD_CORE, peer::Running, pinned};
use crate::{failure::Failure, files, process::Cmd};

/// What the clients waited for, ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Steady {
    pub(super) requests_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    pub(super) failed: usize,
}

pub(super) fn load(proxy: &Running, per_s: f64, connections: u32, seconds: u32, folder: &Path) -> Result<Steady, Failure> {
    let log = folder.join("h2load.log");
    // h2load appends.
    files::write(&log, "")?;
    let per_client = (per_s / f64::from(connections)).max(1.0);
    let h2load = Cmd::new("h2load")
        .args(["--h1", "--threads=1"])
        .arg(format!("--clients={connections}"))
        .arg(format!("--rps={per_client:.1}"))
        .arg(format!("--duration={seconds}"))
        .arg(format!("--log-file={}", log.display()))
        .arg(format!("http://127.0.0.1:{}/", proxy.port));
    pinned(h2load, LOAD_CORE).output()?;
    Ok(Steady::of(&files::read_text(&log)?, seconds))
}

impl Steady {
    /// Lines of start, status and duration, us, with tabs between them.
    fn of(log: &str, seconds: u32) -> Self {
        let mut failed = 0;
        let mut took_us = Vec::new();
        for line in log.lines() {
            let mut fields = line.split('\t').skip(1);
            let status = fields.next();
            match fields.next().and_then(|took| took.parse::<f64>().ok()) {
                Some(took) if status == Some("200") => took_us.push(took),
                _ => failed += 1,
            }
        }
        took_us.sort_by(f64::total_cmp);
        let quantile = |percent: usize| {
            let at = (took_us.len() * percent).div_ceil(100).saturating_sub(1);
            took_us.get(at).map_or(f64::NAN, |us| us / 1_000.0)
        };
        Self {
            requests_per_s: took_us.len() as f64 / f64::from(seconds),
            p50_ms: quantile(50),
            p99_ms: quantile(99),
            failed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_answered() {
        let mut lines: Vec<_> = (1..=100).map(|n| format!("17\t200\t{}", n * 1_000)).collect();
        lines.extend(["18\t502\t5".to_owned(), "19\t-1\t7".to_owned()]);
        let steady = Steady::of(&lines.join("\n"), 10);
        assert_eq!(steady.failed, 2);
        let figures = [steady.requests_per_s, steady.p50_ms, steady.p99_ms];
        assert!(
            figures
                .iter()
                .zip([10.0, 50.0, 99.0])
                .all(|(is, should)| (is - should).abs() < 1e-9),
            "{figures:?}"
        );
        assert!(Steady::of("", 1).p99_ms.is_nan());
    }
}
