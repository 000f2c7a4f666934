use std::sync::Arc;

use control::{
    decide::rollup::{Bucket, fold},
    ports::{KeptTable, RangeQuery, Recorded, SampleRow, Samples, Upkeep},
};
use model::Resolution;

use crate::build::NOW_MS;

/// A little before a quarter of an hour ends, so that slices are crossed.
const START_MS: i64 = NOW_MS - NOW_MS.rem_euclid(900_000) + 890_000;

const A: &str = "requests_per_s";
const B: &str = "p95_ms@web";
const C: &str = "cpu_percent@web/web-1";

/// Everything that [`Samples`] promises, and what [`Upkeep`] promises of it.
pub async fn samples(store: Arc<dyn Samples>, upkeep: Arc<dyn Upkeep>) {
    let store = &*store;
    nothing_is_there_at_first(store).await;
    let rows = an_hour_comes_back_at_every_resolution(store).await;
    a_range_is_cut_thinned_and_answers_in_the_order_of_its_keys(store).await;
    a_moment_that_is_there_stands(store, &rows).await;
    late_rows_find_their_place(store).await;
    what_is_not_kept_any_more_leaves_and_the_rest_stays(store, &*upkeep).await;
}

fn query(keys: &[&str], from_ms: i64, to_ms: i64, resolution: Resolution) -> RangeQuery {
    RangeQuery {
        keys: keys.iter().map(|k| Arc::from(*k)).collect(),
        from_ms,
        to_ms,
        resolution,
        points: usize::MAX,
    }
}

fn row(at_ms: i64, values: &[(&str, f32)]) -> SampleRow {
    SampleRow {
        at_ms,
        values: values.iter().map(|(key, value)| (Arc::from(*key), *value)).collect(),
    }
}

async fn nothing_is_there_at_first(store: &dyn Samples) {
    assert_eq!(store.since_ms().await.unwrap(), None);
    assert_eq!(store.record(&[]).await.unwrap(), Recorded::default());
    store.compact().await.unwrap();
    for resolution in Resolution::ALL {
        let lines = store.range(&query(&[A, B], 0, NOW_MS * 2, resolution)).await.unwrap();
        assert_eq!(lines, [(vec![], vec![]), (vec![], vec![])]);
    }
}

/// An hour of seconds, not quite even. `B` is missing now and then and never a number once, `C` comes late, and nobody measured for a while.
fn hour() -> Vec<SampleRow> {
    let rows = (0_u16..3_600).filter(|i| !(1_000..1_200).contains(i)).map(|i| {
        let at_ms = START_MS + i64::from(i) * 1_000 + i64::from(i % 7);
        let mut values = vec![(A, f32::from(i) * 0.1)];
        match i {
            500 => values.push((B, f32::NAN)),
            i if i % 10 < 8 => values.push((B, f32::from(i % 97) - 40.0)),
            _ => {}
        }
        if i > 2_000 {
            values.push((C, 50.0));
        }
        row(at_ms, &values)
    });
    rows.collect()
}

fn measured(rows: &[SampleRow], key: &str) -> Vec<(i64, f32)> {
    let value = |row: &SampleRow| row.values.iter().find(|(k, v)| &**k == key && v.is_finite()).map(|(_, v)| *v);
    rows.iter().filter_map(|row| Some((row.at_ms, value(row)?))).collect()
}

async fn holds(store: &dyn Samples, rows: &[SampleRow], key: &str) {
    let (from, to) = (START_MS - 3_600_000, START_MS + 7_200_000);
    for resolution in Resolution::ALL {
        let found = store.buckets(&query(&[key], from, to, resolution)).await.unwrap().remove(0);
        let found: Vec<Bucket> = found.into_iter().filter(|b| b.count > 0).collect();
        assert_eq!(found, fold(measured(rows, key), resolution), "{key} by {}", resolution.label());
    }
}

async fn an_hour_comes_back_at_every_resolution(store: &dyn Samples) -> Vec<SampleRow> {
    let rows = hour();
    for some in rows.chunks(601) {
        let done = store.record(some).await.unwrap();
        assert_eq!((done.rows, done.repeated, done.refused), (some.len() as u64, 0, 0));
        // Before and after a slice becomes blocks the answer is the same.
        let so_far: Vec<SampleRow> = rows.iter().filter(|r| r.at_ms <= some.last().unwrap().at_ms).cloned().collect();
        holds(store, &so_far, B).await;
        store.compact().await.unwrap();
        store.compact().await.unwrap();
        for key in [A, B, C] {
            holds(store, &so_far, key).await;
        }
    }
    assert_eq!(store.since_ms().await.unwrap(), Some(START_MS));
    rows
}

