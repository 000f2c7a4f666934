//! A row in words. Compared with the one before, so that a row in which nothing changed is not drawn again.

use model::{InstanceRow, InstanceState, ProcessState, Registered};

use crate::format;

/// Load reports older than this are shown as old.
const REPORT_OLD_MS: i64 = 10_000;
/// Checks older than this show their age.
const CHECK_OLD_MS: i64 = 10_000;
const HEARTBEAT_STEP_MS: i64 = 10_000;

/// A utilisation with its bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gauge {
    pub text: String,
    /// 0 to 100.
    pub bar: u8,
    pub tone: &'static str,
}

/// Of an instance that announced itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub text: String,
    /// Since when, and what it says of itself.
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cells {
    pub id: String,
    pub address: String,
    pub registered: Option<Mark>,
    pub state: InstanceState,
    /// Under the state: what is left to drain, or why the process is not there.
    pub note: Option<String>,
    pub zone: String,
    pub share: Gauge,
    pub in_flight: String,
    pub requests: String,
    pub errors: String,
    pub errors_tone: &'static str,
    pub p50: String,
    pub p95: String,
    pub p99: String,
    pub cpu: Gauge,
    pub memory: Gauge,
    pub gpu: Gauge,
    pub gpu_simulated: bool,
    pub sessions: String,
    pub report_old: bool,
    pub weight: String,
    pub check: String,
    pub check_failed: bool,
    pub since: String,
    pub since_iso: String,
}

impl Cells {
    pub fn new(row: &InstanceRow, now_ms: i64) -> Self {
        let latency = |read: fn(&model::LatencySummary) -> f32| format::millis(row.totals.latency.as_ref().map(read));
        let load = row.load.as_ref();
        let or_missing = |text: Option<String>| text.unwrap_or_else(|| format::MISSING.to_owned());
        Self {
            id: row.id.to_string(),
            address: row.address.to_string(),
            registered: row.registered.as_ref().map(|registered| mark(registered, now_ms)),
            state: row.state,
            note: note(row, now_ms),
            zone: or_missing(row.zone.clone()),
            share: Gauge {
                text: format::percent(row.share_percent),
                bar: bar(row.share_percent.unwrap_or(0.0)),
                tone: "",
            },
            in_flight: format::count(row.totals.in_flight.into()),
            requests: format::rate(row.totals.requests_per_s),
            errors: format::percent(row.totals.errors_percent),
            errors_tone: if row.totals.errors_percent.is_some_and(|e| e > 0.0) {
                "warning"
            } else {
                ""
            },
            p50: latency(|l| l.p50_ms),
            p95: latency(|l| l.p95_ms),
            p99: latency(|l| l.p99_ms),
            cpu: gauge(load.and_then(|l| l.cpu)),
            memory: gauge(load.and_then(|l| l.memory)),
            gpu: gauge(load.and_then(|l| l.gpu)),
            gpu_simulated: load.is_some_and(|l| l.gpu_simulated),
            sessions: or_missing(load.and_then(|l| l.sessions).map(|s| format::count(s.into()))),
            report_old: load.is_some_and(|l| now_ms - l.at_ms > REPORT_OLD_MS),
            weight: row.weight.to_string(),
            check: check(row, now_ms),
            check_failed: row.last_check.as_ref().is_some_and(|c| !c.passed),
            since: format::age_between(row.since_ms, now_ms),
            since_iso: format::iso(row.since_ms),
        }
    }
}

fn mark(registered: &Registered, now_ms: i64) -> Mark {
    let silent_ms = now_ms - registered.heartbeat_at_ms;
    // In steps, so that a row in which nothing else happens is drawn every ten seconds and not every second.
    let text = if silent_ms < HEARTBEAT_STEP_MS {
        "registered".to_owned()
    } else {
        format!(
            "registered, heard of {} ago",
            format::age(silent_ms - silent_ms % HEARTBEAT_STEP_MS)
        )
    };
    let said = [("tags", &registered.tags), ("can", &registered.capabilities)];
    let said = said.into_iter().filter(|(_, words)| !words.is_empty());
    let parts = said.map(|(what, words)| format!("{what}: {}", words.join(", ")));
    let when = format!("Registered {}", format::iso(registered.at_ms));
    Mark {
        text,
        detail: std::iter::once(when).chain(parts).collect::<Vec<_>>().join("; "),
    }
}

fn bar(percent: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before")]
    let bar = percent.clamp(0.0, 100.0) as u8;
    bar
}

/// Amber from 80 %, red from 95 %.
fn gauge(share: Option<f32>) -> Gauge {
    let tone = match share {
        Some(s) if s >= 0.95 => "critical",
        Some(s) if s >= 0.80 => "warning",
        _ => "",
    };
    Gauge {
        text: format::utilisation(share),
        bar: bar(f64::from(share.unwrap_or(0.0)) * 100.0),
        tone,
    }
}

