//! Measured values outlive the console: what memory has and what the store has is one line.

use std::sync::Arc;

use control::ports::{RangeQuery, SampleRow, Samples, StoreError};
use model::{Actor, ApiError, EventKind, Metric, NewEvent, Resolution, Series, SeriesKey, SeriesQuery, Severity};
use testkit::{build, wait_until};

use crate::support::{INTERVAL, SOON, World, admin};

const KEY: SeriesKey = SeriesKey::total(Metric::InstancesUp);

/// What the gateway says of the pool at a moment: something else every second.
fn told(at_ms: i64) -> u32 {
    u32::try_from((at_ms / 1_000) % 997).unwrap()
}

fn tell(world: &World, at_ms: i64) {
    let mut pool = build::pool_observation("web", &["a", "b"]);
    pool.in_flight = told(at_ms);
    world.balancer.set_observation(build::balancer_observation(vec![pool]));
}

fn query(from_ms: i64, to_ms: i64, points: u16) -> SeriesQuery {
    SeriesQuery {
        keys: vec![SeriesKey::pool(Metric::InFlight, &build::pool("web")), KEY],
        from_ms,
        to_ms,
        points,
    }
}

/// Rows of the store, at full resolution.
async fn stored(world: &World) -> Vec<i64> {
    let query = RangeQuery {
        keys: vec![Arc::from(KEY.to_string())],
        from_ms: 0,
        to_ms: i64::MAX / 4,
        resolution: Resolution::Second,
        points: usize::MAX,
    };
    world.store.buckets(&query).await.unwrap()[0].iter().map(|b| b.at_ms).collect()
}

/// Lets the clock run for so many seconds, and waits until each is in the store.
async fn run_for(world: &World, seconds: usize) {
    for _ in 0..seconds {
        tell(world, world.now_ms() + 1_000);
        world.clock.advance(1_000);
        let now_ms = world.now_ms();
        wait_until("the second is kept", SOON, async || stored(world).await.last() == Some(&now_ms)).await;
    }
}

fn has_no_seam(series: &Series, from_ms: i64, to_ms: i64) {
    let expected: Vec<i64> = (from_ms..=to_ms).step_by(1_000).collect();
    let points: Vec<(i64, Option<f32>)> = series.times_ms.iter().copied().zip(series.values.iter().copied()).collect();
    // The ring collects fifty times a second here, so its seconds are far apart for it, which it says a round after each.
    let round_ms = i64::try_from(INTERVAL.as_millis()).unwrap();
    let of_ring = |point: &&(i64, Option<f32>)| point.1.is_none() && (point.0 - from_ms) % 1_000 == round_ms;
    let line: Vec<_> = points.iter().filter(|p| !of_ring(p)).copied().collect();
    assert_eq!(
        line,
        expected.into_iter().map(|at| (at, Some(told(at) as f32))).collect::<Vec<_>>(),
        "every second once"
    );
}

#[tokio::test]
async fn memory_and_store_are_one_line_without_a_seam_also_after_a_restart() {
    let world = World::new();
    let start = world.now_ms();
    tell(&world, start);
    let (_, running) = world.start().await;
    run_for(&world, 20).await;
    running.stop().await;
    // The ring is empty now; the clock goes on where it was.
    world.clock.advance(1_000);
    let again = world.now_ms();
    tell(&world, again);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    run_for(&world, 10).await;
    let now = world.now_ms();
    assert!(again < now);
    for (from, to) in [
        (start, now),
        (again - 5_000, again + 5_000),
        (start, again - 1_000),
        (again, now),
        (again - 1_000, again),
    ] {
        let set = control.series(&viewer, &query(from, to, 2_000)).await.unwrap();
        has_no_seam(&set.series[0], from, to);
    }
    // A long range of which little was measured shows all of that.
    let set = control.series(&viewer, &query(start - 3_600_000, now, 2_000)).await.unwrap();
    has_no_seam(&set.series[0], start, now);
    let set = control.series(&viewer, &query(start, now, 9)).await.unwrap();
    assert!(set.series[0].times_ms.len() <= 9 && set.series[0].times_ms.is_sorted());
    assert_eq!(set.kept_since_ms, Some(start));
    running.stop().await;
}

