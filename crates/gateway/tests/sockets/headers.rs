//! What is added and taken on the way.

use model::Algorithm;

use crate::support::{Upstream, client, config, instance, plan, pool, start, url};

#[tokio::test]
async fn the_instance_learns_who_asked_for_what() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let request = client()
        .get(url(&gateway, "/headers"))
        .header("host", "shop.test")
        .header("x-forwarded-for", "203.0.113.9")
        .header("x-forwarded-host", "evil.test")
        .header("x-forwarded-proto", "https")
        .header("connection", "x-secret-hop")
        .header("x-secret-hop", "1")
        .header("te", "trailers");
    let seen: Vec<(String, String)> = request.send().await.unwrap().json().await.unwrap();
    let value = |name: &str| seen.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    assert_eq!(value("host"), Some("shop.test"));
    assert_eq!(value("x-forwarded-for"), Some("203.0.113.9, 127.0.0.1"));
    assert_eq!(value("x-forwarded-host"), Some("shop.test"));
    assert_eq!(value("x-forwarded-proto"), Some("http"));
    assert_eq!((value("x-secret-hop"), value("te")), (None, None), "hop-by-hop");
}

#[tokio::test]
async fn our_own_headers_cannot_be_nominated_away() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let answer = client()
        .get(url(&gateway, "/headers"))
        .header("connection", "x-forwarded-for")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 400);
}

#[tokio::test]
async fn the_client_learns_who_served_and_nothing_of_the_inner_hop() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let answer = client().get(url(&gateway, "/hop-by-hop")).send().await.unwrap();
    assert_eq!(answer.headers()["x-served-by"], "a");
    assert_eq!(answer.headers().get_all("x-served-by").iter().count(), 1);
    assert!(!answer.headers().contains_key("keep-alive") && !answer.headers().contains_key("x-internal"));
}

#[tokio::test]
async fn a_request_has_one_id_at_both_ends_and_its_times_are_told() {
    let upstream = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]));
    let ask = |id: Option<&'static str>| {
        let request = client().get(url(&gateway, "/headers"));
        async move {
            let request = match id {
                Some(id) => request.header("x-request-id", id),
                None => request,
            };
            let answer = request.send().await.unwrap();
            let header = |name: &str| {
                answer
                    .headers()
                    .get(name)
                    .map(|v| v.to_str().unwrap().to_owned())
                    .unwrap_or_default()
            };
            let (told, timing) = (header("x-request-id"), header("server-timing"));
            let seen: Vec<(String, String)> = answer.json().await.unwrap();
            let got = seen.into_iter().find(|(name, _)| name == "x-request-id").map(|(_, id)| id);
            (got.unwrap(), told, timing)
        }
    };
    let (got, told, timing) = ask(Some("order-7")).await;
    assert_eq!((got.as_str(), told.as_str()), ("order-7", "order-7"));
    assert!(timing.starts_with("gateway;dur=") && timing.contains(", instance;dur="), "{timing}");
    let (got, told, _) = ask(None).await;
    assert_eq!(got, told);
    assert_eq!(got.len(), 32);
}

#[tokio::test]
async fn nobody_is_told_who_served_where_that_is_switched_off() {
    let upstream = Upstream::start("a");
    let config = gateway::GatewayConfig {
        identity_headers: false,
        ..config()
    };
    let gateway = gateway::Gateway::start(config, plan(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]))).unwrap();
    let answer = client().get(url(&gateway, "/who")).send().await.unwrap();
    for name in ["x-served-by", "server-timing", "x-request-id"] {
        assert!(!answer.headers().contains_key(name), "{name}");
    }
}
