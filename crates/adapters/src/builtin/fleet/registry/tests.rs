use model::Algorithm;

use super::*;

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

fn report(started_at_ms: i64, in_force: Option<String>) -> Report {
    Report {
        run: 1,
        started_at_ms,
        software: String::new(),
        addresses: vec![],
        in_force,
        refused: None,
        away_ms: None,
        leaving: false,
        done: vec![],
        stats: None,
    }
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
    let mut refusing = report(1, None);
    refusing.refused = Some(Refusal {
        digest: first.digest(),
        why: "no".into(),
    });
    assert_eq!(fleet.sync(&id("eu-1"), refusing.clone(), 0).await.unwrap().orders, None);
    assert_eq!(fleet.look(Instant::now())[0].plan, PlanState::Refused { why: "no".into() });
    fleet.order(&plan(2));
    assert!(fleet.sync(&id("eu-1"), refusing, 0).await.unwrap().orders.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_command_is_sent_until_it_is_done() {
    let fleet = fleet();
    let first = fleet.sync(&id("eu-1"), report(1, None), 0).await.unwrap().orders.unwrap();
    fleet.reset(&"web".parse().unwrap(), &[BreakerTarget::Pool]);
    let mut follows = report(1, Some(first.digest()));
    for _ in 0..2 {
        assert_eq!(fleet.sync(&id("eu-1"), follows.clone(), 0).await.unwrap().commands.len(), 1);
    }
    let command = fleet.sync(&id("eu-1"), follows.clone(), 0).await.unwrap().commands.remove(0);
    follows.done = vec![Done {
        id: command.id,
        error: None,
    }];
    assert_eq!(fleet.sync(&id("eu-1"), follows, 0).await.unwrap().commands, []);
}

#[test]
fn names_and_places_are_given_once() {
    let (fleet, start) = (fleet(), Instant::now());
    let take = |name: &str, started, at: u64| fleet.take(&id(name), report(started, None), start + Duration::from_secs(at), 0);
    assert_eq!(take("console", 1, 0), Err(SyncRefused::Reserved(id("console"))));
    assert_eq!(take("eu-1", 5, 0), Ok(()));
    assert_eq!(
        take("eu-1", 4, 1),
        Err(SyncRefused::Taken(id("eu-1"))),
        "an older process of that name"
    );
    assert_eq!(take("eu-1", 6, 1), Ok(()), "it was started again");
    assert_eq!(take("eu-1", 5, 7), Ok(()), "the other has been silent for too long");
    assert_eq!(take("eu-2", 1, 7), Ok(()));
    assert_eq!(take("eu-3", 1, 7), Err(SyncRefused::Full(2)));
    assert_eq!(take("eu-3", 1, 3_700), Ok(()), "silent ones are forgotten");
    assert_eq!(fleet.look(start + Duration::from_secs(3_700)).len(), 1);
}
