use std::time::Duration;

use futures::StreamExt as _;
use model::{ApiError, Frame, FrameId, Metric, SeriesKey, SeriesQuery, ViewData, ViewKey, cluster::ObjectQuery};
use serde_json::json;
use testkit::{MemoryCluster, build, wait_until};

use crate::support::{SOON, World, admin};

fn parse(frame: &control::LiveFrame) -> Frame {
    serde_json::from_slice(&frame.json).unwrap()
}

#[tokio::test]
async fn steady_listeners_share_the_same_bytes() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let mut one = control.subscribe(&viewer, ViewKey::Overview, None).unwrap();
    let mut two = control.subscribe(&viewer, ViewKey::Overview, None).unwrap();
    let (first, _) = (one.next().await.unwrap(), two.next().await.unwrap());
    let (a, b) = (one.next().await.unwrap(), two.next().await.unwrap());
    assert_eq!(a.id.seq, first.id.seq + 1);
    assert_eq!((a.id, a.json.as_ptr()), (b.id, b.json.as_ptr()));
    assert_eq!(parse(&a).tail.times_ms.len(), 1);
    assert!(!a.json.contains(&b'\n'));
    running.stop().await;
}

#[tokio::test]
async fn a_listener_that_was_away_gets_what_it_missed() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let mut one = control.subscribe(&viewer, ViewKey::Overview, None).unwrap();
    let seen = one.next().await.unwrap().id;
    for _ in 0..5 {
        one.next().await.unwrap();
    }
    let mut resumed = control.subscribe(&viewer, ViewKey::Overview, Some(seen)).unwrap();
    let frame = parse(&resumed.next().await.unwrap());
    assert_eq!(frame.tail.times_ms.len() as u64, frame.id.seq - seen.seq);
    assert!(!frame.tail.reset);
    assert!(frame.tail.columns.iter().any(|c| c.key == SeriesKey::total(Metric::RequestsPerS)));

    let other_boot = FrameId {
        boot: seen.boot + 1,
        seq: seen.seq,
    };
    let mut stranger = control.subscribe(&viewer, ViewKey::Overview, Some(other_boot)).unwrap();
    assert!(parse(&stranger.next().await.unwrap()).tail.reset);
    running.stop().await;
}

#[tokio::test]
async fn listeners_start_over_when_the_clock_goes_back() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let mut frames = control.subscribe(&viewer, ViewKey::Overview, None).unwrap();
    frames.next().await.unwrap();
    let before = parse(&frames.next().await.unwrap());
    assert!(!before.tail.reset);
    world.clock.advance(-60_000);
    let after = frames.by_ref().map(|frame| parse(&frame)).take(50);
    let after: Vec<Frame> = after.filter(|frame| std::future::ready(frame.at_ms < before.at_ms)).collect().await;
    assert!(after.first().is_some_and(|frame| frame.tail.reset), "{} frames", after.len());
    assert!(after.last().is_some_and(|frame| !frame.tail.reset), "and go on from there");
    let keys = vec![SeriesKey::total(Metric::InstancesUp)];
    let query = SeriesQuery {
        keys,
        from_ms: before.at_ms - 90_000,
        to_ms: before.at_ms - 60_000,
        points: 100,
    };
    let set = control.series(&viewer, &query).await.unwrap();
    assert!(set.series[0].values.contains(&Some(2.0)), "the chart moves on");
    running.stop().await;
}

#[tokio::test]
async fn streams_end_when_the_console_stops() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let left = control.subscribe(&viewer, ViewKey::Events, None).unwrap();
    let stays = control.subscribe(&viewer, ViewKey::Events, None).unwrap();
    assert_eq!(control.live_status().listeners, 2);
    drop(left);
    assert_eq!(control.live_status().listeners, 1);
    running.stop().await;
    // Every frame is read to the end: this returns only because there is one.
    stays.collect::<Vec<_>>().await;
}

/// The clock asks for the next frame in an hour: it comes because of the change, or not at all.
#[tokio::test(start_paused = true)]
async fn the_last_of_many_changes_in_a_cluster_is_shown_without_waiting_for_the_clock() {
    let cluster = MemoryCluster::new("prod");
    let mut world = World::new();
    world.interval = Duration::from_hours(1);
    world.clusters = vec![cluster.clone()];
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let set = |max: u32| {
        cluster.put(
            &json!({ "kind": "HorizontalPodAutoscaler", "metadata": { "name": "web", "namespace": "shop" }, "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" }, "maxReplicas": max } }),
        );
    };
    let inspected = || {
        let loops = control.loops(&viewer);
        loops.iter().find(|l| l.name == "inspect").map_or(0, |l| l.rounds)
    };
    let mut frames = control.subscribe(&viewer, ViewKey::Clusters(ObjectQuery::default()), None).unwrap();
    // The first ones come within the time of one frame, the last long after it.
    for last in [2, 40] {
        let began = tokio::time::Instant::now();
        for max in 1..=last {
            let before = inspected();
            set(last * 100 + max);
            wait_until("it is inspected", SOON, async || inspected() > before).await;
        }
        let shown = async {
            loop {
                let ViewData::Clusters(view) = parse(&frames.next().await.unwrap()).view else {
                    panic!("not the clusters")
                };
                if view.rows.first().is_some_and(|row| row.max_replicas == Some(last * 101)) {
                    return;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(1), shown)
            .await
            .unwrap_or_else(|_| panic!("change {last} is not shown {} ms after the first", began.elapsed().as_millis()));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_question_out_of_bounds_is_refused_by_name() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let query = |points, from_ms| SeriesQuery {
        keys: vec![SeriesKey::total(Metric::P95Ms)],
        from_ms,
        to_ms: 10,
        points,
    };
    for (query, wrong) in [(query(2_001, 0), "points"), (query(0, 0), "points"), (query(100, 11), "from_ms")] {
        assert!(matches!(control.series(&viewer, &query).await, Err(ApiError::Invalid { field, .. }) if field == wrong));
    }
    let stranger = ViewKey::Pool(build::pool("nope"));
    assert!(matches!(control.view(&viewer, &stranger), Err(ApiError::NotFound { .. })));
    assert!(control.subscribe(&viewer, stranger, None).is_err());
    running.stop().await;
}

#[tokio::test]
async fn search_finds_pools_and_instances_by_name_and_address() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let labels = |text: &str| control.search(&viewer, text).into_iter().map(|h| h.href).collect::<Vec<_>>();
    assert_eq!(labels("WEB"), ["/pools/web"]);
    assert_eq!(labels("9002"), ["/pools/web?q=b"]);
    assert_eq!(labels("<script>"), [] as [&str; 0]);
    assert_eq!(labels(""), [] as [&str; 0]);
    running.stop().await;
}
