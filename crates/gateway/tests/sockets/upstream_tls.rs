//! TLS to instances: whom the gateway believes.

use futures::{SinkExt, StreamExt};
use gateway::{Gateway, PlanError};
use model::{Algorithm, CheckTarget, Health, PoolPlan, UpstreamTls, Verification};
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::support::{
    Upstream, address, client, eventually, instance, instance_stats, pool, quick_checks, start,
    tls::{Authority, Files},
    who,
};

fn tls(files: &Files, name: Option<&str>) -> UpstreamTls {
    UpstreamTls {
        on: true,
        name: name.map(str::to_owned),
        ca: Some(files.path("ca.pem").display().to_string()),
        verify: Verification::Full,
    }
}

fn secured(upstream: &Upstream, tls: UpstreamTls) -> PoolPlan {
    let mut plan = pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]);
    plan.health_check = quick_checks();
    plan.tls = tls;
    plan
}

fn authority_file(authority: &Authority) -> Files {
    let files = Files::of(&[]);
    std::fs::write(files.path("ca.pem"), authority.pem()).unwrap();
    files
}

async fn check_says(gateway: &Gateway, words: &str) {
    let detail = || instance_stats(gateway, "a").last_check.map(|check| check.detail);
    eventually(words, || detail().is_some_and(|detail| detail == words)).await;
}

#[tokio::test]
async fn requests_checks_and_tunnels_go_over_tls() {
    let authority = Authority::new();
    let files = authority_file(&authority);
    let upstream = Upstream::start_tls("a", authority.issue(&["web.internal"]).server());
    let gateway = start(secured(&upstream, tls(&files, Some("web.internal"))));
    eventually("up", || instance_stats(&gateway, "a").health == Health::Up).await;
    for _ in 0..20 {
        assert_eq!(who(&client(), &gateway).await, "a");
    }
    let (mut socket, _) = connect_async(format!("ws://{}/ws", address(&gateway))).await.unwrap();
    for text in ["one", "two"] {
        socket.send(Message::text(text)).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
    }
}

#[tokio::test]
async fn without_a_name_the_certificate_must_be_for_the_address() {
    let authority = Authority::new();
    let files = authority_file(&authority);
    let by_address = Upstream::start_tls("a", authority.issue(&["127.0.0.1"]).server());
    let gateway = start(secured(&by_address, tls(&files, None)));
    assert_eq!(who(&client(), &gateway).await, "a");
    check_says(&gateway, "200").await;
    let by_name = Upstream::start_tls("a", authority.issue(&["web.internal"]).server());
    let gateway = start(secured(&by_name, tls(&files, None)));
    assert_eq!(who(&client(), &gateway).await, "502");
    check_says(&gateway, "its certificate is for another name").await;
}

#[tokio::test]
async fn who_cannot_be_verified_gets_nothing_unless_nobody_asks() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let files = authority_file(&authority);
    let upstream = Upstream::start_tls("a", stranger.issue(&["web.internal"]).server());
    let plan = secured(&upstream, tls(&files, Some("web.internal")));
    let gateway = start(plan.clone());
    assert_eq!(who(&client(), &gateway).await, "502");
    check_says(&gateway, "its certificate is signed by nobody who is believed").await;
    assert!(connect_async(format!("ws://{}/ws", address(&gateway))).await.is_err());
    assert_eq!(upstream.hits(), 0);

    // Pingora keeps connections by name and address; one that was made without looking must not serve who looks.
    let mut believing = plan.clone();
    std::fs::write(files.path("stranger.pem"), stranger.pem()).unwrap();
    believing.tls.ca = Some(files.path("stranger.pem").display().to_string());
    gateway.apply_pool(&believing).unwrap();
    eventually("up", || instance_stats(&gateway, "a").health == Health::Up).await;
    assert_eq!(who(&client(), &gateway).await, "a");
    gateway.apply_pool(&plan).unwrap();
    eventually("down", || instance_stats(&gateway, "a").health == Health::Down).await;
    assert!(["502", "503"].contains(&who(&client(), &gateway).await.as_str()));

    let expired = Upstream::start_tls("a", authority.issue_until(&["web.internal"], 2020).server());
    let gateway = start(secured(&expired, tls(&files, Some("web.internal"))));
    check_says(&gateway, "its certificate has expired").await;
    let mut anybody = secured(&expired, tls(&files, None));
    (anybody.tls.ca, anybody.tls.verify) = (None, Verification::None);
    let gateway = start(anybody);
    assert_eq!(who(&client(), &gateway).await, "a");
    check_says(&gateway, "200").await;
}

#[tokio::test]
async fn an_instance_in_the_clear_is_told_apart() {
    let authority = Authority::new();
    let files = authority_file(&authority);
    let upstream = Upstream::start("a");
    let gateway = start(secured(&upstream, tls(&files, Some("web.internal"))));
    assert_eq!(who(&client(), &gateway).await, "502");
    check_says(&gateway, "it does not speak TLS").await;
}

#[tokio::test]
async fn a_check_target_of_its_own_is_asked_in_the_clear() {
    let authority = Authority::new();
    let files = authority_file(&authority);
    let upstream = Upstream::start_tls("a", authority.issue(&["web.internal"]).server());
    let checked = Upstream::start("checked");
    let mut plan = secured(&upstream, tls(&files, Some("web.internal")));
    plan.instances[0].check = Some(CheckTarget {
        address: checked.address,
        path: "/health".parse().unwrap(),
    });
    let gateway = start(plan);
    check_says(&gateway, "200").await;
    eventually("up", || instance_stats(&gateway, "a").health == Health::Up).await;
    assert_eq!(who(&client(), &gateway).await, "a", "requests go over TLS");
}

#[tokio::test]
async fn authorities_that_cannot_be_read_are_named() {
    let files = authority_file(&Authority::new());
    let upstream = Upstream::start("a");
    let gateway = start(secured(&upstream, UpstreamTls::default()));
    let refused = |ca: &str| {
        let mut plan = secured(&upstream, tls(&files, None));
        plan.tls.ca = Some(files.path(ca).display().to_string());
        gateway.apply_pool(&plan).unwrap_err()
    };
    let missing = refused("nothing.pem");
    assert!(matches!(missing, PlanError::Tls { .. }));
    let missing = missing.to_string();
    assert!(
        missing.starts_with("tls of pool p: ") && missing.ends_with("nothing.pem cannot be read: there is no such file"),
        "{missing}"
    );
    std::fs::write(files.path("empty.pem"), "").unwrap();
    assert!(
        refused("empty.pem")
            .to_string()
            .contains("empty.pem has no certificate in PEM form")
    );
    assert_eq!(who(&client(), &gateway).await, "a", "the plan in force stays");
}
