//! Circuit breakers over real connections.

use std::sync::atomic::Ordering;

use gateway::Gateway;
use model::{Algorithm, BreakerHold, BreakerPolicy, BreakerState, BreakerTarget, EventKind, PoolPlan};

use crate::support::{Upstream, address, client, eventually, instance, instance_stats, is_idle, only_pool, pool, start, url, who};

const RULE: BreakerPolicy = BreakerPolicy {
    failures: 3,
    percent: 50,
    window_ms: 60_000,
    open_ms: 600_000,
    probes: 2,
};

fn two(good: &Upstream, bad: &Upstream) -> PoolPlan {
    PoolPlan {
        breaker: RULE,
        ..pool(
            Algorithm::RoundRobin,
            vec![instance("good", good.address), instance("bad", bad.address)],
        )
    }
}

fn fail(upstream: &Upstream, failing: bool) {
    upstream.shared.failing.store(failing, Ordering::Relaxed);
}

fn state(gateway: &Gateway, id: &str) -> BreakerState {
    instance_stats(gateway, id).breaker.state
}

fn kinds(gateway: &Gateway) -> Vec<EventKind> {
    gateway.observe().events.into_iter().map(|e| e.event.kind).collect()
}

#[tokio::test]
async fn an_instance_whose_breaker_is_open_gets_nothing_and_is_tried_again_after_its_time() {
    let (good, bad) = (Upstream::start("good"), Upstream::start("bad"));
    fail(&bad, true);
    let mut plan = two(&good, &bad);
    plan.breaker.open_ms = 400;
    let gateway = start(plan);
    let client = client();
    while state(&gateway, "bad") == BreakerState::Closed {
        who(&client, &gateway).await;
    }
    assert_eq!(bad.hits(), 3);
    assert_eq!(state(&gateway, "good"), BreakerState::Closed);
    assert!(instance_stats(&gateway, "bad").breaker.cause.starts_with("3 of "));
    fail(&bad, false);
    eventually("its time is over", || state(&gateway, "bad") != BreakerState::Open).await;
    while state(&gateway, "bad") != BreakerState::Closed {
        assert_ne!(who(&client, &gateway).await, "500");
    }
    let told: Vec<_> = kinds(&gateway);
    assert_eq!(
        told,
        [EventKind::BreakerOpened, EventKind::BreakerHalfOpen, EventKind::BreakerClosed]
    );
}

#[tokio::test]
async fn a_pool_that_only_fails_is_spared_as_a_whole_and_a_reset_opens_the_way() {
    let (one, two_) = (Upstream::start("good"), Upstream::start("bad"));
    fail(&one, true);
    fail(&two_, true);
    let mut plan = two(&one, &two_);
    // The instances' own would be first.
    plan.breaker.failures = 4;
    let gateway = start(plan.clone());
    let client = client();
    let mut answers = Vec::new();
    for _ in 0..8 {
        answers.push(who(&client, &gateway).await);
    }
    assert_eq!(answers[..4], ["500"; 4]);
    assert_eq!(answers[4..], ["503"; 4]);
    assert_eq!(one.hits() + two_.hits(), 4, "nothing reached an instance after that");
    let stats = gateway.observe();
    let seen = only_pool(&stats);
    assert_eq!((seen.breaker.state, seen.refusals.breaker), (BreakerState::Open, 4));

    fail(&one, false);
    fail(&two_, false);
    gateway.reset_breakers(&plan.pool, &[BreakerTarget::Pool]).unwrap();
    assert_ne!(who(&client, &gateway).await, "503");
    let unknown = BreakerTarget::Instance("nobody".parse().unwrap());
    assert!(gateway.reset_breakers(&plan.pool, &[unknown]).is_err());
}

#[tokio::test]
async fn an_operator_holds_it_open_or_closed() {
    let (good, bad) = (Upstream::start("good"), Upstream::start("bad"));
    let mut plan = two(&good, &bad);
    let gateway = start(plan.clone());
    let client = client();
    plan.version = 2;
    plan.instances[1].breaker = BreakerHold::Open { until_ms: None };
    gateway.apply_pool(&plan).unwrap();
    for _ in 0..6 {
        assert_eq!(who(&client, &gateway).await, "good");
    }
    assert_eq!(state(&gateway, "bad"), BreakerState::ForcedOpen);
    fail(&bad, true);
    plan.version = 3;
    plan.instances[1].breaker = BreakerHold::Closed { until_ms: i64::MAX };
    plan.breaker_hold = BreakerHold::Closed { until_ms: i64::MAX };
    gateway.apply_pool(&plan).unwrap();
    let mut failed = 0;
    for _ in 0..20 {
        failed += usize::from(who(&client, &gateway).await == "500");
    }
    assert_eq!(failed, 10, "held closed, it serves whatever fails");
    plan.version = 4;
    plan.instances[1].breaker = BreakerHold::Auto;
    gateway.apply_pool(&plan).unwrap();
    assert_eq!(state(&gateway, "bad"), BreakerState::Closed);
}

#[tokio::test]
async fn tunnels_that_stay_do_not_keep_the_breakers_half_open() {
    let one = Upstream::start("good");
    fail(&one, true);
    let mut plan = pool(Algorithm::RoundRobin, vec![instance("good", one.address)]);
    plan.breaker = BreakerPolicy { open_ms: 300, ..RULE };
    let gateway = start(plan);
    let client = client();
    while only_pool(&gateway.observe()).breaker.state == BreakerState::Closed && state(&gateway, "good") == BreakerState::Closed {
        who(&client, &gateway).await;
    }
    fail(&one, false);
    // The first to come back are tunnels, and they stay.
    let mut tunnels = Vec::new();
    while tunnels.len() < 2 {
        tunnels.extend(
            tokio_tungstenite::connect_async(format!("ws://{}/ws", address(&gateway)))
                .await
                .ok(),
        );
    }
    eventually("both are closed", || {
        only_pool(&gateway.observe()).breaker.state == BreakerState::Closed && state(&gateway, "good") == BreakerState::Closed
    })
    .await;
    assert_eq!(who(&client, &gateway).await, "good");
    drop(tunnels);
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn what_one_instance_fails_does_not_close_the_pool() {
    let (good, bad) = (Upstream::start("good"), Upstream::start("bad"));
    let gateway = start(two(&good, &bad));
    // Many wait at the bad one when it dies, with one short answer of the good one between them and the pool's end.
    let mut bad = bad;
    let waiting: Vec<_> = (0..40)
        .map(|_| tokio::spawn(client().post(url(&gateway, "/gate")).body("once").send()))
        .collect();
    eventually("all are there", || good.hits() + bad.hits() == 40).await;
    bad.kill();
    good.shared.gate.add_permits(40);
    let mut failed = 0;
    for answer in waiting {
        failed += usize::from(answer.await.unwrap().unwrap().status() != 200);
    }
    assert!(failed >= 10, "{failed}");
    assert_eq!(only_pool(&gateway.observe()).breaker.state, BreakerState::Closed);
    assert_eq!(who(&client(), &gateway).await, "good");
}
