use std::sync::Arc;

use gateway::GatewayStats;
use model::Algorithm;

use super::*;
use crate::builtin::fleet::{Done, Refusal, SyncRequest, receive};

const LIMITS: Limits = Limits {
    silent_after: Duration::from_secs(5),
    max: 2,
};

fn plan(version: u64) -> PoolPlan {
    PoolPlan::new("web".parse().unwrap(), version, Algorithm::RoundRobin, vec![])
}

fn fleet() -> Fleet {
    let plan = GatewayPlan {
        routes: vec![],
        pools: vec![plan(1)],
    };
    Fleet::new(LIMITS, plan, [7; 32])
}

/// The next report of a process that began at `started_at_ms`.
fn request(started_at_ms: i64, in_force: Option<String>) -> SyncRequest {
    static SEQUENCE: AtomicU64 = AtomicU64::new(1);
    SyncRequest {
        protocol: PROTOCOL,
        run: started_at_ms.cast_unsigned(),
        sequence: SEQUENCE.fetch_add(1, Ordering::Relaxed),
        sent_at_ms: 0,
        started_at_ms,
        software: String::new(),
        addresses: vec![],
        tls_addresses: vec![],
        in_force,
        refused: None,
        troubles: vec![],
        away_ms: None,
        leaving: false,
        done: vec![],
        stats: None,
    }
}

fn received(request: &SyncRequest) -> Report {
    receive(&serde_json::to_vec(request).unwrap()).unwrap()
}

fn report(started_at_ms: i64, in_force: Option<String>) -> Report {
    received(&request(started_at_ms, in_force))
}

