//! Prints what keeping measured values costs, beside Prometheus on the same stream. Run by `cargo xtask bench samples`, or by hand:
//!
//! ```text
//! cargo run --release -p store --example bench_samples
//! ```
//!
//! The stream is 1,000 series at one value a second for an hour, of the kinds that a console measures: rates, shares of errors, quantiles of
//! latency, requests in flight, CPU and memory. Prometheus takes it by remote write, one request a second, as it would from an agent; the
//! CPU time is its own process's, its sender's is not counted. It does not sync its log to the disk, the store does with every second. Its
//! bytes are those of a block it makes of everything it was sent. Writing the month whose panels are read takes some minutes.

mod prometheus;
mod stream;
mod usage;

use std::{path::Path, sync::Arc, time::Instant};

use control::ports::{RangeQuery, SampleRow, Samples, Upkeep};
use model::Resolution;
use store::{Store, StoreConfig};

use self::{stream::Stream, usage::Cpu};

/// A month at one row in five minutes: as many buckets of a quarter of an hour as a month at one row a second has.
const MONTH_ROWS: i64 = 30 * 24 * 12;
const MONTH_STEP_MS: i64 = 300_000;
/// Times that a panel is read; the median counts.
const READS: usize = 15;

#[tokio::main]
async fn main() {
    if cfg!(debug_assertions) {
        println!("debug build: these figures mean nothing; use --release");
    }
    let stream = Stream::new();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let ours = ours(&stream, &folder.path().join("hour.db")).await;
    match prometheus::measure(&stream, &folder.path().join("prometheus")) {
        Ok(theirs) => {
            let ratio = |what: &str, ours: f64, theirs: f64, aim: &str| {
                println!("{what:<52} {ours:>8.2} {theirs:>12.2} {:>8.2} x   {aim}", ours / theirs);
            };
            println!("{:<52} {:>8} {:>12}", "", "Evenkeel", "Prometheus");
            ratio("bytes per sample, the values themselves", ours.fine, theirs.bytes, "");
            ratio("bytes per sample, with three roll-ups", ours.all, theirs.bytes, "aim ≤ 1.0 x");
            ratio("bytes per sample, used pages of the file", ours.file, theirs.bytes, "");
            ratio("CPU per sample, µs", ours.cpu_us, theirs.cpu_us, "aim ≤ 0.5 x");
        }
        Err(why) => {
            println!("Prometheus was not measured: {why}");
            println!(
                "bytes per sample: {:.2}, with roll-ups {:.2}, of the file {:.2}; CPU {:.3} µs",
                ours.fine, ours.all, ours.file, ours.cpu_us
            );
        }
    }
    panels(&folder.path().join("month.db")).await;
}

/// For each sample.
struct Ours {
    fine: f64,
    all: f64,
    file: f64,
    cpu_us: f64,
}

async fn ours(stream: &Stream, file: &Path) -> Ours {
    let store = Store::open(&StoreConfig::sqlite(file)).await.expect("the store opens");
    let rows: Vec<SampleRow> = stream.rows();
    let samples = rows.iter().map(|r| r.values.len()).sum::<usize>() as f64;
    let before = Cpu::of_this_process();
    let started = Instant::now();
    let mut compacting = std::time::Duration::ZERO;
    for row in &rows {
        store.record(std::slice::from_ref(row)).await.expect("the row is kept");
        let began = Instant::now();
        store.compact().await.expect("the rows are compacted");
        compacting += began.elapsed();
    }
    let cpu_us = before.elapsed_us() / samples;
    println!(
        "{samples} samples in {:.1} s, of which {:.1} s are four compactions",
        started.elapsed().as_secs_f64(),
        compacting.as_secs_f64()
    );
    let usage = store.usage().await.expect("the store answers");
    for level in &usage.samples {
        println!(
            "  by {:<7} {:>9} in {:>6} blocks, {:>5.2} bytes each",
            level.resolution.label(),
            level.samples,
            level.blocks,
            level.bytes as f64 / level.samples as f64
        );
    }
    let of = |resolution| usage.samples.iter().find(|s| s.resolution == resolution).map_or(0, |s| s.bytes) as f64;
    let all: f64 = Resolution::ALL.into_iter().map(of).sum();
    store.close().await;
    Ours {
        fine: of(Resolution::Second) / samples,
        all: all / samples,
        file: usage::used_bytes(file) / samples,
        cpu_us,
    }
}

async fn panels(file: &Path) {
    let store = Store::open(&StoreConfig::sqlite(file)).await.expect("the store opens");
    let stream = Stream::new();
    let start = stream::START_MS - MONTH_ROWS * MONTH_STEP_MS;
    let began = Instant::now();
    let mut batch = Vec::new();
    for at in 0..=MONTH_ROWS {
        batch.push(stream.row(start + at * MONTH_STEP_MS, at));
        if batch.len() == 36 || at == MONTH_ROWS {
            store.record(&batch).await.expect("the rows are kept");
            store.compact().await.expect("the rows are compacted");
            batch.clear();
        }
    }
    println!(
        "a month of {} series was written in {:.0} s",
        stream.keys.len(),
        began.elapsed().as_secs_f64()
    );
    for (series, points, aim) in [(1, 600, "≤ 20 ms"), (stream.keys.len(), 300, "≤ 500 ms")] {
        let keys: Vec<Arc<str>> = stream.keys.iter().take(series).cloned().collect();
        let mut took: Vec<f64> = Vec::new();
        let mut values = 0;
        for _ in 0..READS {
            let query = RangeQuery {
                keys: keys.clone(),
                from_ms: start,
                to_ms: stream::START_MS,
                resolution: Resolution::QuarterHour,
                points,
            };
            let began = Instant::now();
            let lines = store.range(&query).await.expect("the store answers");
            took.push(began.elapsed().as_secs_f64() * 1_000.0);
            values = lines.iter().map(|(times, _)| times.len()).sum();
        }
        took.sort_by(f64::total_cmp);
        println!(
            "30-day panel of {series} series ({values} points): {:.1} ms (aim {aim})",
            took[READS / 2]
        );
    }
    store.close().await;
}
