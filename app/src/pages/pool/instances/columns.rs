//! The columns in their order, and which of them have a source.

use model::{InstanceRow, LoadReport};

use crate::url::Column;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceColumn {
    State,
    Name,
    Zone,
    Share,
    InFlight,
    Requests,
    Errors,
    P50,
    P95,
    P99,
    Cpu,
    Memory,
    Gpu,
    Sessions,
    Weight,
    LastCheck,
    Since,
}

impl InstanceColumn {
    pub const ALL: [Self; 17] = [
        Self::State,
        Self::Name,
        Self::Zone,
        Self::Share,
        Self::InFlight,
        Self::Requests,
        Self::Errors,
        Self::P50,
        Self::P95,
        Self::P99,
        Self::Cpu,
        Self::Memory,
        Self::Gpu,
        Self::Sessions,
        Self::Weight,
        Self::LastCheck,
        Self::Since,
    ];

    pub const fn label(self) -> &'static str {
        match self {
            Self::State => "State",
            Self::Name => "Instance",
            Self::Zone => "Zone",
            Self::Share => "Share",
            Self::InFlight => "In flight",
            Self::Requests => "Requests",
            Self::Errors => "Errors",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Cpu => "CPU",
            Self::Memory => "Memory",
            Self::Gpu => "GPU",
            Self::Sessions => "Sessions",
            Self::Weight => "Weight",
            Self::LastCheck => "Last check",
            Self::Since => "Since",
        }
    }

    pub const fn hint(self) -> &'static str {
        match self {
            Self::State => "Health and intention in one word",
            Self::Name => "Name and address",
            Self::Zone => "Where it runs",
            Self::Share => "Share of the pool's requests, last 10 s",
            Self::InFlight => "Requests being answered",
            Self::Requests => "Finished requests a second",
            Self::Errors => "5xx and failed, of all finished",
            Self::P50 | Self::P95 | Self::P99 => "Latency, last 10 s",
            Self::Cpu | Self::Memory | Self::Gpu => "As the instance itself reports it",
            Self::Sessions => "Active sessions, as the instance itself reports them",
            Self::Weight => "Share relative to the others",
            Self::LastCheck => "What the last health check found",
            Self::Since => "Time in this state",
        }
    }
}

impl Column for InstanceColumn {
    const DEFAULT: Self = Self::Name;

    fn all() -> &'static [Self] {
        &Self::ALL
    }

    fn id(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Name => "name",
            Self::Zone => "zone",
            Self::Share => "share",
            Self::InFlight => "in_flight",
            Self::Requests => "requests",
            Self::Errors => "errors",
            Self::P50 => "p50",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::Cpu => "cpu",
            Self::Memory => "memory",
            Self::Gpu => "gpu",
            Self::Sessions => "sessions",
            Self::Weight => "weight",
            Self::LastCheck => "check",
            Self::Since => "since",
        }
    }

    fn is_number(self) -> bool {
        !matches!(self, Self::State | Self::Name | Self::Zone | Self::LastCheck)
    }
}

/// The columns that at least one instance has a value for; the others are left out, not drawn empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown([bool; InstanceColumn::ALL.len()]);

impl Default for Shown {
    fn default() -> Self {
        Self::of(&[])
    }
}

impl Shown {
    pub fn of(rows: &[InstanceRow]) -> Self {
        let reported = |has: fn(&LoadReport) -> bool| rows.iter().any(|r| r.load.as_ref().is_some_and(has));
        Self(InstanceColumn::ALL.map(|column| match column {
            InstanceColumn::Zone => rows.iter().any(|r| r.zone.is_some()),
            InstanceColumn::Cpu => reported(|l| l.cpu.is_some()),
            InstanceColumn::Memory => reported(|l| l.memory.is_some()),
            InstanceColumn::Gpu => reported(|l| l.gpu.is_some()),
            InstanceColumn::Sessions => reported(|l| l.sessions.is_some()),
            _ => true,
        }))
    }

    pub const fn has(self, column: InstanceColumn) -> bool {
        self.0[column as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{super::order::tests::row, *};

    #[test]
    fn a_column_without_a_source_is_left_out() {
        let mut rows = [row("a"), row("b")];
        assert!(!Shown::of(&rows).has(InstanceColumn::Zone) && Shown::of(&rows).has(InstanceColumn::Weight));
        rows[1].zone = Some("eu".into());
        assert!(Shown::of(&rows).has(InstanceColumn::Zone) && !Shown::of(&rows).has(InstanceColumn::Cpu));
    }

    #[test]
    fn columns_stand_where_their_number_says() {
        assert!(
            InstanceColumn::ALL
                .into_iter()
                .enumerate()
                .all(|(at, column)| column as usize == at)
        );
    }
}
