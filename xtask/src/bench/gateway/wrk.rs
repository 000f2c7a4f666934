//! The load: wrk on a core of its own, bounded in time and connections.

use crate::{failure::Failure, process::Cmd};

/// What wrk counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Load {
    pub(super) requests: f64,
    pub(super) requests_per_s: f64,
    pub(super) p50_ms: f64,
    pub(super) p99_ms: f64,
    /// Answers outside 2xx and 3xx, and socket errors.
    pub(super) errors: f64,
}

pub(super) fn load(port: u16, connections: u32, seconds: u32, core: &str) -> Result<Load, Failure> {
    let wrk = Cmd::new("wrk")
        .args(["--latency", "--threads", "1"])
        .args(["--connections".into(), connections.to_string()])
        .args(["--duration".into(), format!("{seconds}s")])
        .arg(format!("http://127.0.0.1:{port}/"));
    let output = super::pinned(wrk, core).output()?;
    parse(&output).ok_or_else(|| Failure::Unreadable {
        what: "the output of wrk".into(),
        why: output,
    })
}

fn parse(output: &str) -> Option<Load> {
    let field = |start: &str| output.lines().find_map(|line| line.trim().strip_prefix(start)).map(str::trim);
    let requests = output
        .lines()
        .find_map(|line| line.trim().split_once(" requests in "))
        .and_then(|(count, _)| count.parse().ok())?;
    let refused = field("Non-2xx or 3xx responses:")
        .and_then(|count| count.parse::<f64>().ok())
        .unwrap_or(0.0);
    let broken: f64 = field("Socket errors:").map_or(0.0, |counts| {
        counts
            .split(',')
            .filter_map(|part| part.trim().rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    });
    Some(Load {
        requests,
        requests_per_s: field("Requests/sec:")?.parse().ok()?,
        p50_ms: milliseconds(field("50%")?)?,
        p99_ms: milliseconds(field("99%")?)?,
        errors: refused + broken,
    })
}

/// `812.00us`, `1.25ms`, `1.00s`, `2.00m`.
fn milliseconds(text: &str) -> Option<f64> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let value: f64 = text[..unit].parse().ok()?;
    let factor = match &text[unit..] {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        _ => return None,
    };
    Some(value * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Captured from wrk 4.1.0 on Debian 12.
    const OUTPUT: &str = "Running 5s test @ http://127.0.0.1:40123/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.71ms  226.99us   8.04ms   87.24%
    Req/Sec    37.42k     1.20k   39.12k    80.00%
  Latency Distribution
     50%    1.69ms
     75%    1.80ms
     90%    1.90ms
     99%    2.45ms
  186213 requests in 5.00s, 39.24MB read
Requests/sec:  37230.35
Transfer/sec:      7.85MB
";

    #[test]
    fn the_figures_are_read() {
        let load = parse(OUTPUT).unwrap();
        assert_eq!(
            load,
            Load {
                requests: 186_213.0,
                requests_per_s: 37_230.35,
                p50_ms: 1.69,
                p99_ms: 2.45,
                errors: 0.0
            }
        );
    }

    #[test]
    fn errors_of_both_kinds_add_up() {
        let output = format!("{OUTPUT}  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 10\n");
        assert_eq!(parse(&output).map(|load| load.errors), Some(14.0));
    }

    #[test]
    fn every_unit_of_time_is_known() {
        assert_eq!(milliseconds("812.00us"), Some(0.812));
        assert_eq!(milliseconds("1.50s"), Some(1_500.0));
        assert_eq!(milliseconds("2.00m"), Some(120_000.0));
        assert_eq!(milliseconds("12"), None);
    }
}
