//! What is removed when. The loops go round five hundred times as fast as in earnest: a quarter of an hour passes in two seconds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use control::{
    Control,
    access::Viewer,
    ports::{KeptTable, RangeQuery, SampleRow, Samples, StoreError, Upkeep},
};
use model::{EventFilter, EventKind, Metric, Resolution, SeriesKey, SeriesQuery, Severity};
use testkit::{build, wait_until};

use crate::support::{SOON, World, admin};

const DAY_MS: i64 = 86_400_000;

const INTERVAL: Duration = Duration::from_millis(2);

/// Of nobody else.
const KEY: &str = "in_flight@kept";

fn world() -> World {
    World {
        interval: INTERVAL,
        ..World::new()
    }
}

/// Keeps a value that was measured so long ago.
async fn measured(world: &World, ago_ms: i64) {
    let row = SampleRow {
        at_ms: world.now_ms() - ago_ms,
        values: vec![(Arc::from(KEY), 1.0)],
    };
    world.store.record(&[row]).await.unwrap();
}

/// Values that are left, the oldest first.
async fn left(world: &World, resolution: Resolution) -> Vec<i64> {
    let query = RangeQuery {
        keys: vec![Arc::from(KEY)],
        from_ms: 0,
        to_ms: i64::MAX / 4,
        resolution,
        points: usize::MAX,
    };
    let buckets = world.store.buckets(&query).await.unwrap().remove(0);
    buckets.iter().filter(|b| b.count > 0).map(|b| b.at_ms).collect()
}

fn waits(control: &Control, who: &Viewer, name: &str) -> Option<String> {
    control.loops(who).into_iter().find(|l| l.name == name)?.waits
}

fn rounds(control: &Control, who: &Viewer, name: &str) -> u64 {
    control.loops(who).iter().find(|l| l.name == name).map_or(0, |l| l.rounds)
}

async fn clean_ups(control: &Control, who: &Viewer) -> Vec<Severity> {
    let filter = EventFilter {
        kind: Some(EventKind::CleanedUp),
        ..EventFilter::default()
    };
    let told = control.events(who, &filter, 100).await.unwrap().items;
    told.into_iter().map(|e| e.event.severity).collect()
}

