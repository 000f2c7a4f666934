//! Clients that smuggle, flood, drip and leave.

use std::time::Duration;

use gateway::{Gateway, GatewayConfig};
use model::Algorithm;
use tokio::{
    io::AsyncWriteExt,
    net::TcpStream,
    time::{self, Instant},
};

use crate::support::{
    DEADLINE, Upstream, address, client, config, eventually, instance, instance_stats, is_idle, only_pool, plan, pool, read_head,
    read_to_close, start, talk, url, who,
};

#[tokio::test]
async fn ambiguous_framing_is_refused_and_the_connection_closed() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    // Each hides a second request behind the first one's body.
    let hidden = "GET /who HTTP/1.1\r\nHost: a\r\n\r\n";
    for framing in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\nCONTENT-LENGTH: 5\r\n\r\n0\r\n\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "Content-Length: +5\r\n\r\nhello",
        "Content-Length: 5, 6\r\n\r\nhello",
        "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    ] {
        let answer = talk(
            address(&gateway),
            format!("POST /size HTTP/1.1\r\nHost: a\r\n{framing}{hidden}").as_bytes(),
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{framing:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{framing:?}: {answer}");
    }
    let http10 = "POST /size HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(talk(address(&gateway), http10.as_bytes()).await.contains(" 400 "));
    assert_eq!(a.hits(), 0, "no hidden request got through");
}

#[tokio::test]
async fn what_is_not_http_is_400_and_two_hosts_are_too() {
    let gateway = start(pool(Algorithm::RoundRobin, vec![]));
    for bytes in [
        "\u{1}\u{2}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n",
    ] {
        let answer = talk(address(&gateway), bytes.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 "), "{bytes:?}: {answer}");
    }
    let answer = talk(address(&gateway), b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 405 "), "{answer}");
}

#[tokio::test]
async fn a_large_head_is_431() {
    let a = Upstream::start("a");
    let limited = GatewayConfig {
        max_request_header_bytes: 2_000,
        ..config()
    };
    let gateway = Gateway::start(limited, plan(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]))).unwrap();
    let request = |filler: usize| {
        format!(
            "GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: {}\r\n\r\n",
            "x".repeat(filler)
        )
    };
    assert!(
        talk(address(&gateway), request(1_000).as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
    );
    assert!(
        talk(address(&gateway), request(3_000).as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    assert_eq!(a.hits(), 1);
}

#[tokio::test]
async fn a_head_that_drips_is_cut() {
    let impatient = GatewayConfig {
        client_header_timeout: Duration::from_millis(300),
        ..config()
    };
    let gateway = Gateway::start(impatient, plan(pool(Algorithm::RoundRobin, vec![]))).unwrap();
    let mut stream = TcpStream::connect(address(&gateway)).await.unwrap();
    let started = Instant::now();
    let drip = async {
        let mut tick = time::interval(Duration::from_millis(20));
        stream.write_all(b"GET / HTTP/1.1\r\n").await?;
        loop {
            tick.tick().await;
            stream.write_all(b"X: y\r\n").await?;
        }
    };
    let ended: Result<std::io::Result<()>, _> = time::timeout(DEADLINE, drip).await;
    assert!(ended.expect("never cut").is_err());
    assert!(started.elapsed() >= Duration::from_millis(300));
    eventually("connection gone", || gateway.observe().connections == 0).await;
}

#[tokio::test]
async fn idle_keep_alive_connections_end() {
    let brief = GatewayConfig {
        client_keepalive: Duration::from_secs(1),
        client_header_timeout: Duration::from_secs(1),
        ..config()
    };
    let a = Upstream::start("a");
    let gateway = Gateway::start(brief, plan(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]))).unwrap();
    let answer = talk(address(&gateway), b"GET /who HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.to_ascii_lowercase().contains("connection: keep-alive"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_leaves_is_nobodys_failure() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let mut stream = TcpStream::connect(address(&gateway)).await.unwrap();
    stream.write_all(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    eventually("in flight", || instance_stats(&gateway, "a").in_flight == 1).await;
    drop(stream);
    eventually("nothing in flight", || is_idle(&gateway)).await;
    let counters = only_pool(&gateway.observe()).counters;
    assert_eq!((counters.requests, counters.failed, counters.status_2xx), (1, 0, 0));
    assert_eq!(instance_stats(&gateway, "a").histogram.len(), 0);
}

#[tokio::test]
async fn a_client_that_leaves_within_the_answer_is_nobodys_failure_either() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let mut stream = TcpStream::connect(address(&gateway)).await.unwrap();
    stream.write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    assert!(read_head(&mut stream).await.unwrap().starts_with("HTTP/1.1 200 "));
    drop(stream);
    eventually("counted", || only_pool(&gateway.observe()).counters.requests == 1).await;
    assert_eq!(only_pool(&gateway.observe()).counters.failed, 0);
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn beyond_the_limit_connections_wait_for_their_turn() {
    let a = Upstream::start("a");
    let tight = GatewayConfig {
        max_connections: 1,
        ..config()
    };
    let gateway = Gateway::start(tight, plan(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]))).unwrap();
    let mut first = TcpStream::connect(address(&gateway)).await.unwrap();
    first.write_all(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    eventually("the first is served", || a.hits() == 1).await;
    let mut second = TcpStream::connect(address(&gateway)).await.unwrap();
    second
        .write_all(b"GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(gateway.observe().connections, 1);
    a.shared.gate.add_permits(1);
    assert!(read_head(&mut first).await.unwrap().starts_with("HTTP/1.1 200 "));
    assert_eq!(a.hits(), 1, "the second waits while the first is open");
    drop(first);
    assert!(read_to_close(&mut second).await.starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn a_large_body_passes_and_an_early_answer_does_not_break_the_next_request() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let client = client();
    // More than Pingora keeps for a retry, less than axum's default limit.
    let posted = client
        .post(url(&gateway, "/size"))
        .body(vec![b'x'; 1_500_000])
        .send()
        .await
        .unwrap();
    assert_eq!(posted.text().await.unwrap(), "1500000");
    let refused = client
        .post(url(&gateway, "/nothing-here"))
        .body(vec![b'x'; 300_000])
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 404);
    assert_eq!(who(&client, &gateway).await, "a");
}
