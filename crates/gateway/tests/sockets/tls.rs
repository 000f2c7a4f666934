//! TLS for clients: who gets which certificate, who is turned away, and how certificates change.

use gateway::{Gateway, GatewayConfig};
use model::{Algorithm, EventKind};
use rustls::version::TLS12;
use std::time::Duration;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{
    Upstream, eventually, instance, plan, pool, read_to_close, talk,
    tls::{Authority, Files, ask, get},
};

fn to(upstream: &Upstream) -> model::PoolPlan {
    pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)])
}

fn kinds(gateway: &Gateway) -> Vec<EventKind> {
    gateway.observe().events.iter().map(|event| event.event.kind).collect()
}

#[tokio::test]
async fn a_client_gets_the_certificate_of_the_name_it_asks_for() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let files = Files::of(&[authority.issue(&["a.test"]), authority.issue(&["*.b.test", "b.test"])]);
    let gateway = files.start(to(&upstream));
    let at = gateway.tls_addrs()[0];
    // The client refuses a certificate that is for another name.
    for name in ["a.test", "b.test", "x.b.test"] {
        let mut stream = authority.connect(at, name, &["http/1.1"]).await.unwrap();
        let answer = ask(&mut stream, "/headers").await;
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.contains("[\"x-forwarded-proto\",\"https\"]"),
            "{answer}"
        );
    }
    for name in ["c.test", "x.y.b.test"] {
        assert!(
            authority.connect(at, name, &[]).await.is_err(),
            "{name} is served with another's certificate"
        );
    }
    let mut old = authority.connect_with(at, "a.test", &[], &TLS12).await.unwrap();
    assert!(ask(&mut old, "/who").await.ends_with('a'), "TLS 1.2, without ALPN");
    let certificates = gateway.observe().certificates;
    assert_eq!(certificates[1].names, ["*.b.test", "b.test"]);
    assert_eq!(gateway.observe().handshakes_failed, 2);
}

#[tokio::test]
async fn what_is_not_tls_does_no_harm() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = Files::of(&[authority.issue(&["a.test"])]).start(to(&upstream));
    let at = gateway.tls_addrs()[0];
    for bytes in [
        &b"GET /who HTTP/1.1\r\nHost: a.test\r\n\r\n"[..],
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        &[0x16, 3, 1, 0xff, 0xff, 1],
    ] {
        let answer = if bytes.len() > 10 {
            talk(at, bytes).await
        } else {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(bytes).await.unwrap();
            stream.shutdown().await.unwrap();
            read_to_close(&mut stream).await
        };
        assert!(!answer.contains("HTTP/"), "{answer}");
    }
    eventually("counted", || gateway.observe().handshakes_failed == 3).await;
    assert_eq!(upstream.hits(), 0);
    assert_eq!(
        get(&authority.http2(&gateway, "a.test").await, "/who").await.unwrap(),
        (200, "a".to_owned())
    );
}

#[tokio::test]
async fn a_handshake_that_takes_too_long_is_cut() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let files = Files::of(&[authority.issue(&["a.test"])]);
    let config = GatewayConfig {
        client_header_timeout: Duration::from_millis(100),
        ..files.config()
    };
    let gateway = Gateway::start(config, plan(to(&upstream))).unwrap();
    let mut silent = TcpStream::connect(gateway.tls_addrs()[0]).await.unwrap();
    assert_eq!(read_to_close(&mut silent).await, "");
    eventually("counted", || gateway.observe().handshakes_failed == 1).await;
    // Who shakes hands and then says nothing is cut as well.
    let mut mute = authority.connect(gateway.tls_addrs()[0], "a.test", &["h2"]).await.unwrap();
    let mut rest = Vec::new();
    let _cut = tokio::io::AsyncReadExt::read_to_end(&mut mute, &mut rest).await;
    eventually("gone", || gateway.observe().connections == 0).await;
}

