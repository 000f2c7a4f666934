//! Clients that come back to the instance that served them before.

use futures::{SinkExt, StreamExt};
use gateway::{AffinityKey, Gateway, GatewayConfig};
use model::{AdminState, AffinityKind, AffinityPolicy, Algorithm, EventKind, PoolId, PoolPlan};
use reqwest::header::{COOKIE, SET_COOKIE};
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Upstream, address, client, config, eventually, instance, instance_stats, plan, pool, start, url, weight, who};

const NAMES: [&str; 3] = ["a", "b", "c"];

fn upstreams() -> Vec<Upstream> {
    NAMES.iter().map(|name| Upstream::start(name)).collect()
}

fn sticky(kind: AffinityKind, upstreams: &[Upstream]) -> PoolPlan {
    let instances = NAMES.iter().zip(upstreams).map(|(name, u)| instance(name, u.address));
    PoolPlan {
        affinity: AffinityPolicy {
            kind,
            ..AffinityPolicy::default()
        },
        ..pool(Algorithm::RoundRobin, instances.collect())
    }
}

/// Who answers, and the cookie that came along, ready to be sent back.
async fn ask(gateway: &Gateway, cookie: Option<&str>) -> (String, Option<String>) {
    let mut request = client().get(url(gateway, "/who"));
    if let Some(cookie) = cookie {
        request = request.header(COOKIE, cookie);
    }
    let answer = request.send().await.unwrap();
    let set = answer.headers().get(SET_COOKIE).map(|set| set.to_str().unwrap().to_owned());
    let cookie = set.map(|set| set.split(';').next().unwrap().to_owned());
    (answer.text().await.unwrap(), cookie)
}

#[tokio::test]
async fn a_cookie_leads_back_whatever_the_algorithm_says() {
    let upstreams = upstreams();
    let plan = sticky(AffinityKind::Cookie, &upstreams);
    let gateway = start(plan.clone());
    let (first, cookie) = ask(&gateway, None).await;
    let cookie = cookie.expect("the first answer pins");
    for (version, algorithm) in (2..).zip(Algorithm::ALL) {
        gateway
            .apply_pool(&PoolPlan {
                version,
                algorithm,
                ..plan.clone()
            })
            .unwrap();
        for _ in 0..3 {
            assert_eq!(ask(&gateway, Some(&cookie)).await, (first.clone(), None), "{algorithm}");
        }
    }
    let mut heavy = plan;
    heavy.instances.iter_mut().for_each(|i| i.weight = weight(200));
    gateway.apply_pool(&heavy).unwrap();
    assert_eq!(ask(&gateway, Some(&cookie)).await.0, first);
    // Others are spread as before.
    let mut others = std::collections::BTreeSet::new();
    for _ in 0..6 {
        others.insert(ask(&gateway, None).await.0);
    }
    assert_eq!(others.len(), 3);
}

#[tokio::test]
async fn when_its_instance_is_gone_a_client_moves_once_and_it_is_told() {
    let upstreams = upstreams();
    let mut plan = sticky(AffinityKind::Cookie, &upstreams);
    let gateway = start(plan.clone());
    let (first, cookie) = ask(&gateway, None).await;
    let cookie = cookie.unwrap();
    assert_eq!(instance_stats(&gateway, &first).pinned, Some(1));
    let gone = plan.instances.iter_mut().find(|i| i.id.as_str() == first).unwrap();
    gone.admin = AdminState::Drain;
    plan.version = 2;
    gateway.apply_pool(&plan).unwrap();

    let (second, new_cookie) = ask(&gateway, Some(&cookie)).await;
    assert_ne!(second, first);
    let new_cookie = new_cookie.expect("it is pinned anew");
    plan.instances.iter_mut().for_each(|i| i.admin = AdminState::Ready);
    plan.version = 3;
    gateway.apply_pool(&plan).unwrap();
    for _ in 0..4 {
        assert_eq!(ask(&gateway, Some(&new_cookie)).await.0, second, "it does not wander back");
    }
    assert_eq!(instance_stats(&gateway, &first).pinned, Some(0));
    assert_eq!(instance_stats(&gateway, &second).pinned, Some(1));
    let moved = || {
        gateway
            .observe()
            .events
            .into_iter()
            .find(|e| e.event.kind == EventKind::ClientsMoved)
    };
    eventually("the move is told", || moved().is_some()).await;
    let event = moved().unwrap().event;
    assert!(event.summary.starts_with(&format!("1 client of {first}")), "{}", event.summary);
}

#[tokio::test]
async fn an_address_leads_back_and_the_inspector_shows_it() {
    let upstreams = upstreams();
    let gateway = start(sticky(AffinityKind::ClientIp, &upstreams));
    let first = who(&client(), &gateway).await;
    for _ in 0..5 {
        assert_eq!(who(&client(), &gateway).await, first);
    }
    let pins = gateway.pins(&PoolId::new("p").unwrap()).unwrap();
    assert_eq!(pins.total, 1);
    assert_eq!(
        (pins.pins[0].client.as_str(), pins.pins[0].instance.as_str()),
        ("127.0.0.1", first.as_str())
    );
}

#[tokio::test]
async fn gateways_with_one_key_know_each_others_cookies_and_others_do_not() {
    let upstreams = upstreams();
    let with_key = |byte| {
        let config = GatewayConfig {
            affinity_key: AffinityKey::new([byte; 32]),
            ..config()
        };
        Gateway::start(config, plan(sticky(AffinityKind::Cookie, &upstreams))).unwrap()
    };
    let (one, same, other) = (with_key(1), with_key(1), with_key(2));
    let (first, cookie) = ask(&one, None).await;
    let cookie = cookie.unwrap();
    for _ in 0..4 {
        assert_eq!(ask(&same, Some(&cookie)).await, (first.clone(), None));
    }
    assert!(ask(&other, Some(&cookie)).await.1.is_some(), "a forged cookie is replaced");
}

#[tokio::test]
async fn a_websocket_survives_every_change() {
    let upstreams = upstreams();
    let plan = sticky(AffinityKind::Cookie, &upstreams);
    let gateway = start(plan.clone());
    let (mut socket, _) = tokio_tungstenite::connect_async(format!("ws://{}/ws", address(&gateway)))
        .await
        .unwrap();
    for (version, algorithm) in (2..).zip(Algorithm::ALL) {
        let mut changed = PoolPlan {
            version,
            algorithm,
            ..plan.clone()
        };
        changed.affinity.kind = AffinityKind::ALL[usize::try_from(version).unwrap() % 3];
        changed.instances.iter_mut().for_each(|i| i.admin = AdminState::Drain);
        gateway.apply_pool(&changed).unwrap();
        socket.send(Message::text(algorithm.id())).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(algorithm.id()));
    }
}
