//! Which pools, in which order. Pure.

use std::cmp::Ordering;

use model::{PoolId, PoolRow};

use crate::url::{Column, Sort, by_number};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolColumn {
    State,
    Name,
    Balancer,
    Algorithm,
    Up,
    Requests,
    Errors,
    P95,
    InFlight,
}

impl Column for PoolColumn {
    const DEFAULT: Self = Self::Name;

    fn all() -> &'static [Self] {
        &[
            Self::State,
            Self::Name,
            Self::Balancer,
            Self::Algorithm,
            Self::Up,
            Self::Requests,
            Self::Errors,
            Self::P95,
            Self::InFlight,
        ]
    }

    fn id(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Name => "name",
            Self::Balancer => "balancer",
            Self::Algorithm => "algorithm",
            Self::Up => "up",
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::P95 => "p95",
            Self::InFlight => "in_flight",
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Up | Self::Requests | Self::Errors | Self::P95 | Self::InFlight)
    }
}

fn compare(a: &PoolRow, b: &PoolRow, column: PoolColumn) -> Ordering {
    match column {
        // The worst first: states are ordered so.
        PoolColumn::State => a.state.cmp(&b.state),
        PoolColumn::Name => a.id.cmp(&b.id),
        PoolColumn::Balancer => a.balancer.cmp(&b.balancer),
        PoolColumn::Algorithm => a.algorithm.label().cmp(b.algorithm.label()),
        PoolColumn::Up => a.instances_up.cmp(&b.instances_up),
        PoolColumn::Requests => a.totals.requests_per_s.total_cmp(&b.totals.requests_per_s),
        PoolColumn::Errors => by_number(a.totals.errors_percent, b.totals.errors_percent),
        PoolColumn::P95 => by_number(a.totals.latency.map(|l| l.p95_ms), b.totals.latency.map(|l| l.p95_ms)),
        PoolColumn::InFlight => a.totals.in_flight.cmp(&b.totals.in_flight),
    }
}

/// The pools whose name has `text` in it, sorted; equal ones by name, so that rows do not jump.
pub fn order(pools: &[PoolRow], text: &str, sort: Sort<PoolColumn>) -> Vec<PoolId> {
    let text = text.to_lowercase();
    let mut shown: Vec<&PoolRow> = pools.iter().filter(|p| p.id.as_str().contains(&text)).collect();
    shown.sort_by(|a, b| sort.apply(compare(a, b, sort.column)).then_with(|| a.id.cmp(&b.id)));
    shown.into_iter().map(|p| p.id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use model::{Algorithm, InstanceState, Totals};

    use super::*;

    fn pool(name: &str, errors_percent: Option<f64>) -> PoolRow {
        PoolRow {
            id: name.parse().unwrap(),
            balancer: "gateway".parse().unwrap(),
            algorithm: Algorithm::RoundRobin,
            state: InstanceState::Up,
            instances_up: 1,
            instances_total: 1,
            totals: Totals {
                errors_percent,
                ..Totals::default()
            },
        }
    }

    fn names(sort: Sort<PoolColumn>, text: &str) -> Vec<String> {
        let pools = [
            pool("web", Some(0.0)),
            pool("api", Some(7.5)),
            pool("batch", None),
            pool("auth", Some(0.0)),
        ];
        order(&pools, text, sort).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_worst_errors_come_first_and_equals_keep_their_place() {
        let sort = Sort {
            column: PoolColumn::Errors,
            descending: true,
        };
        assert_eq!(names(sort, ""), ["api", "auth", "web", "batch"]);
    }

    #[test]
    fn the_filter_looks_into_the_name_whatever_the_case() {
        let sort = Sort {
            column: PoolColumn::Name,
            descending: false,
        };
        assert_eq!(names(sort, "A"), ["api", "auth", "batch"]);
        assert_eq!(names(sort, "nothing"), Vec::<String>::new());
    }

    #[test]
    fn every_column_has_an_address_of_its_own() {
        let mut ids: Vec<_> = PoolColumn::all().iter().map(|c| c.id()).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PoolColumn::all().len());
    }
}