fn note(row: &InstanceRow, now_ms: i64) -> Option<String> {
    if let Some(process) = &row.process {
        match process.state {
            ProcessState::Backoff { next_start_ms } => {
                let why = process.last_exit.as_deref().unwrap_or("exited");
                return Some(format!("{why}; starts again in {}", format::age(next_start_ms - now_ms)));
            }
            ProcessState::Starting => return Some("starting".to_owned()),
            ProcessState::Stopping => return Some("stopping".to_owned()),
            // It is chosen to go, and still needed.
            ProcessState::Draining { .. } if row.state != InstanceState::Drain => return Some("waits to be drained".to_owned()),
            ProcessState::Running | ProcessState::Draining { .. } => {}
        }
    }
    match (row.state, row.totals.in_flight) {
        (InstanceState::Drain, 0) => Some("drained: nothing left".to_owned()),
        (InstanceState::Drain, 1) => Some("1 request left".to_owned()),
        (InstanceState::Drain, left) => Some(format!("{} requests left", format::count(left.into()))),
        _ => None,
    }
}

fn check(row: &InstanceRow, now_ms: i64) -> String {
    match &row.last_check {
        None => "none yet".to_owned(),
        Some(check) if now_ms - check.at_ms > CHECK_OLD_MS => {
            format!("{}, {} ago", check.detail, format::age_between(check.at_ms, now_ms))
        }
        Some(check) if check.passed => format!("{} in {}", check.detail, format::millis(Some(check.took_ms))),
        Some(check) => check.detail.clone(),
    }
}

#[cfg(test)]
mod tests {
    use model::{CheckResult, ProcessObservation};

    use super::{super::order::tests::row, *};

    #[test]
    fn a_draining_instance_tells_what_is_left() {
        let mut draining = row("web-1");
        draining.state = InstanceState::Drain;
        draining.totals.in_flight = 3;
        assert_eq!(Cells::new(&draining, 0).note.unwrap(), "3 requests left");
        draining.totals.in_flight = 0;
        assert_eq!(Cells::new(&draining, 0).note.unwrap(), "drained: nothing left");
    }

    #[test]
    fn a_killed_process_tells_how_it_ended_and_when_it_returns() {
        let mut killed = row("sample-1");
        killed.process = Some(ProcessObservation {
            instance: killed.id.clone(),
            state: ProcessState::Backoff { next_start_ms: 5_000 },
            pid: None,
            restarts: 1,
            address: ([127, 0, 0, 1], 9001).into(),
            started_at_ms: 0,
            ready_at_ms: None,
            was_ready: true,
            last_exit: Some("killed by signal 9 (SIGKILL)".into()),
        });
        assert_eq!(
            Cells::new(&killed, 3_000).note.unwrap(),
            "killed by signal 9 (SIGKILL); starts again in 2 s"
        );
    }

    #[test]
    fn a_second_in_which_nothing_happened_draws_nothing() {
        let mut quiet = row("web-1");
        quiet.last_check = Some(CheckResult {
            at_ms: 59_000,
            took_ms: 1.24,
            passed: true,
            detail: "200".into(),
        });
        assert_eq!(Cells::new(&quiet, 60_000).check, "200 in 1.24 ms");
        assert_eq!(Cells::new(&quiet, 60_000), Cells::new(&quiet, 61_000));
        assert_eq!(Cells::new(&quiet, 80_000).check, "200, 21 s ago");
    }

    #[test]
    fn a_registered_instance_tells_when_it_was_heard_of_and_its_tags() {
        let mut registered = row("web-1");
        registered.registered = Some(Registered {
            at_ms: 0,
            heartbeat_at_ms: 1_000,
            capabilities: vec![],
            tags: vec!["blue".into(), "canary".into()],
        });
        let mark = |now_ms| Cells::new(&registered, now_ms).registered.unwrap();
        assert_eq!(mark(5_000).text, "registered");
        assert_eq!(mark(5_000).detail, "Registered 1970-01-01T00:00:00.000Z; tags: blue, canary");
        assert_eq!(mark(26_000).text, "registered, heard of 20 s ago");
        assert_eq!(mark(21_000), mark(30_000), "in between nothing is drawn");
    }

    #[test]
    fn what_is_not_measured_is_not_zero() {
        let cells = Cells::new(&row("web-1"), 0);
        assert_eq!(
            (cells.p95.as_str(), cells.cpu.text.as_str(), cells.share.text.as_str()),
            ("–", "–", "–")
        );
        assert_eq!(
            gauge(Some(1.2)),
            Gauge {
                text: "120 %".into(),
                bar: 100,
                tone: "critical"
            }
        );
    }
}
