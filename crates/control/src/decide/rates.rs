//! From cumulative counters to rates.

use model::{Counters, Totals, Window};

/// What was counted between two observations. A counter that went back means a restart: what it shows now is what happened since.
pub fn delta(before: &Counters, now: &Counters) -> Counters {
    let restarted = now.requests < before.requests;
    let field = |b: u64, n: u64| if restarted || n < b { n } else { n - b };
    Counters {
        requests: field(before.requests, now.requests),
        status_2xx: field(before.status_2xx, now.status_2xx),
        status_3xx: field(before.status_3xx, now.status_3xx),
        status_4xx: field(before.status_4xx, now.status_4xx),
        status_5xx: field(before.status_5xx, now.status_5xx),
        failed: field(before.failed, now.failed),
        bytes_sent: field(before.bytes_sent, now.bytes_sent),
    }
}

/// Counters of one thing at three moments, for [`totals`].
#[derive(Debug, Clone, Copy)]
pub struct Moments<'a> {
    pub now: &'a Counters,
    /// One collection ago, and the seconds since.
    pub last: Option<(&'a Counters, f64)>,
    /// At the beginning of the window that error shares are taken over (about 10 s ago).
    pub window: Option<&'a Counters>,
}

/// Requests and errors per second since the last collection; the share of errors over the longer window, because a share of the few
/// requests of one second jumps.
pub fn totals(moments: Moments<'_>, in_flight: u32, window: Window) -> Totals {
    let per_second = |count: u64, seconds: f64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
    let (requests_per_s, errors_per_s) = moments.last.map_or((0.0, 0.0), |(last, seconds)| {
        let d = delta(last, moments.now);
        (per_second(d.requests, seconds), per_second(d.errors(), seconds))
    });
    let errors_percent = moments.window.and_then(|window| {
        let d = delta(window, moments.now);
        (d.requests > 0).then(|| 100.0 * d.errors() as f64 / d.requests as f64)
    });
    Totals {
        requests_per_s,
        errors_per_s,
        errors_percent,
        in_flight,
        latency: window.latency,
        requests: moments.now.requests,
    }
}

/// Adds up, for the figures over all pools; stops at what 64 bits hold.
pub fn add(a: &Counters, b: &Counters) -> Counters {
    Counters {
        requests: a.requests.saturating_add(b.requests),
        status_2xx: a.status_2xx.saturating_add(b.status_2xx),
        status_3xx: a.status_3xx.saturating_add(b.status_3xx),
        status_4xx: a.status_4xx.saturating_add(b.status_4xx),
        status_5xx: a.status_5xx.saturating_add(b.status_5xx),
        failed: a.failed.saturating_add(b.failed),
        bytes_sent: a.bytes_sent.saturating_add(b.bytes_sent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(requests: u64, failed: u64) -> Counters {
        Counters {
            requests,
            failed,
            status_2xx: requests - failed,
            ..Counters::default()
        }
    }

    #[test]
    fn rates_come_from_the_last_second_and_shares_from_the_window() {
        let (now, last, window) = (counters(1_000, 20), counters(950, 10), counters(500, 0));
        let t = totals(
            Moments {
                now: &now,
                last: Some((&last, 1.0)),
                window: Some(&window),
            },
            3,
            Window::default(),
        );
        assert!((t.requests_per_s - 50.0).abs() < 1e-9);
        assert!((t.errors_per_s - 10.0).abs() < 1e-9);
        assert!((t.errors_percent.unwrap() - 4.0).abs() < 1e-9);
        assert_eq!(t.in_flight, 3);
    }

    #[test]
    fn nothing_asked_is_no_share_not_zero_percent() {
        let same = counters(7, 0);
        let t = totals(
            Moments {
                now: &same,
                last: Some((&same, 1.0)),
                window: Some(&same),
            },
            0,
            Window::default(),
        );
        assert_eq!(t.errors_percent, None);
    }

    #[test]
    fn a_restarted_counter_counts_from_zero() {
        assert_eq!(delta(&counters(1_000, 5), &counters(30, 1)), counters(30, 1));
    }
}
