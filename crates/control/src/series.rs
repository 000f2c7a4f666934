//! Measured values over a range: the last hour from memory, what is older from the store, as one line.

use std::sync::Arc;

use model::{ApiError, Resolution, Series, SeriesKey, SeriesQuery, SeriesSet};

use crate::{
    Control,
    access::Viewer,
    decide::{means::Means, rollup::join},
    ports::{Line, RangeQuery, StoreError},
    state::State,
};

/// Fewer than these are no line: smallest, largest, gap.
const POINTS_MIN: usize = 3;

/// A stretch in front of memory that is not worth a question to the store: the ring of an hour is a second shorter than the hour.
/// Nor is it more than a hundredth of the range then.
const NOT_ASKED_MS: i128 = 5_000;

/// A full ring lets go of a row a second while the store is asked, for no longer than this.
const ASKED_FOR_MS: i64 = 60_000;

/// The stretches of a range: up to where the store answers, and from where on memory does. Each may be empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts {
    /// The first moment that memory answers for; beyond the end when it has none of the range.
    memory_from_ms: i64,
    /// 0 when memory has all of it. What the store does not use of them is memory's.
    store_points: usize,
}

/// Points go by time. `memory_since_ms` is the oldest moment in memory.
fn parts(query: &SeriesQuery, memory_since_ms: Option<i64>) -> Parts {
    let points = usize::from(query.points);
    let end = query.to_ms.saturating_add(1);
    let memory_from_ms = memory_since_ms.unwrap_or(i64::MAX).clamp(query.from_ms, end);
    let whole = i128::from(end) - i128::from(query.from_ms);
    let stored = i128::from(memory_from_ms) - i128::from(query.from_ms);
    let share = usize::try_from(points as i128 * stored / whole.max(1)).unwrap_or_default();
    let is_small = stored <= NOT_ASKED_MS && stored.saturating_mul(100) <= whole;
    let store_points = match (stored, memory_from_ms < end) {
        (0, _) => 0,
        (_, true) if is_small => 0,
        (_, false) => points,
        _ => share.clamp(POINTS_MIN, points.saturating_sub(POINTS_MIN).max(POINTS_MIN)),
    };
    Parts {
        memory_from_ms,
        store_points,
    }
}

/// What the store is asked for means before `memory_from_ms`: from, to (left out) and how finely. A coarse bucket that reaches into memory
/// would count twice what is there, so that stretch is asked for as it was measured.
fn stretches(from_ms: i64, memory_from_ms: i64, coarse: Resolution) -> impl Iterator<Item = (i64, i64, Resolution)> {
    let seam_ms = match coarse {
        Resolution::Second => memory_from_ms,
        _ => memory_from_ms.saturating_sub(memory_from_ms.rem_euclid(coarse.ms())),
    };
    let before = (from_ms, seam_ms, coarse);
    let across = (seam_ms.max(from_ms), memory_from_ms, Resolution::Second);
    [before, across].into_iter().filter(|(from, to, _)| from < to)
}

impl Control {
    /// Measured values over a range; at most [`SeriesQuery::MAX_KEYS`] series of [`SeriesQuery::MAX_POINTS`] points. While the database
    /// does not answer, what memory has of the range is the answer.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with the field that is out of its range; [`ApiError::Unavailable`] when only the database has any of it.
    pub async fn series(&self, _who: &Viewer, query: &SeriesQuery) -> Result<SeriesSet, ApiError> {
        check(query)?;
        let since_ms = self.state.ring.read().kept_since_ms();
        let parts = parts(query, since_ms);
        let has_memory = parts.memory_from_ms <= query.to_ms;
        // A database that is known to be away is not waited for.
        let leaving = self.leaving(query, parts);
        let is_away = has_memory && self.state.database.read().failing.is_some();
        let stored = if parts.store_points > 0 && !is_away {
            self.stored(query, parts).await
        } else {
            Ok((Vec::new(), None))
        };
        let (lines, stored_since_ms) = match stored {
            Ok(stored) => stored,
            Err(_) if has_memory => Default::default(),
            Err(error) => return Err(ApiError::unavailable("the history", error)),
        };
        let ring = self.state.ring.read();
        let (mut lines, mut leaving) = (lines.into_iter(), leaving.into_iter());
        let series = query.keys.iter().map(|key| {
            let (earlier, points) = (lines.next().unwrap_or_default(), usize::from(query.points));
            let later = if has_memory {
                let left = points.saturating_sub(earlier.0.len()).max(POINTS_MIN);
                let series = ring.series(key, parts.memory_from_ms, query.to_ms, left);
                join(leaving.next().unwrap_or_default(), (series.times_ms, series.values), left)
            } else {
                Line::default()
            };
            let (times_ms, values) = join(earlier, later, points);
            Series {
                key: key.clone(),
                times_ms,
                values,
            }
        });
        Ok(SeriesSet {
            series: series.collect(),
            kept_since_ms: stored_since_ms.into_iter().chain(since_ms).min(),
        })
    }

