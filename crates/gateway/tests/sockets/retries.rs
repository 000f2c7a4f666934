//! How often, how long and how much a request is tried.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use model::{Algorithm, OutlierEjection, PoolPlan, RetryPolicy};
use tokio::time;

use crate::support::{
    ClosedPort, Raw, Upstream, client, eventually, instance, instance_stats, is_idle, only_pool, pool, raw_upstream, start, url, who,
};

/// Accepts and never answers, as a frozen process does.
async fn frozen() -> Raw {
    raw_upstream(|mut stream| async move {
        // Held open until the other side is tired of waiting.
        let mut nothing = [0; 4096];
        while tokio::io::AsyncReadExt::read(&mut stream, &mut nothing).await.is_ok_and(|n| n > 0) {}
    })
    .await
}

const WELL_BEYOND_ONE_TRY: Duration = Duration::from_millis(250);

fn impatient(instances: Vec<model::InstancePlan>) -> PoolPlan {
    PoolPlan {
        retry: RetryPolicy {
            per_try_ms: 100,
            ..RetryPolicy::default()
        },
        ..pool(Algorithm::RoundRobin, instances)
    }
}

#[tokio::test]
async fn a_frozen_instance_costs_a_get_one_try_and_is_ejected() {
    let (good, other, frozen) = (Upstream::start("good"), Upstream::start("other"), frozen().await);
    let mut plan = impatient(vec![
        instance("frozen", frozen.address),
        instance("good", good.address),
        instance("other", other.address),
    ]);
    plan.outlier = OutlierEjection::default();
    let gateway = start(plan);
    let client = client();
    for _ in 0..30 {
        let started = Instant::now();
        assert!(["good", "other"].contains(&who(&client, &gateway).await.as_str()));
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    assert!(instance_stats(&gateway, "frozen").ejected_until_ms.is_some());
    assert_eq!(only_pool(&gateway.observe()).retries.sent, 5);
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn what_is_not_idempotent_waits_for_its_answer() {
    let (slow, other) = (Upstream::start("slow"), Upstream::start("other"));
    let gateway = start(impatient(vec![instance("slow", slow.address), instance("other", other.address)]));
    let post = tokio::spawn(client().post(url(&gateway, "/gate")).body("once").send());
    eventually("it has arrived", || slow.hits() + other.hits() == 1).await;
    let mut post = post;
    assert!(
        time::timeout(WELL_BEYOND_ONE_TRY, &mut post).await.is_err(),
        "the answer is still waited for"
    );
    slow.shared.gate.add_permits(1);
    other.shared.gate.add_permits(1);
    assert_eq!(post.await.unwrap().unwrap().status(), 200);
    assert_eq!(slow.hits() + other.hits(), 1);
}

#[tokio::test]
async fn the_last_try_waits_as_long_as_the_gateway_does() {
    let slow = Upstream::start("slow");
    let gateway = start(impatient(vec![instance("slow", slow.address)]));
    let get = tokio::spawn(client().get(url(&gateway, "/gate")).send());
    eventually("it has arrived", || slow.hits() == 1).await;
    let mut get = get;
    assert!(
        time::timeout(WELL_BEYOND_ONE_TRY, &mut get).await.is_err(),
        "the answer is still waited for"
    );
    slow.shared.gate.add_permits(1);
    assert_eq!(get.await.unwrap().unwrap().status(), 200, "there is nobody else to ask");
}

#[tokio::test]
async fn without_attempts_nothing_is_tried_again() {
    let (good, dead) = (Upstream::start("good"), ClosedPort::new());
    let mut plan = pool(
        Algorithm::RoundRobin,
        vec![instance("good", good.address), instance("dead", dead.address)],
    );
    plan.retry.attempts = 1;
    let gateway = start(plan);
    let mut answers = [who(&client(), &gateway).await, who(&client(), &gateway).await];
    answers.sort();
    assert_eq!(answers, ["502", "good"]);
}

#[tokio::test]
async fn a_budget_of_nothing_repeats_only_what_never_arrived() {
    let good = Upstream::start("good");
    // Takes a request and hangs up.
    let breaking = raw_upstream(|stream| async move { drop(stream) }).await;
    let mut plan = pool(
        Algorithm::RoundRobin,
        vec![instance("good", good.address), instance("breaking", breaking.address)],
    );
    plan.retry.budget_percent = 0;
    let gateway = start(plan.clone());
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(who(&client(), &gateway).await);
    }
    answers.sort();
    assert_eq!(answers, ["502", "502", "good", "good"]);
    assert_eq!(only_pool(&gateway.observe()).retries.over_budget, 2);
    // The same with a budget.
    plan.version = 2;
    plan.retry.budget_percent = 20;
    gateway.apply_pool(&plan).unwrap();
    for _ in 0..4 {
        assert_eq!(who(&client(), &gateway).await, "good");
    }
    good.shared.failing.store(true, Ordering::Relaxed);
    assert!(
        ["500", "502"].contains(&who(&client(), &gateway).await.as_str()),
        "an answer is an answer"
    );
}
