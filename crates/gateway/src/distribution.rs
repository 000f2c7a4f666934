//! Latencies of a histogram as a short list: what a gateway tells about a thousand instances fits in a message.

use std::fmt;

use hdrhistogram::Histogram;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, SeqAccess, Visitor},
};

/// How often which latency was recorded: pairs of µs and count, ascending, each latency the upper end of a bucket that is 1 % wide.
/// Serialised as a flat list in which each latency is written as its distance from the one before: `[1200,5,12,3]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Distribution(Vec<(u64, u64)>);

impl Distribution {
    /// More buckets than a histogram from 1 µs to 1 h with 1 % precision has.
    pub const BUCKETS_MAX: usize = 4_096;
    /// The bucket that an hour falls into ends within 2 % of it.
    const LATENCY_MAX_US: u64 = 3_700_000_000;
    /// A trillion requests of one latency; more are read as so many. Sums over every instance, gateway and window stay far from what 64 bits hold.
    const COUNT_MAX: u64 = 1 << 40;

    /// Ascending pairs of µs and count.
    pub fn pairs(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// How many were recorded.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn add(&mut self, other: &Self) {
        let mut sum = Vec::with_capacity(self.0.len().max(other.0.len()));
        let (mut ours, mut theirs) = (self.0.iter().copied().peekable(), other.0.iter().copied().peekable());
        while let (Some(a), Some(b)) = (ours.peek().copied(), theirs.peek().copied()) {
            sum.push(match a.0.cmp(&b.0) {
                std::cmp::Ordering::Less => a,
                std::cmp::Ordering::Greater => b,
                std::cmp::Ordering::Equal => (a.0, a.1.saturating_add(b.1)),
            });
            if a.0 <= b.0 {
                ours.next();
            }
            if b.0 <= a.0 {
                theirs.next();
            }
        }
        sum.extend(ours);
        sum.extend(theirs);
        self.0 = sum;
    }

    /// What was recorded since it was `before`. One that is smaller anywhere began anew: everything in it is news.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let mut earlier = before.0.iter().copied().peekable();
        let mut grown = Vec::new();
        for &(us, count) in &self.0 {
            match earlier.peek().copied() {
                Some((at, _)) if at < us => return self.clone(),
                Some((at, had)) if at == us => {
                    earlier.next();
                    match count.checked_sub(had) {
                        Some(0) => {}
                        Some(more) => grown.push((us, more)),
                        None => return self.clone(),
                    }
                }
                _ => grown.push((us, count)),
            }
        }
        if earlier.peek().is_some() {
            return self.clone();
        }
        Self(grown)
    }
}

impl From<&Histogram<u64>> for Distribution {
    fn from(histogram: &Histogram<u64>) -> Self {
        let recorded = histogram.iter_recorded();
        Self(recorded.map(|v| (v.value_iterated_to(), v.count_at_value())).collect())
    }
}

impl Serialize for Distribution {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut last = 0;
        serializer.collect_seq(self.0.iter().flat_map(|&(us, count)| {
            let step = us - last;
            last = us;
            [step, count]
        }))
    }
}

impl<'de> Deserialize<'de> for Distribution {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Distribution;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flat list of latency steps and counts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Distribution, A::Error> {
                let (mut pairs, mut us) = (Vec::new(), 0_u64);
                while let Some(step) = list.next_element::<u64>()? {
                    let count: u64 = list.next_element()?.ok_or_else(|| A::Error::custom("a latency without a count"))?;
                    us = us.saturating_add(step);
                    if pairs.len() == Distribution::BUCKETS_MAX {
                        return Err(A::Error::custom("more latencies than a histogram has"));
                    }
                    if step == 0 || us > Distribution::LATENCY_MAX_US || count == 0 {
                        return Err(A::Error::custom("a latency or a count out of range"));
                    }
                    pairs.push((us, count.min(Distribution::COUNT_MAX)));
                }
                Ok(Distribution(pairs))
            }
        }
        deserializer.deserialize_seq(Pairs)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn recorded(values: &[u64]) -> Distribution {
        let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 2).unwrap();
        for value in values {
            histogram.record(*value).unwrap();
        }
        Distribution::from(&histogram)
    }

    fn added(a: &Distribution, b: &Distribution) -> Distribution {
        let mut sum = a.clone();
        sum.add(b);
        sum
    }

    #[test]
    fn what_no_histogram_can_say_is_refused() {
        let bomb = format!("[{}1,1]", "1,1,".repeat(Distribution::BUCKETS_MAX));
        for bad in [
            "[1]",
            "[0,1]",
            "[1,0]",
            "[-1,1]",
            "[1.5,1]",
            "[4000000000,1]",
            "[18446744073709551615,1,5,1]",
            "{}",
            &bomb,
        ] {
            assert!(serde_json::from_str::<Distribution>(bad).is_err(), "{}", &bad[..bad.len().min(60)]);
        }
        assert_eq!(
            serde_json::from_str::<Distribution>("[1200,5,12,3]").unwrap().pairs(),
            [(1_200, 5), (1_212, 3)]
        );
        assert_eq!(
            serde_json::from_str::<Distribution>("[1,99999999999999]").unwrap().pairs(),
            [(1, Distribution::COUNT_MAX)]
        );
    }

    proptest! {
        #[test]
        fn a_distribution_survives_the_way(values in prop::collection::vec(1..3_600_000_000_u64, 0..300)) {
            let distribution = recorded(&values);
            prop_assert_eq!(distribution.len(), values.len() as u64);
            let json = serde_json::to_string(&distribution).unwrap();
            prop_assert_eq!(serde_json::from_str::<Distribution>(&json).unwrap(), distribution);
        }

        #[test]
        fn what_was_added_is_what_came_since(a in prop::collection::vec(1..10_000_u64, 0..100), b in prop::collection::vec(1..10_000_u64, 0..100)) {
            let (a, b) = (recorded(&a), recorded(&b));
            prop_assert_eq!(added(&a, &b), added(&b, &a));
            prop_assert_eq!(added(&a, &b).since(&a), b.clone());
        }
    }

    #[test]
    fn one_that_shrank_began_anew() {
        for (before, now) in [(&[1, 1, 1, 1_000][..], &[5, 5][..]), (&[5, 5, 5], &[5, 5]), (&[5, 9], &[5])] {
            assert_eq!(recorded(now).since(&recorded(before)), recorded(now));
        }
    }
}
