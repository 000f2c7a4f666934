//! Changing the plan while requests fly.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use futures::future::join_all;
use gateway::PlanError;
use model::{AdminState, Algorithm, PoolId};

use crate::support::{Upstream, client, eventually, instance, is_idle, only_pool, plan, pool, route, start, url, weight, who};

const CLIENTS: usize = 300;
const CHANGES: usize = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_lost_while_the_plan_changes() {
    let upstreams = ["a", "b", "c"].map(|name| (name, Upstream::start(name)));
    let instances: Vec<_> = upstreams.iter().map(|(name, upstream)| instance(name, upstream.address)).collect();
    let gateway = Arc::new(start(pool(Algorithm::RoundRobin, instances.clone())));
    let done = Arc::new(AtomicBool::new(false));
    let (answered, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));

    let clients = (0..CLIENTS).map(|_| {
        let (done, answered, failed) = (done.clone(), answered.clone(), failed.clone());
        let (client, who, size) = (client(), url(&gateway, "/who"), url(&gateway, "/size"));
        tokio::spawn(async move {
            // One connection each, kept; reading and writing requests in turn.
            while !done.load(Ordering::Relaxed) {
                for request in [client.get(&who), client.post(&size).body("0123456789")] {
                    let complete = match request.send().await {
                        Ok(answer) => answer.status() == 200 && answer.bytes().await.is_ok(),
                        Err(_) => false,
                    };
                    let count = if complete { &answered } else { &failed };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        })
    });
    let clients: Vec<_> = clients.collect();

    let version = AtomicU64::new(1);
    for change in 0..CHANGES {
        // Every change happens among requests, not before or after them.
        let seen = answered.load(Ordering::Relaxed);
        eventually("requests go on", || {
            answered.load(Ordering::Relaxed) >= seen + 5 || failed.load(Ordering::Relaxed) > 0
        })
        .await;
        let mut next = pool(Algorithm::ALL[change % Algorithm::ALL.len()], instances.clone());
        next.version = version.fetch_add(1, Ordering::Relaxed) + 1;
        next.instances[change % 3].admin = AdminState::ALL[change % 2 + 1];
        next.instances[(change + 1) % 3].weight = weight(1 + u16::try_from(change).unwrap() % 200);
        match change % 5 {
            // An instance leaves the plan altogether, and comes back with the next change.
            3 => {
                next.instances.remove(change % 3);
                gateway.apply_pool(&next).unwrap();
            }
            4 => gateway.apply(plan(next)).unwrap(),
            _ => gateway.apply_pool(&next).unwrap(),
        }
    }
    done.store(true, Ordering::Relaxed);
    join_all(clients).await;

    let total = answered.load(Ordering::Relaxed);
    assert_eq!(failed.load(Ordering::Relaxed), 0, "of {total} requests");
    assert!(total >= 5 * CHANGES as u64, "only {total} requests");
    eventually("nothing in flight", || is_idle(&gateway)).await;
    let stats = gateway.observe();
    let pool = only_pool(&stats);
    assert_eq!((pool.counters.requests, pool.counters.status_2xx), (total, total));
    assert_eq!(pool.histogram.len(), total, "latencies of instances that left stay with the pool");
    assert_eq!(pool.version, CHANGES as u64 + 1);
}

#[tokio::test]
async fn counters_outlive_plans_that_still_name_the_instance() {
    let (a, b) = (Upstream::start("a"), Upstream::start("b"));
    let both = vec![instance("a", a.address), instance("b", b.address)];
    let gateway = start(pool(Algorithm::RoundRobin, both.clone()));
    for _ in 0..4 {
        who(&client(), &gateway).await;
    }
    eventually("all counted", || only_pool(&gateway.observe()).counters.requests == 4).await;
    gateway
        .apply(plan(pool(Algorithm::LeastConnections, vec![both[1].clone()])))
        .unwrap();
    let stats = gateway.observe();
    assert_eq!(only_pool(&stats).counters.requests, 4);
    assert_eq!(only_pool(&stats).instances[0].counters.requests, 2);
    gateway.apply_pool(&pool(Algorithm::RoundRobin, both)).unwrap();
    let stats = gateway.observe();
    let counts: Vec<_> = only_pool(&stats).instances.iter().map(|i| i.counters.requests).collect();
    assert_eq!(counts, [0, 2], "an instance that was gone begins anew");
}

#[tokio::test]
async fn a_wrong_plan_is_refused_and_the_old_one_stays() {
    let a = Upstream::start("a");
    let good = pool(Algorithm::RoundRobin, vec![instance("a", a.address)]);
    let gateway = start(good.clone());
    let mut unknown = good.clone();
    unknown.pool = PoolId::new("q").unwrap();
    assert_eq!(gateway.apply_pool(&unknown), Err(PlanError::UnknownPool(unknown.pool.clone())));
    let twice = pool(Algorithm::RoundRobin, vec![good.instances[0].clone(), good.instances[0].clone()]);
    assert!(matches!(gateway.apply_pool(&twice), Err(PlanError::DuplicateInstance { .. })));
    let mut dangling = plan(good.clone());
    dangling.routes.push(route("/q", "q"));
    assert_eq!(gateway.apply(dangling), Err(PlanError::UnknownPool(unknown.pool)));
    assert_eq!(who(&client(), &gateway).await, "a");
    assert_eq!(gateway.apply_pool(&good), Ok(()), "the plan in force may be applied again");
}
