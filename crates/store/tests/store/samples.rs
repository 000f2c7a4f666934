//! Measured values on both databases: whatever comes in whatever order, the real store answers as the twin that keeps everything; a killed
//! process has lost nothing that was acknowledged.

use std::sync::Arc;

use control::ports::{KeptTable, RangeQuery, SampleRow, Samples, Upkeep};
use model::Resolution;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, TestRunner},
};
use rand::Rng;
use sqlx::{AssertSqlSafe, Connection, Executor, SqliteConnection};
use store::{Store, StoreConfig};
use testkit::MemoryStore;

use crate::{
    child,
    support::{Opened, postgres, sqlite},
};

/// Each case is tens of transactions with an fsync each.
const CASES: u32 = 24;

const START_MS: i64 = 1_795_200_000_000;
const KEYS: [&str; 4] = ["a", "b@web", "c@web/web-1", "d"];

/// What happens to a store.
#[derive(Debug, Clone)]
enum Step {
    /// So many rows follow, a second apart; then the clock moves by so much, backwards too.
    Rows {
        count: usize,
        values: Vec<Option<f32>>,
        jump_ms: i64,
    },
    Compact,
    /// The process ends and starts again.
    Restart,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let value = prop_oneof![
        4 => (-1_000_i32..1_000).prop_map(|v| Some(v as f32 * 0.25)),
        1 => Just(None),
        1 => Just(Some(f32::NAN)),
        1 => Just(Some(-0.0)),
        1 => any::<f32>().prop_map(Some),
    ];
    let jump = prop_oneof![
        4 => 0_i64..3_000,
        2 => 60_000_i64..2_000_000,
        1 => -1_500_000_i64..0,
        1 => Just(-1_000_i64),
    ];
    let rows = (1_usize..400, vec(value, 1..40), jump).prop_map(|(count, values, jump_ms)| Step::Rows { count, values, jump_ms });
    vec(prop_oneof![5 => rows, 3 => Just(Step::Compact), 1 => Just(Step::Restart)], 1..12)
}

/// Plays the steps on both, and compares what they answer.
async fn play(opened: &Opened, steps: &[Step]) {
    let (mut store, twin) = (opened.store.clone(), MemoryStore::new());
    let keys: Vec<Arc<str>> = KEYS.map(Arc::from).to_vec();
    let mut at_ms = START_MS;
    for step in steps {
        match step {
            Step::Rows { count, values, jump_ms } => {
                let rows: Vec<SampleRow> = (0..*count)
                    .map(|i| {
                        at_ms += 1_000;
                        let value = |(place, key): (usize, &Arc<str>)| Some((key.clone(), values[(i + place * 3) % values.len()]?));
                        SampleRow {
                            at_ms,
                            values: keys.iter().enumerate().filter_map(value).collect(),
                        }
                    })
                    .collect();
                let (ours, theirs) = (store.record(&rows).await.unwrap(), twin.record(&rows).await.unwrap());
                assert_eq!(ours.rows + ours.repeated, theirs.rows + theirs.repeated);
                at_ms = (at_ms + jump_ms).max(START_MS - 2_000_000);
            }
            Step::Compact => _ = store.compact().await.unwrap(),
            Step::Restart => store = Store::open(&opened.config).await.unwrap(),
        }
    }
    same(&store, &twin, &keys, at_ms).await;
    store.compact().await.unwrap();
    same(&store, &twin, &keys, at_ms).await;
}

async fn same(store: &Store, twin: &MemoryStore, keys: &[Arc<str>], at_ms: i64) {
    for resolution in Resolution::ALL {
        for (from_ms, to_ms, points) in [
            (0, i64::MAX / 4, usize::MAX),
            (at_ms - 700_000, at_ms - 3_333, usize::MAX),
            (at_ms - 4_000_000, at_ms, 50),
        ] {
            let query = RangeQuery {
                keys: keys.to_vec(),
                from_ms,
                to_ms,
                resolution,
                points,
            };
            let (ours, theirs) = (store.buckets(&query).await.unwrap(), twin.buckets(&query).await.unwrap());
            for (ours, theirs) in ours.iter().zip(&theirs) {
                let measured = |all: &[control::decide::rollup::Bucket]| all.iter().filter(|b| b.count > 0).copied().collect::<Vec<_>>();
                assert_eq!(measured(ours), measured(theirs), "{resolution:?} {from_ms}..{to_ms}");
                assert!(ours.iter().filter(|b| b.count > 0).all(|b| b.min <= b.mean && b.mean <= b.max));
            }
            for (times, values) in store.range(&query).await.unwrap() {
                assert!(times.windows(2).all(|w| w[0] < w[1]) && times.len() == values.len() && times.len() <= points);
                assert!(times.iter().all(|t| (from_ms..=to_ms).contains(t)));
            }
        }
    }
}