async fn a_range_is_cut_thinned_and_answers_in_the_order_of_its_keys(store: &dyn Samples) {
    let at = |i: i64| START_MS + i * 1_000 + i % 7;
    let lines = store
        .range(&query(&[B, "nobody", A, B], at(996), at(1_203), Resolution::Second))
        .await
        .unwrap();
    let (times, values) = &lines[0];
    assert_eq!(times[..4], [at(996), at(997), at(998), at(999)]);
    // 996 and 997 were measured, 998 and 999 were not; then nobody measured, which is one gap.
    assert_eq!(values[..5], [Some(-14.0), Some(-13.0), None, None, None]);
    assert_eq!(times[5..], [at(1_200), at(1_201), at(1_202), at(1_203)]);
    assert_eq!((&lines[1], &lines[3]), (&(vec![], vec![]), &lines[0]));
    assert_eq!(lines[2].1.iter().filter(|v| v.is_none()).count(), 1);

    let thin = RangeQuery {
        points: 60,
        ..query(&[A], START_MS, START_MS + 3_600_000, Resolution::Second)
    };
    let (times, values) = store.range(&thin).await.unwrap().remove(0);
    assert!(times.len() <= 60 && times.is_sorted());
    let extremes = values
        .iter()
        .flatten()
        .fold((f32::MAX, f32::MIN), |(lo, hi), v| (lo.min(*v), hi.max(*v)));
    assert_eq!(extremes, (0.0, 359.9));
    assert!(values.contains(&None), "the outage is still to be seen");

    let minutes = query(&[A], START_MS + 90_000, START_MS + 299_000, Resolution::Minute);
    let (times, values) = store.range(&minutes).await.unwrap().remove(0);
    assert!(times.iter().all(|t| (minutes.from_ms..=minutes.to_ms).contains(t)), "{times:?}");
    assert!(times.len() >= 6 && values.iter().all(Option::is_some));
}

async fn a_moment_that_is_there_stands(store: &dyn Samples, rows: &[SampleRow]) {
    let again: Vec<SampleRow> = rows[rows.len() - 5..]
        .iter()
        .map(|r| row(r.at_ms, &[(A, -1.0), (B, -1.0)]))
        .collect();
    let done = store.record(&again).await.unwrap();
    assert_eq!((done.rows, done.repeated), (0, 5));
    holds(store, rows, A).await;
    holds(store, rows, B).await;
}

/// A clock that went back: rows come for a time that was brought into blocks long ago, then for now.
async fn late_rows_find_their_place(store: &dyn Samples) {
    let mut rows = hour();
    let late: Vec<SampleRow> = (990..1_010)
        .map(|i| row(START_MS + i * 1_000 + 500, &[(A, -7.5), (C, 1.0)]))
        .collect();
    let now = row(START_MS + 3_601_000, &[(A, 1.0)]);
    store.record(&late).await.unwrap();
    store.compact().await.unwrap();
    store.record(std::slice::from_ref(&now)).await.unwrap();
    store.compact().await.unwrap();
    rows.extend(late);
    rows.push(now);
    rows.sort_by_key(|r| r.at_ms);
    for key in [A, B, C] {
        holds(store, &rows, key).await;
    }
}

async fn what_is_not_kept_any_more_leaves_and_the_rest_stays(store: &dyn Samples, upkeep: &dyn Upkeep) {
    let whole = query(&[A], START_MS, START_MS + 3_600_000, Resolution::Second);
    let minutes = RangeQuery {
        resolution: Resolution::Minute,
        ..whole.clone()
    };
    let before = store.buckets(&minutes).await.unwrap();
    let from = START_MS + 2_000_000;
    assert!(upkeep.forget(KeptTable::Samples(Resolution::Second), from).await.unwrap() > 0);
    assert_eq!(upkeep.forget(KeptTable::Samples(Resolution::Second), from).await.unwrap(), 0);
    let left = store.buckets(&whole).await.unwrap().remove(0);
    assert_eq!(
        left.first().map(|b| b.at_ms.div_euclid(900_000)),
        Some(from.div_euclid(900_000)),
        "whole slices leave"
    );
    assert_eq!(store.buckets(&minutes).await.unwrap(), before);
    assert_eq!(upkeep.forget(KeptTable::Series, NOW_MS).await.unwrap(), 0, "each has values left");
    assert_eq!(upkeep.usage().await.unwrap().series, 3);
}
