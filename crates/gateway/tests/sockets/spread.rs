//! Who gets how many requests.

use std::collections::HashMap;

use futures::future::join_all;
use model::{AdminState, Algorithm, InstancePlan};

use crate::support::{Upstream, client, eventually, instance, instance_stats, is_idle, only_pool, pool, start, url, weight, who};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn three() -> (Vec<Upstream>, Vec<InstancePlan>) {
    let upstreams: Vec<_> = NAMES.iter().map(|name| Upstream::start(name)).collect();
    let plans = NAMES
        .iter()
        .zip(&upstreams)
        .map(|(name, upstream)| instance(name, upstream.address));
    let plans = plans.collect();
    (upstreams, plans)
}

#[tokio::test]
async fn round_robin_is_even_under_concurrency() {
    let (_upstreams, instances) = three();
    let gateway = start(pool(Algorithm::RoundRobin, instances));
    let client = client();
    let answers = join_all((0..301).map(|_| who(&client, &gateway))).await;
    let mut counts = HashMap::<String, u64>::new();
    for answer in answers {
        *counts.entry(answer).or_default() += 1;
    }
    let mut sorted: Vec<_> = counts.values().copied().collect();
    sorted.sort_unstable();
    assert_eq!(sorted, [100, 100, 101], "{counts:?}");
    eventually("all counted", || is_idle(&gateway)).await;

    let stats = gateway.observe();
    let pool = only_pool(&stats);
    assert_eq!(
        (pool.counters.requests, pool.counters.status_2xx, pool.counters.failed),
        (301, 301, 0)
    );
    assert_eq!((pool.histogram.len(), pool.counters.bytes_sent), (301, 301));
    for instance in &pool.instances {
        assert_eq!(instance.counters.requests, counts[instance.id.as_str()]);
        assert_eq!(instance.histogram.len(), instance.counters.requests);
    }
}

#[tokio::test]
async fn weights_five_one_one_are_interleaved_smoothly() {
    let (_upstreams, mut instances) = three();
    instances[0].weight = weight(5);
    let gateway = start(pool(Algorithm::WeightedRoundRobin, instances));
    let client = client();
    let mut order = String::new();
    for _ in 0..14 {
        order += &who(&client, &gateway).await;
    }
    assert_eq!(order, "aabacaaaabacaa");
}

#[tokio::test]
async fn least_connections_avoids_the_busy_one() {
    let (upstreams, instances) = three();
    let gateway = start(pool(Algorithm::LeastConnections, instances));
    let client = client();
    let held = tokio::spawn(client.get(url(&gateway, "/gate")).send());
    eventually("one request is held", || upstreams.iter().any(|u| u.hits() == 1)).await;
    let busy = upstreams.iter().position(|u| u.hits() == 1).unwrap();
    assert_eq!(instance_stats(&gateway, NAMES[busy]).in_flight, 1);
    for _ in 0..10 {
        assert_ne!(who(&client, &gateway).await, NAMES[busy]);
    }
    upstreams[busy].shared.gate.add_permits(1);
    assert_eq!(held.await.unwrap().unwrap().text().await.unwrap(), NAMES[busy]);
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn drained_and_maintained_instances_get_nothing_new() {
    let (upstreams, mut instances) = three();
    instances[0].admin = AdminState::Drain;
    instances[1].admin = AdminState::Maintenance;
    for algorithm in Algorithm::ALL {
        let gateway = start(pool(algorithm, instances.clone()));
        for _ in 0..10 {
            assert_eq!(who(&client(), &gateway).await, "c");
        }
    }
    assert_eq!(upstreams[0].hits() + upstreams[1].hits(), 0);
}

#[tokio::test]
async fn statuses_are_counted_by_class() {
    let (_upstreams, instances) = three();
    let gateway = start(pool(Algorithm::RoundRobin, instances));
    for path in ["/who", "/fail", "/nothing-here", "/hop-by-hop"] {
        client().get(url(&gateway, path)).send().await.unwrap();
    }
    eventually("four counted", || only_pool(&gateway.observe()).counters.requests == 4).await;
    let counters = only_pool(&gateway.observe()).counters;
    assert_eq!(
        (counters.status_2xx, counters.status_4xx, counters.status_5xx, counters.failed),
        (2, 1, 1, 0)
    );
}