fn id(name: &str) -> GatewayId {
    name.parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn orders_are_sent_at_once_and_again_as_soon_as_they_change() {
    let fleet = fleet();
    let first = fleet.sync(&id("eu-1"), report(1, None), 0).await.unwrap().orders.unwrap();
    let follows = || report(1, Some(first.digest()));
    // Nothing to do: held for its time.
    assert_eq!(fleet.sync(&id("eu-1"), follows(), 0).await.unwrap().orders, None);

    let eu = id("eu-1");
    let held = fleet.sync(&eu, follows(), 0);
    let (answer, ()) = tokio::join!(held, async {
        tokio::task::yield_now().await;
        fleet.order(&plan(2));
    });
    let second = answer.unwrap().orders.unwrap();
    assert_eq!(Orders::parse(&second).unwrap().plan.pools, [plan(2)]);
    assert!(fleet.follows(&plan(2)) && !fleet.follows(&plan(1)));
}

#[tokio::test(start_paused = true)]
async fn refused_orders_are_not_sent_again_and_the_next_ones_are() {
    let fleet = fleet();
    let first = fleet.sync(&id("eu-1"), report(1, None), 0).await.unwrap().orders.unwrap();
    let refusing = || {
        let refused = Some(Refusal {
            digest: first.digest(),
            why: "no".into(),
        });
        received(&SyncRequest {
            refused,
            ..request(1, None)
        })
    };
    assert_eq!(fleet.sync(&id("eu-1"), refusing(), 0).await.unwrap().orders, None);
    assert_eq!(fleet.look(Instant::now()).present[0].plan, PlanState::Refused { why: "no".into() });
    fleet.order(&plan(2));
    assert!(fleet.sync(&id("eu-1"), refusing(), 0).await.unwrap().orders.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_command_is_sent_until_it_is_done() {
    let fleet = fleet();
    let first = fleet.sync(&id("eu-1"), report(1, None), 0).await.unwrap().orders.unwrap();
    fleet.reset(&"web".parse().unwrap(), &[BreakerTarget::Pool]);
    let follows = || request(1, Some(first.digest()));
    for _ in 0..2 {
        assert_eq!(fleet.sync(&id("eu-1"), received(&follows()), 0).await.unwrap().commands.len(), 1);
    }
    let command = fleet.sync(&id("eu-1"), received(&follows()), 0).await.unwrap().commands.remove(0);
    let done = vec![Done {
        id: command.id,
        error: None,
    }];
    let done = received(&SyncRequest { done, ..follows() });
    assert_eq!(fleet.sync(&id("eu-1"), done, 0).await.unwrap().commands, []);
}

#[test]
fn names_and_places_are_given_once() {
    let (fleet, start) = (fleet(), Instant::now());
    let take = |name: &str, started, at: u64| fleet.take(&id(name), report(started, None), start + Duration::from_secs(at), 0);
    assert_eq!(take("console", 1, 0), Err(SyncRefused::Reserved(id("console"))));
    assert_eq!(take("eu-1", 5, 0), Ok(Taken::News));
    assert_eq!(
        take("eu-1", 4, 1),
        Err(SyncRefused::Taken(id("eu-1"))),
        "an older process of that name"
    );
    assert_eq!(take("eu-1", 6, 1), Ok(Taken::News), "it was started again");
    assert_eq!(take("eu-1", 5, 7), Ok(Taken::News), "the other has been silent for too long");
    assert_eq!(take("eu-2", 1, 8), Ok(Taken::News));
    assert_eq!(take("eu-3", 1, 8), Err(SyncRefused::Full(2)), "none is silent");
    let names = |at: u64| -> Vec<String> {
        let seen = fleet.look(start + Duration::from_secs(at)).present;
        seen.into_iter().map(|remote| remote.id.to_string()).collect()
    };
    assert_eq!(names(9), ["eu-1", "eu-2"]);
    assert_eq!(take("eu-3", 1, 30), Ok(Taken::News), "who has been silent for longest makes room");
    assert_eq!(names(30), ["eu-2", "eu-3"]);
    assert_eq!(names(3_700), Vec::<String>::new(), "silent ones are forgotten");
}

#[test]
fn who_has_left_does_not_come_back_by_a_late_report() {
    let (fleet, start) = (fleet(), Instant::now());
    let late = report(1, None);
    assert_eq!(fleet.take(&id("eu-1"), report(1, None), start, 0), Ok(Taken::News));
    let leaving = SyncRequest {
        leaving: true,
        ..request(1, None)
    };
    assert_eq!(fleet.take(&id("eu-1"), received(&leaving), start, 0), Ok(Taken::News));
    for _ in 0..2 {
        assert_eq!(fleet.take(&id("eu-1"), report(1, None), start, 0), Ok(Taken::Late));
        assert_eq!(fleet.take(&id("eu-1"), late.clone(), start, 0), Ok(Taken::Late));
        let look = fleet.look(start);
        assert_eq!(look.present.len(), 0);
    }
    // Started again, it is somebody else.
    assert_eq!(fleet.take(&id("eu-1"), report(2, None), start, 0), Ok(Taken::News));
}

/// One that takes 30 ms for the way and counts a request each millisecond, beside somebody who looks once a second. By a clock of its own
/// it would now and then report not at all between two looks.
#[tokio::test(start_paused = true)]
async fn there_is_one_report_between_two_looks() {
    let (fleet, start) = (Arc::new(fleet()), tokio::time::Instant::now());
    let reporting = {
        let fleet = fleet.clone();
        let digest = fleet.standing.lock().digest.clone();
        tokio::spawn(async move {
            loop {
                let counted = u64::try_from(start.elapsed().as_millis()).unwrap();
                let stats = GatewayStats {
                    unrouted: counted,
                    connections: 0,
                    handshakes_failed: 0,
                    certificates: vec![],
                    access_log_dropped: 0,
                    pools: vec![],
                    events: vec![],
                };
                let report = SyncRequest {
                    stats: Some(stats),
                    ..request(1, Some(digest.clone()))
                };
                sleep(Duration::from_millis(30)).await;
                fleet.sync(&id("eu-1"), received(&report), 0).await.unwrap();
            }
        })
    };
    let mut timer = tokio::time::interval(Duration::from_secs(1));
    timer.tick().await;
    let mut counted = Vec::new();
    for _ in 0..60 {
        timer.tick().await;
        let seen = fleet.look(Instant::now());
        counted.push(seen.present[0].stats.as_ref().unwrap().unrouted);
    }
    reporting.abort();
    for pair in counted[1..].windows(2) {
        assert_eq!(pair[1] - pair[0], 1_000, "{counted:?}");
    }
}