    /// The first rows of memory, which may have left it when the store has answered.
    fn leaving(&self, query: &SeriesQuery, parts: Parts) -> Vec<Line> {
        let to_ms = query.to_ms.min(parts.memory_from_ms.saturating_add(ASKED_FOR_MS));
        if parts.store_points == 0 || parts.memory_from_ms > to_ms {
            return Vec::new();
        }
        let ring = self.state.ring.read();
        let lines = query.keys.iter().map(|key| {
            let series = ring.series(key, parts.memory_from_ms, to_ms, usize::from(query.points));
            (series.times_ms, series.values)
        });
        lines.collect()
    }

    async fn stored(&self, query: &SeriesQuery, parts: Parts) -> Result<(Vec<Line>, Option<i64>), StoreError> {
        let (samples, kept) = (&self.state.ports.samples, self.state.retention.samples);
        let oldest = samples.oldest().await?;
        let wanted = kept.resolution(query.from_ms, query.to_ms, query.points, self.state.now_ms());
        let range = RangeQuery {
            keys: query.keys.iter().map(|key| Arc::from(key.to_string())).collect(),
            from_ms: query.from_ms,
            to_ms: parts.memory_from_ms - 1,
            resolution: oldest.reaching(wanted, query.from_ms),
            points: parts.store_points,
        };
        Ok((samples.range(&range).await?, oldest.since_ms()))
    }
}

impl State {
    /// Means of series over `steps` stretches of `step_ms` from `from_ms` on, by key; `None` where nothing was measured.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] when what memory does not have cannot be read.
    pub(crate) async fn means(
        &self,
        keys: &[SeriesKey],
        from_ms: i64,
        step_ms: i64,
        steps: usize,
    ) -> Result<Vec<Vec<Option<f64>>>, ApiError> {
        let mut means = vec![Means::new(from_ms, step_ms, steps); keys.len()];
        let end_ms = from_ms.saturating_add(step_ms.saturating_mul(i64::try_from(steps).unwrap_or(i64::MAX)));
        let memory_from_ms = self.ring.read().kept_since_ms().unwrap_or(i64::MAX).min(end_ms);
        let points = u16::try_from(steps).unwrap_or(u16::MAX);
        let coarse = self.retention.samples.resolution(from_ms, end_ms, points, self.now_ms());
        for (from_ms, to_ms, resolution) in stretches(from_ms, memory_from_ms, coarse) {
            let range = RangeQuery {
                keys: keys.iter().map(|key| Arc::from(key.to_string())).collect(),
                from_ms,
                to_ms: to_ms - 1,
                resolution,
                points: POINTS_MIN,
            };
            let stored = self.ports.samples.buckets(&range).await;
            let stored = stored.map_err(|e| ApiError::unavailable("the history", e))?;
            for (means, buckets) in means.iter_mut().zip(stored) {
                for bucket in buckets.iter().filter(|bucket| bucket.count > 0) {
                    means.add(bucket.at_ms, range.resolution.ms(), f64::from(bucket.mean), bucket.count);
                }
            }
        }
        let ring = self.ring.read();
        for (means, key) in means.iter_mut().zip(keys) {
            ring.add_to(means, key);
        }
        Ok(means.into_iter().map(Means::finish).collect())
    }
}

