//! A pool under strain does without what matters less.

use model::{Algorithm, DegradationPolicy, EventKind, GatewayPlan, PoolPlan, Priority, Route};

use crate::support::{Upstream, client, config, eventually, instance, only_pool, pool, route, url};

#[tokio::test]
async fn routes_of_low_priority_are_shed_while_it_is_degraded_and_served_again_after() {
    let a = Upstream::start("a");
    let pool = PoolPlan {
        degradation: DegradationPolicy {
            in_flight: 3,
            after_s: 1,
            recover_s: 1,
            ..DegradationPolicy::default()
        },
        ..pool(Algorithm::RoundRobin, vec![instance("a", a.address)])
    };
    let low = Route {
        priority: Priority::Low,
        ..route("/who", "p")
    };
    let plan = GatewayPlan {
        routes: vec![route("/", "p"), low],
        pools: vec![pool],
    };
    let gateway = gateway::Gateway::start(config(), plan).unwrap();
    let status = async |path: &str| client().get(url(&gateway, path)).send().await.unwrap().status().as_u16();
    assert_eq!(status("/who").await, 200);

    let waiting: Vec<_> = (0..4).map(|_| tokio::spawn(client().get(url(&gateway, "/gate")).send())).collect();
    eventually("it is degraded", || only_pool(&gateway.observe()).degraded.is_some()).await;
    assert_eq!(status("/who").await, 503);
    assert_eq!(status("/headers").await, 200, "what matters goes on");
    let stats = gateway.observe();
    assert_eq!(only_pool(&stats).refusals.shed, 1);
    assert_eq!(only_pool(&stats).degraded.as_deref(), Some("in flight 4 for 1 s, more than 3"));

    a.shared.gate.add_permits(4);
    for answer in waiting {
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    }
    eventually("it recovers by itself", || only_pool(&gateway.observe()).degraded.is_none()).await;
    assert_eq!(status("/who").await, 200);
    let kinds: Vec<_> = gateway.observe().events.into_iter().map(|e| e.event.kind).collect();
    assert_eq!(kinds, [EventKind::PoolDegraded, EventKind::PoolRecovered]);
}