#[tokio::test]
async fn a_clock_that_leaps_ahead_removes_nothing_until_an_admin_says_that_it_is_right() {
    let world = world();
    measured(&world, 1_000).await;
    let (control, running) = world.start().await;
    let (viewer, admin) = admin(&control).await;
    wait_until("the clock was looked at", SOON, async || rounds(&control, &viewer, "clean-up") > 0).await;
    world.clock.advance(430 * DAY_MS);
    wait_until("the loops say so", SOON, async || {
        ["retain", "clean-up"]
            .iter()
            .all(|name| waits(&control, &viewer, name).is_some_and(|why| why.contains("ahead of the time")))
    })
    .await;
    for resolution in Resolution::ALL {
        assert_eq!(left(&world, resolution).await.len(), 1, "{resolution:?}");
    }
    assert!(clean_ups(&control, &viewer).await.is_empty());
    control.clean_up(&admin).await.unwrap();
    assert!(left(&world, Resolution::QuarterHour).await.is_empty());
    wait_until("nothing waits any more", SOON, async || {
        waits(&control, &viewer, "clean-up").is_none()
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_wrong_at_the_start_is_measured_by_what_is_stored() {
    let world = world();
    measured(&world, 1_000).await;
    world.clock.advance(430 * DAY_MS);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    wait_until("the loop says so", SOON, async || {
        waits(&control, &viewer, "clean-up").is_some_and(|why| why.contains("newest stored value"))
    })
    .await;
    wait_until("its time has come", SOON, async || rounds(&control, &viewer, "retain") > 1).await;
    assert_eq!(left(&world, Resolution::Second).await.len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn fine_values_leave_in_time_whatever_becomes_of_compaction() {
    let world = world();
    measured(&world, 3 * 3_600_000).await;
    measured(&world, 1_000).await;
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    // The memory store never has anything to compact.
    wait_until("they have left", SOON, async || left(&world, Resolution::Second).await.len() == 1).await;
    assert_eq!(left(&world, Resolution::TenSeconds).await.len(), 2);
    assert!(clean_ups(&control, &viewer).await.is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_clean_up_that_was_missed_is_made_up_for_and_one_that_fails_is_tried_again() {
    let world = world();
    // A young database has nothing to make up for.
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    wait_until("ten minutes have passed", SOON, async || rounds(&control, &viewer, "clean-up") > 25).await;
    assert!(clean_ups(&control, &viewer).await.is_empty());
    running.stop().await;

    measured(&world, 500 * DAY_MS).await;
    measured(&world, 1_000).await;
    let started = Instant::now();
    let (control, running) = world.start().await;
    world.store.fail_writes(Some(StoreError::Unwritable("the disk is full".into())));
    wait_until("it failed", SOON, async || {
        let loops = control.loops(&viewer);
        loops.iter().any(|l| l.name == "clean-up" && l.failures > 0)
    })
    .await;
    assert!(started.elapsed() >= INTERVAL * 300, "not in the first five minutes");
    world.store.fail_writes(None);
    wait_until("it was done", SOON, async || {
        clean_ups(&control, &viewer).await.contains(&Severity::Info)
    })
    .await;
    assert!(started.elapsed() >= INTERVAL * 900, "ten minutes later");
    assert_eq!(left(&world, Resolution::QuarterHour).await.len(), 1);
    running.stop().await;

    // It is known after a restart.
    let (control, running) = world.start().await;
    let before = clean_ups(&control, &viewer).await.len();
    wait_until("ten minutes have passed", SOON, async || rounds(&control, &viewer, "clean-up") > 25).await;
    assert_eq!(clean_ups(&control, &viewer).await.len(), before);
    running.stop().await;
}

#[tokio::test]
async fn what_the_data_takes_is_counted_once_a_minute_whoever_asks() {
    let world = World {
        interval: Duration::from_millis(50),
        ..World::new()
    };
    let (control, running) = world.start().await;
    let (viewer, admin) = admin(&control).await;
    let series = async || control.data(&viewer).await.unwrap().usage.series;
    wait_until("the first second is kept", SOON, async || {
        world.store.since_ms().await.unwrap().is_some()
    })
    .await;
    let before = series().await;
    measured(&world, 1_000).await;
    assert_eq!(series().await, before);
    wait_until("a minute has passed", SOON, async || series().await > before).await;
    let row = SampleRow {
        at_ms: world.now_ms() - 2_000,
        values: vec![(Arc::from("in_flight@other"), 1.0)],
    };
    world.store.record(&[row]).await.unwrap();
    control.clean_up(&admin).await.unwrap();
    assert!(series().await > before + 1, "counted anew after a clean-up");
    running.stop().await;
}

#[tokio::test]
async fn where_a_fine_resolution_has_nothing_a_coarser_one_answers() {
    let world = world();
    let key = SeriesKey::pool(Metric::InFlight, &build::pool("gone"));
    let rows = (0..200).map(|minute| SampleRow {
        at_ms: world.now_ms() - 10 * DAY_MS + minute * 60_000,
        values: vec![(Arc::from(key.to_string()), 1.0)],
    });
    world.store.record(&rows.collect::<Vec<_>>()).await.unwrap();
    measured(&world, 1_000).await;
    // It was kept for a day then, and is for thirty now.
    world
        .store
        .forget(KeptTable::Samples(Resolution::Minute), world.now_ms() - DAY_MS)
        .await
        .unwrap();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let query = SeriesQuery {
        keys: vec![key],
        from_ms: world.now_ms() - 10 * DAY_MS,
        to_ms: world.now_ms() - 10 * DAY_MS + 200 * 60_000,
        points: 100,
    };
    let set = control.series(&viewer, &query).await.unwrap();
    assert!(set.series[0].values.len() >= 10, "{:?}", set.series[0]);
    running.stop().await;
}
