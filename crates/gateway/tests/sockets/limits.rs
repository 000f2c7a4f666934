//! What one client, and all of them together, may ask.

use gateway::{Gateway, GatewayConfig};
use model::{Algorithm, LimitPolicy, PoolPlan};
use reqwest::StatusCode;

use crate::support::{Upstream, address, client, config, eventually, instance, is_idle, only_pool, plan, pool, start, talk, url, who};

fn limited(upstream: &Upstream, limits: LimitPolicy) -> PoolPlan {
    PoolPlan {
        limits,
        ..pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)])
    }
}

fn an_hour(burst: u32) -> LimitPolicy {
    LimitPolicy {
        requests: 1,
        period_s: 3_600,
        burst,
        ..LimitPolicy::default()
    }
}

async fn forwarded(gateway: &Gateway, client: &reqwest::Client, from: String) -> StatusCode {
    let request = client.get(url(gateway, "/who")).header("x-forwarded-for", from);
    request.send().await.unwrap().status()
}

#[tokio::test]
async fn a_client_gets_its_burst_and_then_429_with_the_time_to_wait() {
    let upstream = Upstream::start("a");
    let gateway = start(limited(&upstream, an_hour(5)));
    let client = client();
    for _ in 0..5 {
        assert_eq!(who(&client, &gateway).await, "a");
    }
    let refused = client.get(url(&gateway, "/who")).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let wait: u32 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((3_500..=3_600).contains(&wait), "{wait}");
    assert_eq!(upstream.hits(), 5);
    let stats = gateway.observe();
    assert_eq!(only_pool(&stats).refusals.rate, 1);
    assert_eq!(only_pool(&stats).counters.status_4xx, 1);
}

#[tokio::test]
async fn a_thousand_forged_addresses_are_one_client() {
    let upstream = Upstream::start("a");
    let gateway = start(limited(&upstream, an_hour(10)));
    let client = client();
    let mut passed = 0;
    for n in 0..1_000_u32 {
        let forged = std::net::Ipv4Addr::from_bits(0x0a00_0000 + n).to_string();
        passed += u32::from(forwarded(&gateway, &client, forged).await == 200);
    }
    assert!((9..=11).contains(&passed), "{passed}");
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_clients_are_those_it_names() {
    let upstream = Upstream::start("a");
    let config = GatewayConfig {
        trusted_proxies: vec!["127.0.0.0/8".parse().unwrap()],
        ..config()
    };
    let gateway = Gateway::start(config, plan(limited(&upstream, an_hour(1)))).unwrap();
    let client = client();
    for n in 0..20 {
        // What the client itself wrote stands on the left, and changes nothing.
        let chain = |forged: u32| format!("1.2.3.{forged}, 198.51.100.{n}");
        assert_eq!(forwarded(&gateway, &client, chain(1)).await, 200);
        assert_eq!(forwarded(&gateway, &client, chain(2)).await, 429);
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused_by_its_length_or_on_its_way() {
    let upstream = Upstream::start("a");
    let limits = LimitPolicy {
        body_bytes: 1_000,
        ..LimitPolicy::default()
    };
    let gateway = start(limited(&upstream, limits));
    let post = |body: reqwest::Body| client().post(url(&gateway, "/size")).body(body).send();
    assert_eq!(post(vec![b'x'; 1_000].into()).await.unwrap().status(), 200);
    assert_eq!(post(vec![b'x'; 1_001].into()).await.unwrap().status(), 413);
    // In pieces, whose sum nobody told beforehand.
    let mut raw = b"POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..3 {
        raw.extend(b"190\r\n");
        raw.extend([b'x'; 400]);
        raw.extend(b"\r\n");
    }
    let answer = talk(address(&gateway), &raw).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    eventually("both are counted", || only_pool(&gateway.observe()).refusals.body == 2).await;
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn more_in_flight_than_allowed_are_turned_away() {
    let upstream = Upstream::start("a");
    let limits = LimitPolicy {
        in_flight: 2,
        ..LimitPolicy::default()
    };
    let gateway = start(limited(&upstream, limits));
    let waiting: Vec<_> = (0..2).map(|_| tokio::spawn(client().get(url(&gateway, "/gate")).send())).collect();
    eventually("both are there", || upstream.hits() == 2).await;
    let refused = client().get(url(&gateway, "/who")).send().await.unwrap();
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    upstream.shared.gate.add_permits(2);
    for answer in waiting {
        assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    }
    eventually("nothing in flight", || is_idle(&gateway)).await;
    assert_eq!(who(&client(), &gateway).await, "a");
    assert_eq!(only_pool(&gateway.observe()).refusals.in_flight, 1);
}

#[tokio::test]
async fn a_target_that_is_too_long_is_414() {
    let upstream = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]));
    let long = |length: usize| url(&gateway, &format!("/{}", "x".repeat(length - 1)));
    let status = |url: String| async move { client().get(url).send().await.unwrap().status() };
    assert_eq!(status(long(GatewayConfig::MAX_URI_BYTES)).await, 404, "the instance's own answer");
    assert_eq!(status(long(GatewayConfig::MAX_URI_BYTES + 1)).await, 414);
}

#[tokio::test]
async fn a_body_that_is_sent_again_is_one_body() {
    let upstream = Upstream::start("a");
    // Takes a request and hangs up.
    let breaking = crate::support::raw_upstream(|stream| async move { drop(stream) }).await;
    let limits = LimitPolicy {
        body_bytes: 50_000,
        ..LimitPolicy::default()
    };
    let plan = PoolPlan {
        limits,
        ..pool(
            Algorithm::RoundRobin,
            vec![instance("breaking", breaking.address), instance("a", upstream.address)],
        )
    };
    let gateway = start(plan);
    for _ in 0..4 {
        let put = client().put(url(&gateway, "/size")).body(vec![b'x'; 40_000]).send();
        let answer = put.await.unwrap();
        assert_ne!(answer.status(), 413);
    }
}
