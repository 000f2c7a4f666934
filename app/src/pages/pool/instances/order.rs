//! Which instances, in which order. Pure.

use std::cmp::Ordering;

use model::{InstanceId, InstanceRow, LatencySummary, LoadReport};

use super::columns::InstanceColumn;
use crate::url::{Sort, by_number};

fn compare(a: &InstanceRow, b: &InstanceRow, column: InstanceColumn) -> Ordering {
    let latency = |read: fn(&LatencySummary) -> f32| by_number(a.totals.latency.as_ref().map(read), b.totals.latency.as_ref().map(read));
    let load = |read: fn(&LoadReport) -> Option<f32>| by_number(a.load.as_ref().and_then(read), b.load.as_ref().and_then(read));
    match column {
        InstanceColumn::State => a.state.cmp(&b.state),
        InstanceColumn::Name => natural(a.id.as_str(), b.id.as_str()),
        InstanceColumn::Zone => a.zone.cmp(&b.zone),
        InstanceColumn::Share => by_number(a.share_percent, b.share_percent),
        InstanceColumn::InFlight => a.totals.in_flight.cmp(&b.totals.in_flight),
        InstanceColumn::Requests => a.totals.requests_per_s.total_cmp(&b.totals.requests_per_s),
        InstanceColumn::Errors => by_number(a.totals.errors_percent, b.totals.errors_percent),
        InstanceColumn::P50 => latency(|l| l.p50_ms),
        InstanceColumn::P95 => latency(|l| l.p95_ms),
        InstanceColumn::P99 => latency(|l| l.p99_ms),
        InstanceColumn::Cpu => load(|l| l.cpu),
        InstanceColumn::Memory => load(|l| l.memory),
        InstanceColumn::Gpu => load(|l| l.gpu),
        InstanceColumn::Sessions => a.load.and_then(|l| l.sessions).cmp(&b.load.and_then(|l| l.sessions)),
        InstanceColumn::Weight => a.weight.cmp(&b.weight),
        InstanceColumn::LastCheck => {
            let failed = |row: &InstanceRow| row.last_check.as_ref().map(|c| c.passed);
            failed(a).cmp(&failed(b))
        }
        // Longest first means the earliest moment first.
        InstanceColumn::Since => b.since_ms.cmp(&a.since_ms),
    }
}

/// `web-2` before `web-10`: runs of digits compare as numbers.
fn natural(a: &str, b: &str) -> Ordering {
    let split = |s: &str| -> (String, Option<u64>) {
        let digits = s.len() - s.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let (head, tail) = s.split_at(s.len() - digits);
        (head.to_owned(), tail.parse().ok())
    };
    split(a).cmp(&split(b)).then_with(|| a.cmp(b))
}

fn matches(row: &InstanceRow, text: &str) -> bool {
    row.id.as_str().contains(text)
        || row.address.to_string().contains(text)
        || row.state.label().contains(text)
        || row.zone.as_ref().is_some_and(|z| z.to_lowercase().contains(text))
        || row
            .registered
            .as_ref()
            .is_some_and(|r| r.tags.iter().any(|tag| tag.to_lowercase().contains(text)))
}

/// The instances with `text` in name, address, zone, state or tags, sorted; equal ones by name, so that rows do not jump.
pub fn order(rows: &[InstanceRow], text: &str, sort: Sort<InstanceColumn>) -> Vec<InstanceId> {
    let text = text.to_lowercase();
    let mut found: Vec<&InstanceRow> = rows.iter().filter(|r| matches(r, &text)).collect();
    found.sort_by(|a, b| {
        sort.apply(compare(a, b, sort.column))
            .then_with(|| natural(a.id.as_str(), b.id.as_str()))
    });
    found.into_iter().map(|r| r.id.clone()).collect()
}

#[cfg(test)]
pub mod tests {
    use model::{AdminState, InstanceState, Totals, Weight};

    use super::*;

    pub fn row(name: &str) -> InstanceRow {
        InstanceRow {
            id: name.parse().unwrap(),
            address: "127.0.0.1:9001".parse().unwrap(),
            zone: None,
            state: InstanceState::Up,
            since_ms: 0,
            weight: Weight::ONE,
            admin: AdminState::Ready,
            totals: Totals::default(),
            share_percent: None,
            last_check: None,
            load: None,
            breaker: None,
            pinned: None,
            process: None,
            registered: None,
        }
    }

    fn names(rows: &[InstanceRow], text: &str, column: InstanceColumn, descending: bool) -> Vec<String> {
        order(rows, text, Sort { column, descending })
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn names_count_as_people_do() {
        let rows = [row("web-10"), row("web-2"), row("web-1"), row("api")];
        assert_eq!(names(&rows, "", InstanceColumn::Name, false), ["api", "web-1", "web-2", "web-10"]);
    }

    #[test]
    fn the_worst_state_comes_first_and_equals_stay_in_order() {
        let mut rows = [row("a"), row("b"), row("c")];
        rows[2].state = InstanceState::Down;
        assert_eq!(names(&rows, "", InstanceColumn::State, false), ["c", "a", "b"]);
    }

    #[test]
    fn the_filter_knows_states_and_zones() {
        let mut rows = [row("a"), row("b")];
        rows[0].state = InstanceState::Drain;
        rows[1].zone = Some("EU-West".into());
        assert_eq!(names(&rows, "drain", InstanceColumn::Name, false), ["a"]);
        assert_eq!(names(&rows, "eu-w", InstanceColumn::Name, false), ["b"]);
    }

    #[test]
    fn instances_without_a_report_come_last_when_the_busiest_come_first() {
        let mut rows = [row("a"), row("b")];
        rows[1].load = Some(LoadReport {
            at_ms: 0,
            cpu: Some(0.1),
            memory: None,
            gpu: None,
            gpu_simulated: false,
            sessions: None,
        });
        assert_eq!(names(&rows, "", InstanceColumn::Cpu, true), ["b", "a"]);
    }
}
