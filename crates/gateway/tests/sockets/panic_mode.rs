//! What happens when most of a pool is down.

use model::{Algorithm, EventKind, PoolPlan};

use crate::support::{Upstream, client, eventually, instance, instance_stats, only_pool, pool, quick_checks, start, who};

#[tokio::test]
async fn with_too_few_in_service_everybody_gets_requests_until_there_are_enough() {
    let names = ["a", "b", "c"];
    let upstreams: Vec<_> = names.iter().map(|name| Upstream::start(name)).collect();
    let instances = names.iter().zip(&upstreams).map(|(name, u)| instance(name, u.address));
    let mut plan: PoolPlan = pool(Algorithm::RoundRobin, instances.collect());
    plan.health_check = quick_checks();
    plan.health_check.panic_percent = 50;
    let gateway = start(plan);
    let client = client();
    // They still answer, but say that they are ill.
    upstreams[0].set_healthy(false);
    eventually("a is down", || !instance_stats(&gateway, "a").health.serves()).await;
    assert!(!only_pool(&gateway.observe()).is_panicking, "two of three are enough");
    upstreams[1].set_healthy(false);
    eventually("panic", || only_pool(&gateway.observe()).is_panicking).await;
    let mut served = std::collections::BTreeSet::new();
    for _ in 0..6 {
        served.insert(who(&client, &gateway).await);
    }
    assert_eq!(served.into_iter().collect::<Vec<_>>(), names);
    upstreams[0].set_healthy(true);
    eventually("calm", || !only_pool(&gateway.observe()).is_panicking).await;
    for _ in 0..6 {
        assert_ne!(who(&client, &gateway).await, "b");
    }
    let kinds: Vec<_> = gateway.observe().events.into_iter().map(|e| e.event.kind).collect();
    assert_eq!(kinds, [EventKind::PanicBegan, EventKind::PanicEnded]);
}
