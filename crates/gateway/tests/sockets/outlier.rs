//! Passive ejection: what real requests say about an instance.

use std::{sync::atomic::Ordering, time::Instant};

use model::{Algorithm, OutlierEjection};

use crate::support::{ClosedPort, DEADLINE, Upstream, client, eventually, instance, instance_stats, is_idle, pool, start, who};

const RULE: OutlierEjection = OutlierEjection {
    failures: 3,
    base_ms: 600_000,
    max_ms: 600_000,
    max_percent: 50,
};

#[tokio::test]
async fn an_instance_that_answers_500_gets_no_more_after_the_third() {
    let (good, bad) = (Upstream::start("good"), Upstream::start("bad"));
    bad.shared.failing.store(true, Ordering::Relaxed);
    let mut plan = pool(
        Algorithm::RoundRobin,
        vec![instance("good", good.address), instance("bad", bad.address)],
    );
    plan.outlier = RULE;
    let gateway = start(plan);
    let client = client();
    let mut failed = 0;
    for _ in 0..40 {
        failed += u32::from(who(&client, &gateway).await == "500");
    }
    assert_eq!(failed, 3);
    assert!(instance_stats(&gateway, "bad").ejected_until_ms.is_some());
    assert!(instance_stats(&gateway, "good").ejected_until_ms.is_none());
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn a_dead_instance_is_ejected_and_no_client_notices() {
    let (one, two, dead) = (Upstream::start("one"), Upstream::start("two"), ClosedPort::new());
    let mut plan = pool(
        Algorithm::RoundRobin,
        vec![
            instance("one", one.address),
            instance("two", two.address),
            instance("dead", dead.address),
        ],
    );
    plan.outlier = RULE;
    let gateway = start(plan);
    for _ in 0..40 {
        assert!(["one", "two"].contains(&who(&client(), &gateway).await.as_str()));
    }
    assert_eq!(instance_stats(&gateway, "dead").counters.failed, 3);
}

#[tokio::test]
async fn half_of_a_pool_stays_and_so_does_the_last_one() {
    let upstreams: Vec<_> = ["a", "b", "c"].iter().map(|name| Upstream::start(name)).collect();
    for upstream in &upstreams {
        upstream.shared.failing.store(true, Ordering::Relaxed);
    }
    let instances = ["a", "b", "c"].iter().zip(&upstreams).map(|(name, u)| instance(name, u.address));
    let mut plan = pool(Algorithm::RoundRobin, instances.collect());
    plan.outlier = RULE;
    let gateway = start(plan);
    for _ in 0..30 {
        assert_eq!(
            who(&client(), &gateway).await,
            "500",
            "its own answer, not a refusal of the gateway"
        );
    }
    let ejected = ["a", "b", "c"]
        .iter()
        .filter(|id| instance_stats(&gateway, id).ejected_until_ms.is_some());
    assert_eq!(ejected.count(), 1);
}

#[tokio::test]
async fn it_comes_back_by_itself() {
    let (good, bad) = (Upstream::start("good"), Upstream::start("bad"));
    bad.shared.failing.store(true, Ordering::Relaxed);
    let mut plan = pool(
        Algorithm::RoundRobin,
        vec![instance("good", good.address), instance("bad", bad.address)],
    );
    plan.outlier = OutlierEjection {
        base_ms: 300,
        max_ms: 300,
        ..RULE
    };
    let gateway = start(plan);
    let client = client();
    while instance_stats(&gateway, "bad").ejected_until_ms.is_none() {
        who(&client, &gateway).await;
    }
    bad.shared.failing.store(false, Ordering::Relaxed);
    let before = bad.hits();
    eventually("its time is over", || instance_stats(&gateway, "bad").ejected_until_ms.is_none()).await;
    assert_eq!(bad.hits(), before);
    let started = Instant::now();
    while who(&client, &gateway).await != "bad" {
        assert!(started.elapsed() < DEADLINE, "it is not picked again");
    }
}