async fn run(open: impl AsyncFn() -> Opened, cases: u32) {
    let mut runner = TestRunner::new(Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    });
    let handle = tokio::runtime::Handle::current();
    // The cases are blocking code of their own.
    tokio::task::block_in_place(|| {
        runner
            .run(&steps(), |steps| {
                handle.block_on(async { play(&open().await, &steps).await });
                Ok(())
            })
            .unwrap();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_answers_as_the_twin_that_keeps_everything() {
    run(sqlite, CASES).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_answers_as_the_twin_that_keeps_everything() {
    run(postgres, CASES / 4).await;
}

#[tokio::test]
async fn names_of_which_nothing_is_left_leave_and_may_come_back() {
    let opened = sqlite().await;
    let store = &opened.store;
    let row = |at_ms, key: &str| SampleRow {
        at_ms,
        values: vec![(Arc::from(key), 1.0)],
    };
    store.record(&[row(START_MS, "old"), row(START_MS + 900_000, "new")]).await.unwrap();
    store.compact().await.unwrap();
    for resolution in Resolution::ALL {
        store
            .forget(KeptTable::Samples(resolution), START_MS + 20 * 86_400_000)
            .await
            .unwrap();
    }
    assert_eq!(store.forget(KeptTable::Series, 0).await.unwrap(), 1, "the other one is in the tail");
    store.record(&[row(START_MS + 901_000, "old")]).await.unwrap();
    let query = RangeQuery {
        keys: ["old", "new"].map(Arc::from).to_vec(),
        from_ms: 0,
        to_ms: i64::MAX / 4,
        resolution: Resolution::Second,
        points: 100,
    };
    let lines = store.range(&query).await.unwrap();
    // The new number says nothing of the second before, and what follows the last value is a gap.
    assert_eq!(lines[0].1, [None, Some(1.0), None]);
    assert_eq!(lines[0].0[1], START_MS + 901_000);
    assert_eq!(lines[1].0.first(), Some(&(START_MS + 900_000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_are_used_while_names_are_removed_stay() {
    for opened in [sqlite().await, postgres().await] {
        let store = &opened.store;
        let keys: Vec<Arc<str>> = (0..300).map(|n| Arc::from(format!("cpu_percent@web/web-{n}"))).collect();
        let row = |at_ms, keys: &[Arc<str>]| SampleRow {
            at_ms,
            values: keys.iter().map(|key| (key.clone(), value(at_ms))).collect(),
        };
        store.record(&[row(START_MS, &keys), row(START_MS + 900_000, &[])]).await.unwrap();
        store.compact().await.unwrap();
        for resolution in Resolution::ALL {
            let all = START_MS + 20 * 86_400_000;
            store.forget(KeptTable::Samples(resolution), all).await.unwrap();
        }
        // One name after another comes back, from behind: some before their turn to be removed, some after it.
        let come_back = async {
            for (n, key) in (1..).zip(keys.iter().rev()) {
                store
                    .record(&[row(START_MS + 900_000 + n * 1_000, std::slice::from_ref(key))])
                    .await
                    .unwrap();
            }
        };
        let (removed, ()) = tokio::join!(store.forget(KeptTable::Series, 0), come_back);
        removed.unwrap();
        for (n, key) in (1..).zip(keys.iter().rev()) {
            let found: Vec<i64> = all(store, key, Resolution::Second)
                .await
                .iter()
                .filter(|b| b.count > 0)
                .map(|b| b.at_ms)
                .collect();
            assert_eq!(found, [START_MS + 900_000 + n * 1_000], "{key}");
        }
    }
}

/// Damage as a page of the file that went bad would do it.
async fn damage(opened: &Opened, sql: String) {
    let mut other = SqliteConnection::connect(opened.file().to_str().unwrap()).await.unwrap();
    assert!(other.execute(AssertSqlSafe(sql)).await.unwrap().rows_affected() > 0);
}

#[tokio::test]
async fn what_is_damaged_stays_alone() {
    const SLICE_MS: i64 = 900_000;
    let opened = sqlite().await;
    let store = &opened.store;
    let fill = async |from_ms: i64, count: i64| {
        let row = |i: i64| SampleRow {
            at_ms: from_ms + i * 1_000,
            values: ["a", "b"].map(|key| (Arc::from(key), value(from_ms + i * 1_000))).to_vec(),
        };
        store.record(&(0..count).map(row).collect::<Vec<_>>()).await.unwrap();
    };
    let (second, third) = (START_MS + SLICE_MS, START_MS + 2 * SLICE_MS);
    fill(START_MS, 100).await;
    fill(second, 100).await;
    store.compact().await.unwrap();
    fill(third, 100).await;
    // Of `a` the roll-up by the minute, of `b` what was measured, and one second of both.
    for (resolution, series) in [(60_000, 1), (1_000, 2)] {
        let of = format!("resolution_ms = {resolution} AND series = {series} AND slice_ms <= {START_MS}");
        damage(&opened, format!("UPDATE sample_blocks SET data = x'0101ff' WHERE {of}")).await;
    }
    damage(
        &opened,
        format!("UPDATE sample_tail SET data = x'09' WHERE at_ms = {}", second + 7_000),
    )
    .await;
    let counts = async |key, resolution| {
        let buckets = all(store, key, resolution).await;
        let in_slice = |from: i64| {
            let inside = buckets.iter().filter(|b| (from..from + SLICE_MS).contains(&b.at_ms));
            inside.map(|b| b.count).sum::<u32>()
        };
        [START_MS, second, third].map(in_slice)
    };
    assert_eq!(counts("a", Resolution::Second).await, [100, 99, 100]);
    assert_eq!(counts("b", Resolution::Second).await, [0, 99, 100]);

    // Rows that come late touch the damaged blocks, and those that are complete do too.
    fill(START_MS + 200_000, 50).await;
    fill(third + SLICE_MS, 1).await;
    store.compact().await.unwrap();
    assert_eq!(counts("a", Resolution::Second).await, [150, 99, 100]);
    assert_eq!(counts("b", Resolution::Second).await, [50, 99, 100]);
    assert_eq!(
        counts("a", Resolution::Minute).await,
        [150, 99, 100],
        "made anew from what was measured"
    );
    assert_eq!(counts("b", Resolution::TenSeconds).await, [150, 99, 100], "still known here");
    assert_eq!(store.since_ms().await.unwrap(), Some(START_MS));
    assert_eq!(store.newest_ms().await.unwrap(), Some(third + SLICE_MS));
}

/// Rows of one second each, as fast as they are acknowledged; a slice becomes blocks all the time.
pub(crate) async fn measure_for_ever(path: &str) {
    let store = Store::open(&StoreConfig::sqlite(path)).await.unwrap();
    let keys: Vec<Arc<str>> = (0..40).map(|n| Arc::from(format!("cpu_percent@web/web-{n}"))).collect();
    let from = store.since_ms().await.unwrap().map_or(START_MS, |_| i64::MAX);
    let mut at_ms = if from == i64::MAX { newest(&store).await + 30_000 } else { from };
    loop {
        let values = keys.iter().map(|key| (key.clone(), value(at_ms))).collect();
        store.record(&[SampleRow { at_ms, values }]).await.unwrap();
        child::say(&at_ms.to_string());
        store.compact().await.unwrap();
        // Every thirtieth second only, so that slices end often.
        at_ms += 30_000;
    }
}

fn value(at_ms: i64) -> f32 {
    ((at_ms / 1_000) % 1_000) as f32
}

async fn all(store: &Store, key: &str, resolution: Resolution) -> Vec<control::decide::rollup::Bucket> {
    let query = RangeQuery {
        keys: vec![Arc::from(key)],
        from_ms: 0,
        to_ms: i64::MAX / 4,
        resolution,
        points: usize::MAX,
    };
    store.buckets(&query).await.unwrap().remove(0)
}

async fn newest(store: &Store) -> i64 {
    all(store, "cpu_percent@web/web-0", Resolution::Second).await.last().unwrap().at_ms
}

#[tokio::test]
async fn a_killed_process_has_lost_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evenkeel.db").display().to_string();
    for kill in 0..6 {
        let target = path.clone();
        let acknowledged = tokio::task::spawn_blocking(move || measure_until_killed(&target)).await.unwrap();
        let store = Store::open(&StoreConfig::sqlite(&path)).await.unwrap();
        for series in [0, 39] {
            let key = format!("cpu_percent@web/web-{series}");
            let seconds = all(&store, &key, Resolution::Second).await;
            let last = seconds.last().unwrap().at_ms;
            // One row may have been under way: kept, and not yet said.
            assert!(
                last == acknowledged || last == acknowledged + 30_000,
                "kill {kill}: {last} is there, {acknowledged} was said"
            );
            let expected: Vec<i64> = (0..=(last - START_MS) / 30_000).map(|i| START_MS + i * 30_000).collect();
            assert_eq!(
                seconds.iter().map(|b| b.at_ms).collect::<Vec<_>>(),
                expected,
                "each moment once, none missing"
            );
            assert!(seconds.iter().all(|b| b.min.to_bits() == value(b.at_ms).to_bits()));
            for resolution in Resolution::ALL {
                let counted: u32 = all(&store, &key, resolution).await.iter().map(|b| b.count).sum();
                assert_eq!(
                    counted as usize,
                    expected.len(),
                    "no value twice and none missing by {}",
                    resolution.label()
                );
            }
        }
        store.close().await;
    }
}

/// The newest moment that it acknowledged before it was killed at a random one.
fn measure_until_killed(path: &str) -> i64 {
    let mut child = child::command("measure for ever", path).spawn().unwrap();
    let mut said = child::answers(&mut child);
    let enough = rand::rng().random_range(20..120);
    let newest = (&mut said).take(enough).last();
    child.kill().unwrap();
    child.wait().unwrap();
    said.last().or(newest).unwrap().parse().unwrap()
}