#[tokio::test]
async fn certificates_change_under_connections_that_stay() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let files = Files::of(&[authority.issue(&["a.test"])]);
    let gateway = files.start(to(&upstream));
    let client = authority.http2(&gateway, "a.test").await;
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { get(&client, "/gate").await }
    });
    eventually("in flight", || upstream.hits() == 1).await;

    files.put(0, &authority.issue(&["new.test"]));
    gateway.reload();
    eventually("reloaded", || kinds(&gateway) == [EventKind::CertificateReloaded]).await;
    assert!(
        authority.connect(gateway.tls_addrs()[0], "a.test", &[]).await.is_err(),
        "the old one is gone"
    );
    assert_eq!(get(&authority.http2(&gateway, "new.test").await, "/who").await.unwrap().0, 200);

    upstream.shared.gate.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap(), (200, "a".to_owned()));
    assert_eq!(get(&client, "/who").await.unwrap().0, 200, "the old connection goes on");
}

#[tokio::test]
async fn a_bad_change_is_refused_and_the_one_before_stays() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let files = Files::of(&[authority.issue(&["a.test"])]);
    let gateway = files.start(to(&upstream));
    let mut refusals = 0;
    let mut foreign = authority.issue(&["a.test"]);
    foreign.key = authority.issue(&["a.test"]).key;
    for bad in [foreign, authority.issue_until(&["a.test"], 2020)] {
        files.put(0, &bad);
        gateway.reload();
        refusals += 1;
        eventually("refused", || kinds(&gateway).len() == refusals).await;
        assert_eq!(kinds(&gateway), vec![EventKind::CertificateRefused; refusals]);
        assert_eq!(get(&authority.http2(&gateway, "a.test").await, "/who").await.unwrap().0, 200);
    }
    let why = &gateway.observe().events[1].event.cause;
    assert!(why.contains("0.pem expired on 2020-01-01"), "{why}");
}

#[tokio::test]
async fn a_gateway_without_a_good_certificate_does_not_start() {
    let authority = Authority::new();
    let start = |files: &Files| {
        Gateway::start(files.config(), plan(pool(Algorithm::RoundRobin, vec![])))
            .unwrap_err()
            .to_string()
    };
    let expired = Files::of(&[authority.issue(&["a.test"]), authority.issue_until(&["b.test"], 2020)]);
    let error = start(&expired);
    assert!(
        error.starts_with("the certificate in ") && error.ends_with("1.pem expired on 2020-01-01 00:00:00 UTC"),
        "{error}"
    );
    let missing = Files::of(&[authority.issue(&["a.test"])]);
    std::fs::remove_file(&missing.files[0].certificate).unwrap();
    assert!(start(&missing).ends_with("0.pem cannot be read: there is no such file"));
    assert_eq!(start(&Files::of(&[])), "TLS has addresses to listen on, but no certificate");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_waits_for_requests_and_not_for_connections() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = Files::of(&[authority.issue(&["a.test"])]).start(to(&upstream));
    let (idle, busy) = (authority.http2(&gateway, "a.test").await, authority.http2(&gateway, "a.test").await);
    assert_eq!(get(&idle, "/who").await.unwrap().0, 200);
    let waiting = tokio::spawn({
        let busy = busy.clone();
        async move { get(&busy, "/gate").await }
    });
    eventually("in flight", || upstream.hits() == 2).await;
    let _half = TcpStream::connect(gateway.tls_addrs()[0]).await.unwrap();
    let stopping = tokio::task::spawn_blocking(move || gateway.shutdown());
    let mut sent_away = idle.clone();
    let asked = std::time::Instant::now();
    while sent_away.clone().ready().await.is_ok() && get(&sent_away, "/who").await.is_ok() {
        assert!(asked.elapsed() < crate::support::DEADLINE, "an idle connection stays");
        sent_away = idle.clone();
    }
    assert!(!stopping.is_finished());
    upstream.shared.gate.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap().0, 200);
    stopping.await.unwrap();
}
