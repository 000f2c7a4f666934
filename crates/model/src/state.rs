//! The state of an instance: what the checks found, and what is shown.

use serde::{Deserialize, Serialize};

/// What the health checks found, before anybody's intention is taken into account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// No check has finished yet; served as if up.
    #[default]
    Unchecked,
    Up,
    /// Still served, but the last checks failed (fewer than `fall`).
    GoingDown,
    Down,
}

impl Health {
    /// Whether the balancer may send requests there.
    pub const fn serves(self) -> bool {
        !matches!(self, Self::Down)
    }
}

/// What the console shows: health and intention in one word. Ordered from worst to best, so that a group shows its minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstanceState {
    Down,
    Ejected,
    /// Its circuit breaker is open.
    BreakerOpen,
    GoingDown,
    /// The source stopped answering; not the same as down.
    Unknown,
    Unchecked,
    Maintenance,
    Drain,
    Up,
}

impl InstanceState {
    pub const ALL: [Self; 9] = [
        Self::Up,
        Self::GoingDown,
        Self::Ejected,
        Self::BreakerOpen,
        Self::Down,
        Self::Drain,
        Self::Maintenance,
        Self::Unknown,
        Self::Unchecked,
    ];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Ejected => "ejected",
            Self::BreakerOpen => "breaker_open",
            Self::GoingDown => "going_down",
            Self::Unknown => "unknown",
            Self::Unchecked => "unchecked",
            Self::Maintenance => "maintenance",
            Self::Drain => "drain",
            Self::Up => "up",
        }
    }

    /// The word beside the icon.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Down => "down",
            Self::Ejected => "ejected",
            Self::BreakerOpen => "breaker open",
            Self::GoingDown => "going down",
            Self::Unknown => "unknown",
            Self::Unchecked => "unchecked",
            Self::Maintenance => "maintenance",
            Self::Drain => "drain",
            Self::Up => "up",
        }
    }

    /// Whether the balancer sends it new requests.
    pub const fn gets_requests(self) -> bool {
        matches!(self, Self::Up | Self::GoingDown | Self::Unchecked)
    }

    /// One sentence for the legend.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Down => "failed its health checks; gets no requests",
            Self::Ejected => "failed too many requests in a row; gets none for a while",
            Self::BreakerOpen => "its circuit breaker is open; gets no requests",
            Self::GoingDown => "failed its last check, but fewer than the pool's fall; still gets requests",
            Self::Unknown => "the source has stopped answering; last known values are shown",
            Self::Unchecked => "no health check has finished yet",
            Self::Maintenance => "taken out by an operator; gets no requests and no checks count",
            Self::Drain => "gets no new requests, finishes those it has",
            Self::Up => "passes its health checks and gets requests",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_member_of_a_group_is_its_minimum() {
        assert_eq!(
            [InstanceState::Up, InstanceState::Down, InstanceState::Drain].into_iter().min(),
            Some(InstanceState::Down)
        );
        assert_eq!(
            [InstanceState::Up, InstanceState::Drain].into_iter().min(),
            Some(InstanceState::Drain)
        );
    }
}
