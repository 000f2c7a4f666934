//! What distinguishes the algorithms, seen from outside.

use std::{collections::HashMap, sync::atomic::Ordering};

use futures::future::join_all;
use model::{Algorithm, Health, HealthCheck};

use crate::support::{DEADLINE, Upstream, client, eventually, instance, instance_stats, is_idle, pool, quick_checks, start, url, who};

fn upstreams(names: &[&str]) -> Vec<Upstream> {
    names.iter().map(|name| Upstream::start(name)).collect()
}

fn pool_of(algorithm: Algorithm, names: &[&str], upstreams: &[Upstream]) -> model::PoolPlan {
    let instances = names.iter().zip(upstreams).map(|(name, upstream)| instance(name, upstream.address));
    pool(algorithm, instances.collect())
}

async fn who_at(client: &reqwest::Client, gateway: &gateway::Gateway, path: &str) -> String {
    client.get(url(gateway, path)).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_client_address_stays_with_its_instance() {
    let names = ["a", "b", "c"];
    let upstreams = upstreams(&names);
    let gateway = start(pool_of(Algorithm::IpHash, &names, &upstreams));
    let first = who(&client(), &gateway).await;
    for n in 0..20 {
        assert_eq!(who_at(&client(), &gateway, &format!("/who?{n}")).await, first);
    }
}

#[tokio::test]
async fn a_uri_stays_with_its_instance_and_only_those_of_the_killed_one_move() {
    let names = ["a", "b", "c"];
    let mut upstreams = upstreams(&names);
    let gateway = start(pool_of(Algorithm::UriHash, &names, &upstreams));
    let paths: Vec<_> = (0..60).map(|n| format!("/who?{n}")).collect();
    let mut before = HashMap::new();
    for path in &paths {
        before.insert(path, who_at(&client(), &gateway, path).await);
    }
    assert!(names.iter().all(|name| before.values().any(|by| by == name)), "{before:?}");
    upstreams[1].kill();
    for path in &paths {
        let now = who_at(&client(), &gateway, path).await;
        assert!(
            now == before[path] || before[path] == "b" && now != "b",
            "{path}: {} then {now}",
            before[path]
        );
    }
}

/// `ewma` and `least_response_time` see what least connections cannot: an instance that is idle because it fails at once.
#[tokio::test]
async fn fast_errors_attract_nothing() {
    for algorithm in [Algorithm::Ewma, Algorithm::LeastResponseTime] {
        let names = ["good", "also", "bad"];
        let upstreams = upstreams(&names);
        upstreams[2].shared.failing.store(true, Ordering::Relaxed);
        let gateway = start(pool_of(algorithm, &names, &upstreams));
        let client = client();
        let mut failed = 0;
        for _ in 0..100 {
            failed += u32::from(who(&client, &gateway).await == "500");
        }
        assert!(failed <= 2, "{algorithm}: {failed} of 100 went to the failing instance");
    }
}

#[tokio::test]
async fn reports_decide_and_their_absence_does_not() {
    let names = ["calm", "busy"];
    let upstreams = upstreams(&names);
    upstreams[0].shared.cpu.store(10, Ordering::Relaxed);
    upstreams[1].shared.cpu.store(95, Ordering::Relaxed);
    let mut plan = pool_of(Algorithm::ResourceBased, &names, &upstreams);
    plan.health_check = quick_checks();
    let gateway = start(plan);
    eventually("both have reported", || {
        names.iter().all(|name| instance_stats(&gateway, name).load.is_some())
    })
    .await;
    let client = client();
    // Until the reports are used it is least connections, in turns. Then, one request at a time, the busy one is never cheaper.
    let started = std::time::Instant::now();
    let mut in_a_row = 0;
    while in_a_row < 30 {
        assert!(started.elapsed() < DEADLINE, "the reports are not used");
        in_a_row = if who(&client, &gateway).await == "calm" { in_a_row + 1 } else { 0 };
    }
}

#[tokio::test]
async fn an_instance_that_comes_back_gets_its_share_little_by_little() {
    let names = ["stays", "returns"];
    let upstreams = upstreams(&names);
    let mut plan = pool_of(Algorithm::RoundRobin, &names, &upstreams);
    plan.health_check = HealthCheck {
        slow_start_ms: 600_000,
        ..quick_checks()
    };
    let gateway = start(plan);
    let health = || instance_stats(&gateway, "returns").health;
    eventually("up", || health() == Health::Up).await;
    upstreams[1].set_healthy(false);
    eventually("down", || health() == Health::Down).await;
    upstreams[1].set_healthy(true);
    eventually("up again", || health() == Health::Up).await;
    let client = client();
    let mut returned = 0;
    for _ in 0..200 {
        returned += u32::from(who(&client, &gateway).await == "returns");
    }
    // A twentieth of its turns is the least; in the first seconds of ten minutes it is little more.
    assert!((5..=20).contains(&returned), "{returned} of 200");
}

#[tokio::test]
async fn nothing_stays_in_flight_after_clients_that_gave_up() {
    for algorithm in Algorithm::ALL {
        let names = ["a", "b"];
        let upstreams = upstreams(&names);
        let gateway = start(pool_of(algorithm, &names, &upstreams));
        let client = client();
        let held: Vec<_> = (0..20)
            .map(|n| tokio::spawn(client.get(url(&gateway, &format!("/gate?{n}"))).send()))
            .collect();
        eventually("all are held", || upstreams.iter().map(Upstream::hits).sum::<usize>() == 20).await;
        for request in &held {
            request.abort();
        }
        eventually("nothing in flight", || is_idle(&gateway)).await;
        drop(upstreams);
    }
}

/// Also while the algorithm changes under the requests.
#[tokio::test]
async fn every_algorithm_serves_everybody_under_concurrency() {
    let names = ["a", "b", "c"];
    let upstreams = upstreams(&names);
    let gateway = start(pool_of(Algorithm::RoundRobin, &names, &upstreams));
    let client = client();
    for algorithm in Algorithm::ALL {
        gateway.apply_pool(&pool_of(algorithm, &names, &upstreams)).unwrap();
        let answers = join_all((0..100).map(|_| who(&client, &gateway))).await;
        assert!(answers.iter().all(|by| names.contains(&by.as_str())), "{algorithm}: {answers:?}");
    }
    eventually("nothing in flight", || is_idle(&gateway)).await;
}