fn check(query: &SeriesQuery) -> Result<(), ApiError> {
    if query.keys.len() > SeriesQuery::MAX_KEYS {
        return Err(ApiError::invalid(
            "keys",
            format!("at most {} series at once", SeriesQuery::MAX_KEYS),
        ));
    }
    if query.from_ms > query.to_ms {
        return Err(ApiError::invalid("from_ms", "must not lie after to_ms"));
    }
    if !(3..=SeriesQuery::MAX_POINTS).contains(&query.points) {
        return Err(ApiError::invalid(
            "points",
            format!("must be between 3 and {}", SeriesQuery::MAX_POINTS),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::rollup::fold;

    #[test]
    fn after_a_restart_the_newest_means_show_the_newest_load() {
        const MINUTE_MS: i64 = 60_000;
        let noon = 1_795_262_400_000 - 1_795_262_400_000_i64.rem_euclid(900_000);
        let at = |minute: i64| noon + minute * MINUTE_MS;
        let load = |at_ms: i64| if at_ms < at(10) { 1.0 } else { 2.0 };
        let seconds = |from: i64, to: i64| (from..to).step_by(1_000).map(|at_ms| (at_ms, load(at_ms)));
        let key = SeriesKey::total(model::Metric::RequestsPerS);
        let mut ring = crate::history::Ring::new(1_000);
        for (seq, (at_ms, value)) in (1..).zip(seconds(at(1), at(14))) {
            ring.push(seq, at_ms, &[(key.clone(), Some(value))]);
        }
        for coarse in Resolution::ALL {
            let mut means = Means::new(at(-60), 5 * MINUTE_MS, 15);
            let mut weight = 0;
            for (from, to, resolution) in stretches(at(-60), ring.kept_since_ms().unwrap(), coarse) {
                // As the store answers: a bucket that begins in the range, with all of its values.
                let stored = fold(seconds(at(-60), at(14)), resolution);
                for bucket in stored.iter().filter(|b| (from..to).contains(&b.at_ms)) {
                    means.add(bucket.at_ms, resolution.ms(), bucket.mean.into(), bucket.count);
                    weight += bucket.count;
                }
            }
            assert_eq!(weight, 61 * 60, "{coarse:?}: memory has the rest");
            ring.add_to(&mut means, &key);
            let means = means.finish();
            assert_eq!(means[..14], [Some(1.0); 14], "{coarse:?}");
            assert_eq!(means[14], Some(2.0), "{coarse:?}");
        }
    }

    fn of(from_ms: i64, to_ms: i64, points: u16, memory: Option<i64>) -> (i64, usize) {
        let query = SeriesQuery {
            keys: Vec::new(),
            from_ms,
            to_ms,
            points,
        };
        let parts = parts(&query, memory);
        (parts.memory_from_ms, parts.store_points)
    }

    #[test]
    fn points_go_by_time_and_no_stretch_is_left_without() {
        assert_eq!(of(0, 999, 100, Some(0)), (0, 0), "memory has it all");
        assert_eq!(of(0, 999, 100, Some(-5)), (0, 0));
        assert_eq!(of(0, 999, 100, None), (1_000, 100), "memory is empty after a start");
        assert_eq!(of(0, 999, 100, Some(5_000)), (1_000, 100), "all of it is older");
        assert_eq!(of(0, 99_900, 100, Some(25_000)), (25_000, 25));
        assert_eq!(
            of(0, 3_600_000, 600, Some(1_000)),
            (1_000, 0),
            "the last hour comes from memory alone"
        );
        assert_eq!(of(0, 3_600_000, 600, Some(5_001)), (5_001, 3));
        assert_eq!(of(0, 10_000, 100, Some(2_000)), (2_000, 19), "a second counts where there are few");
        assert_eq!(
            of(0, 4_000, 100, Some(9_000)),
            (4_001, 100),
            "of which memory has nothing is asked for, however short"
        );
        assert_eq!(of(0, 999_999, 100, Some(999_999)), (999_999, 97));
        assert_eq!(of(0, 999_999, 100, Some(5_001)), (5_001, 3));
        assert_eq!(of(i64::MIN, i64::MAX, 4, Some(0)).0, 0, "nonsense is no panic");
    }
}
