//! How far back charts look.

use super::Query;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Range {
    Minutes5,
    Minutes15,
    #[default]
    Hour1,
}

impl Range {
    pub const KEY: &'static str = "range";
    pub const ALL: [Self; 3] = [Self::Minutes5, Self::Minutes15, Self::Hour1];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Minutes5 => "5m",
            Self::Minutes15 => "15m",
            Self::Hour1 => "1h",
        }
    }

    pub const fn ms(self) -> i64 {
        match self {
            Self::Minutes5 => 5 * 60_000,
            Self::Minutes15 => 15 * 60_000,
            Self::Hour1 => 60 * 60_000,
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Minutes5 => "last 5 minutes",
            Self::Minutes15 => "last 15 minutes",
            Self::Hour1 => "last hour",
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