#[tokio::test]
async fn long_ranges_have_no_seam_either() {
    const WEEK_MS: i64 = 7 * 86_400_000;
    let world = World::new();
    let start = world.now_ms();
    let key: Arc<str> = SeriesKey::pool(Metric::InFlight, &build::pool("web")).to_string().into();
    // As an earlier run left it: every second of six hours, and every ten of the week before.
    let week = (start - WEEK_MS..start - 6 * 3_600_000).step_by(10_000);
    let rows = week.chain((start - 6 * 3_600_000..start).step_by(1_000)).map(|at_ms| SampleRow {
        at_ms,
        values: vec![(key.clone(), told(at_ms) as f32)],
    });
    world.store.record(&rows.collect::<Vec<_>>()).await.unwrap();
    tell(&world, start);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    run_for(&world, 10).await;
    let now = world.now_ms();
    for (length_ms, points, step_ms) in [(6 * 3_600_000 - 60_000, 600, 10_000), (WEEK_MS - 900_000, 600, 900_000)] {
        let set = control.series(&viewer, &query(now - length_ms, now, points)).await.unwrap();
        let line = &set.series[0];
        assert!(line.times_ms.len() > 300, "{} points", line.times_ms.len());
        assert!(line.times_ms.last().is_some_and(|last| now - last < 2_000), "up to now");
        let apart = line.times_ms.windows(2).map(|w| w[1] - w[0]).max().unwrap();
        // Two points of each slice of the thinning are kept.
        assert!(
            (1..=length_ms / i64::from(points) * 4 + 2 * step_ms).contains(&apart),
            "{apart} ms without a point"
        );
        for (&at_ms, value) in line.times_ms.iter().zip(&line.values) {
            let Some(value) = *value else {
                // The ring is collected faster than its clock runs here.
                assert!(at_ms >= start, "a gap at {}", at_ms - start);
                continue;
            };
            let begin = at_ms - at_ms.rem_euclid(step_ms) - 10_000;
            let measured = (begin..=at_ms + step_ms).step_by(1_000);
            assert!(
                measured.into_iter().any(|at| (told(at) as f32 - value).abs() < 0.5),
                "{value} at {}",
                at_ms - start
            );
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn an_outage_of_the_console_is_a_gap_at_every_resolution() {
    let world = World::new();
    let start = world.now_ms();
    let (_, running) = world.start().await;
    run_for(&world, 3).await;
    running.stop().await;
    world.clock.advance(2 * 3_600_000);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    run_for(&world, 3).await;
    for points in [2_000, 20, 3] {
        let set = control.series(&viewer, &query(start, world.now_ms(), points)).await.unwrap();
        let values = &set.series[1].values;
        assert!(values.contains(&None), "{points} points: {values:?}");
        assert!(values.len() <= points.into());
        assert!(values.iter().flatten().all(|v| v.to_bits() == 2.0_f32.to_bits()));
    }
    running.stop().await;
}

#[tokio::test]
async fn values_wait_for_a_database_that_is_away_and_memory_answers_meanwhile() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    run_for(&world, 2).await;
    world.store.fail(Some(StoreError::Unavailable("connection refused".into())));
    let away = world.now_ms() + 1_000;
    for _ in 0..5 {
        tell(&world, world.now_ms() + 1_000);
        world.clock.advance(1_000);
        let now_ms = world.now_ms();
        wait_until("memory has it", SOON, async || control.newest_ms(&viewer) >= now_ms).await;
    }
    wait_until("the loop says so", SOON, async || {
        let loops = control.loops(&viewer);
        loops
            .iter()
            .any(|l| l.name == "samples" && l.error.as_ref().is_some_and(|e| e.contains("connection refused")))
    })
    .await;
    let now = world.now_ms();
    let set = control.series(&viewer, &query(away - 2_000, now, 100)).await.unwrap();
    has_no_seam(&set.series[0], away - 2_000, now);
    let older = control.series(&viewer, &query(0, away - 3_600_000, 100)).await;
    assert!(matches!(older, Err(ApiError::Unavailable { .. })), "{older:?}");
    world.store.fail(None);
    wait_until("everything is kept after all", SOON, async || {
        let stored = stored(&world).await;
        (away..=now).step_by(1_000).all(|at| stored.contains(&at))
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn what_a_source_that_is_down_said_last_is_not_kept() {
    let world = World::new();
    let (_, running) = world.start().await;
    run_for(&world, 2).await;
    world.balancer.set_mode(testkit::Mode::Fails("connection refused".into()));
    run_for(&world, 3).await;
    let measured = RangeQuery {
        keys: vec![Arc::from(SeriesKey::pool(Metric::InFlight, &build::pool("web")).to_string())],
        from_ms: 0,
        to_ms: i64::MAX / 4,
        resolution: Resolution::Second,
        points: usize::MAX,
    };
    let buckets = world.store.buckets(&measured).await.unwrap().remove(0);
    assert_eq!(buckets.last().map(|b| b.count), Some(0), "{buckets:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_clean_up_is_written_down_before_it_removes_anything() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, admin) = admin(&control).await;
    let old = NewEvent {
        at_ms: world.now_ms() - 500 * 86_400_000,
        kind: EventKind::ConsoleStarted,
        severity: Severity::Info,
        pool: None,
        instance: None,
        summary: "The console has started".to_owned(),
        cause: String::new(),
        actor: Actor::system("console"),
    };
    control::ports::Journal::append(&*world.store, vec![old]).await.unwrap();
    world.store.fail_writes(Some(StoreError::Unwritable("the disk is full".into())));
    assert!(matches!(control.clean_up(&admin).await, Err(ApiError::Unavailable { .. })));
    assert!(control.data(&viewer).await.unwrap().last.is_none());
    world.store.fail_writes(None);

    let done = control.clean_up(&admin).await.unwrap();
    assert_eq!(done.by.as_deref(), Some("ada"));
    let removed = |what: &str| done.tables.iter().find(|t| t.what == what).unwrap().rows;
    assert_eq!((removed("events"), removed("samples by 15 min")), (1, 0));
    let data = control.data(&viewer).await.unwrap();
    assert_eq!(data.last, Some(done));
    assert!(data.next_ms > data.now_ms && data.next_ms <= data.now_ms + 25 * 3_600_000);
    let audit = control::ports::Journal::audit(&*world.store, None, 10).await.unwrap().items;
    assert!(audit.iter().any(|a| a.entry.action == "data.clean_up" && a.entry.who == "ada"));
    running.stop().await;
}
