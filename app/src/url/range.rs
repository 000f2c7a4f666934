//! How far back charts look.

use super::Query;

const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    Minutes5,
    Minutes15,
    #[default]
    Hour1,
    Hours6,
    Hours24,
    Days7,
    Days30,
}

impl Range {
    pub const KEY: &'static str = "range";
    pub const ALL: [Self; 7] = [
        Self::Minutes5,
        Self::Minutes15,
        Self::Hour1,
        Self::Hours6,
        Self::Hours24,
        Self::Days7,
        Self::Days30,
    ];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Minutes5 => "5m",
            Self::Minutes15 => "15m",
            Self::Hour1 => "1h",
            Self::Hours6 => "6h",
            Self::Hours24 => "24h",
            Self::Days7 => "7d",
            Self::Days30 => "30d",
        }
    }

    pub const fn ms(self) -> i64 {
        match self {
            Self::Minutes5 => 5 * 60_000,
            Self::Minutes15 => 15 * 60_000,
            Self::Hour1 => HOUR_MS,
            Self::Hours6 => 6 * HOUR_MS,
            Self::Hours24 => 24 * HOUR_MS,
            Self::Days7 => 7 * 24 * HOUR_MS,
            Self::Days30 => 30 * 24 * HOUR_MS,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Minutes5 => "last 5 minutes",
            Self::Minutes15 => "last 15 minutes",
            Self::Hour1 => "last hour",
            Self::Hours6 => "last 6 hours",
            Self::Hours24 => "last 24 hours",
            Self::Days7 => "last 7 days",
            Self::Days30 => "last 30 days",
        }
    }

    pub fn from_query(query: &Query) -> Self {
        Self::ALL
            .into_iter()
            .find(|r| query.get(Self::KEY) == Some(r.id()))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_round_trips_and_nonsense_is_the_default() {
        for range in Range::ALL {
            assert_eq!(Range::from_query(&Query::default().with("range", range.id())), range);
        }
        assert_eq!(Range::from_query(&Query::default().with("range", "9y")), Range::Hour1);
    }
}
