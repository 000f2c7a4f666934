//! One answer for several requests: identical GETs at the same time, and kept answers when the pool has no better one.

use std::sync::atomic::Ordering;

use gateway::Gateway;
use model::{Algorithm, GatewayPlan, PoolPlan, ReusePolicy};

use crate::support::{
    Upstream, client, config, eventually, instance, is_idle, never_open, only_pool, pool, route,
    tls::{Authority, Files},
    url,
};

fn start(pool: PoolPlan, reuse: ReusePolicy) -> Gateway {
    let route = model::Route { reuse, ..route("/", "p") };
    let plan = GatewayPlan {
        routes: vec![route],
        pools: vec![pool],
    };
    Gateway::start(config(), plan).unwrap()
}

fn one(upstream: &Upstream) -> PoolPlan {
    PoolPlan {
        breaker: never_open(),
        ..pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)])
    }
}

#[tokio::test]
async fn identical_requests_at_the_same_time_are_fetched_once() {
    let upstream = Upstream::start("a");
    let reuse = ReusePolicy {
        deduplicate: true,
        stale_s: 0,
    };
    let gateway = start(one(&upstream), reuse);
    let client = client();
    let ask = |path: &str, tenant: &'static str| {
        let request = client.get(url(&gateway, path)).header("x-tenant", tenant).send();
        tokio::spawn(async move { request.await.unwrap().text().await.unwrap() })
    };
    // Each waits at the instance's gate; a hundred for the same thing are one there.
    let same: Vec<_> = (0..100).map(|_| ask("/gate", "one")).collect();
    let other = ask("/gate", "two");
    eventually("two have come to the gate", || upstream.hits() == 2).await;
    eventually("the others wait", || only_pool(&gateway.observe()).in_flight == 101).await;
    upstream.shared.gate.add_permits(2);
    let mut answers = Vec::new();
    for answer in same {
        answers.push(answer.await.unwrap());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]) && !answers[0].is_empty());
    other.await.unwrap();
    assert_eq!(upstream.hits(), 2, "one for each tenant");
    eventually("all are counted", || only_pool(&gateway.observe()).counters.requests == 101).await;
    let stats = gateway.observe();
    let reused = only_pool(&stats).reused;
    assert_eq!((reused.deduplicated, reused.stale), (99, 0));
    eventually("nothing is in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn without_the_option_everybody_asks() {
    let upstream = Upstream::start("a");
    let gateway = start(one(&upstream), ReusePolicy::default());
    let client = client();
    upstream.shared.gate.add_permits(10);
    let all = (0..10).map(|_| client.get(url(&gateway, "/gate")).send());
    futures::future::join_all(all).await;
    assert_eq!(upstream.hits(), 10);
}

#[tokio::test]
async fn when_nobody_is_left_a_kept_answer_is_given_until_it_is_too_old() {
    let upstream = Upstream::start("a");
    let reuse = ReusePolicy {
        deduplicate: false,
        stale_s: 600,
    };
    let gateway = start(one(&upstream), reuse);
    let client = client();
    let ask = |path: &str| client.get(url(&gateway, path)).send();
    let fresh = ask("/who").await.unwrap();
    assert!(!fresh.headers().contains_key("age"));
    assert_eq!(fresh.text().await.unwrap(), "a");
    upstream.shared.healthy.store(false, Ordering::Relaxed);
    drop(upstream);

    let stale = ask("/who").await.unwrap();
    assert_eq!(stale.status(), 200);
    assert_eq!(stale.headers()["cache-status"], "evenkeel; hit; detail=stale");
    assert_eq!(stale.headers()["x-served-by"], "a");
    assert!(stale.headers().contains_key("age"));
    assert_eq!(stale.text().await.unwrap(), "a");
    assert_eq!(ask("/never-asked-before").await.unwrap().status(), 502);
    let own = client.get(url(&gateway, "/who")).header("cookie", "a=b").send().await.unwrap();
    assert_eq!(own.status(), 502, "what is somebody's own is not kept for others");
    // A request is counted after its answer is out; nothing in flight: all are.
    eventually("all are counted", || is_idle(&gateway)).await;
    let stats = gateway.observe();
    assert_eq!(only_pool(&stats).reused.stale, 1);
    assert_eq!(only_pool(&stats).counters.failed, 2, "who got an answer did not fail");
}

#[tokio::test]
async fn a_get_whose_body_is_still_to_come_holds_up_nobody() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let files = Files::of(&[authority.issue(&["a.test"])]);
    let reuse = ReusePolicy {
        deduplicate: true,
        stale_s: 0,
    };
    let plan = GatewayPlan {
        routes: vec![model::Route { reuse, ..route("/", "p") }],
        pools: vec![one(&upstream)],
    };
    let gateway = Gateway::start(files.config(), plan).unwrap();
    let ask = || http::Request::get("https://a.test/gate").body(()).unwrap();
    let mut unfinished = authority.http2(&gateway, "a.test").await.ready().await.unwrap();
    let (_answer, _body) = unfinished.send_request(ask(), false).unwrap();
    eventually("it is at the gate", || upstream.hits() == 1).await;
    let mut whole = authority.http2(&gateway, "a.test").await.ready().await.unwrap();
    let (answer, _) = whole.send_request(ask(), true).unwrap();
    eventually("the other one does not wait for it", || upstream.hits() == 2).await;
    upstream.shared.gate.add_permits(2);
    assert_eq!(answer.await.unwrap().status(), 200);
}
