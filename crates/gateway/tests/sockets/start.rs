//! The beginning of a gateway, and its independence.

use gateway::{Gateway, GatewayConfig, StartError};
use model::{Algorithm, GatewayPlan};
use tokio::net::TcpListener;

use crate::support::{Upstream, client, config, eventually, instance, plan, pool, start, url, who};

#[tokio::test]
async fn a_taken_address_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let listening = |listen| {
        let config = GatewayConfig { listen, ..config() };
        Gateway::start(config, GatewayPlan::default()).map(|_| ()).unwrap_err()
    };
    let free = ([127, 0, 0, 1], 0).into();
    assert_eq!(
        listening(vec![free, address]).to_string(),
        format!("{address} is in use by another program")
    );
    assert_eq!(
        listening(vec!["192.0.2.1:8080".parse().unwrap()]).to_string(),
        "192.0.2.1:8080 is not an address of this machine"
    );
    assert!(matches!(listening(vec![]), StartError::NothingToListenOn));
}

#[tokio::test]
async fn a_wrong_plan_starts_nothing() {
    let mut plan = plan(pool(Algorithm::RoundRobin, vec![]));
    plan.pools.clear();
    let error = Gateway::start(config(), plan).unwrap_err();
    assert_eq!(error.to_string(), "the plan is wrong: there is no pool p");
}

#[tokio::test]
async fn several_gateways_live_in_one_process_and_on_several_ports() {
    let (a, b) = (Upstream::start("a"), Upstream::start("b"));
    let first = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let two_ports = GatewayConfig {
        listen: vec![([127, 0, 0, 1], 0).into(), ([127, 0, 0, 1], 0).into()],
        ..config()
    };
    let second = Gateway::start(two_ports, plan(pool(Algorithm::RoundRobin, vec![instance("b", b.address)]))).unwrap();
    assert_eq!(who(&client(), &first).await, "a");
    for address in second.local_addrs() {
        let answer = client().get(format!("http://{address}/who")).send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "b");
    }
    drop(first);
    assert_eq!(who(&client(), &second).await, "b", "one ending does not disturb the other");
}

/// The handle is leaked: nobody observes, applies or even holds it, as when everything above the gateway hangs.
#[tokio::test]
async fn it_keeps_serving_when_nothing_above_it_calls() {
    let a = Upstream::start("a");
    let gateway: &'static Gateway = Box::leak(Box::new(start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]))));
    let (url, client) = (url(gateway, "/who"), client());
    for _ in 0..200 {
        assert_eq!(client.get(&url).send().await.unwrap().text().await.unwrap(), "a");
    }
    eventually("all served", || a.hits() == 200).await;
}

#[test]
fn it_starts_and_stops_outside_any_runtime() {
    let gateway = start(pool(Algorithm::RoundRobin, vec![]));
    assert_ne!(gateway.local_addrs()[0].port(), 0);
    gateway.shutdown();
}
