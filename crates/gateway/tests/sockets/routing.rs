//! Hosts and paths, and what is said when nobody is there.

use gateway::Gateway;
use model::{AdminState, Algorithm, GatewayPlan, HostPattern, PoolId};
use reqwest::header::HOST;

use crate::support::{Upstream, client, config, eventually, instance, is_idle, only_pool, pool, route, start, url};

#[tokio::test]
async fn host_and_path_lead_to_their_pool() {
    let (shop, api) = (Upstream::start("shop"), Upstream::start("api"));
    let mut pools = [("shop", &shop), ("api", &api)].map(|(name, upstream)| {
        let mut pool = pool(Algorithm::RoundRobin, vec![instance(name, upstream.address)]);
        pool.pool = PoolId::new(name).unwrap();
        pool
    });
    pools[1].version = 7;
    let mut on_host = route("/", "shop");
    on_host.host = Some(HostPattern::new("shop.test").unwrap());
    let plan = GatewayPlan {
        routes: vec![on_host, route("/who", "api")],
        pools: pools.to_vec(),
    };
    let gateway = Gateway::start(config(), plan).unwrap();
    let ask = async |host: &str, path: &str| {
        let answer = client().get(url(&gateway, path)).header(HOST, host).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask("Shop.Test:8080", "/who?x=1").await, (200, "shop".to_owned()));
    assert_eq!(ask("other.test", "/who").await, (200, "api".to_owned()));
    assert_eq!(
        ask("other.test", "/whoever").await,
        (404, "404 no route for this host and path\n".to_owned())
    );
    assert_eq!(ask("\"<b>", "/nowhere").await.0, 404);
    let stats = gateway.observe();
    assert_eq!((stats.unrouted, stats.pools[1].version), (2, 7));
}

#[tokio::test]
async fn a_pool_without_an_available_instance_says_so_and_when_to_come_back() {
    let upstream = Upstream::start("a");
    let mut drained = instance("a", upstream.address);
    drained.admin = AdminState::Drain;
    for instances in [vec![], vec![drained]] {
        let gateway = start(pool(Algorithm::RoundRobin, instances));
        let client = client();
        for _ in 0..3 {
            let answer = client.post(url(&gateway, "/who")).body("hello").send().await.unwrap();
            assert_eq!(answer.status(), 503);
            assert_eq!(answer.headers()["retry-after"], "2");
            assert_eq!(answer.text().await.unwrap(), "503 no instance of the pool is available\n");
        }
        eventually("all counted", || only_pool(&gateway.observe()).unserved == 3).await;
        let stats = gateway.observe();
        let counters = only_pool(&stats).counters;
        assert_eq!((counters.requests, counters.failed), (3, 3));
        eventually("nothing in flight", || is_idle(&gateway)).await;
        let head = client.head(url(&gateway, "/who")).send().await.unwrap();
        assert_eq!(head.status(), 503);
    }
}
