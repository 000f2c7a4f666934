//! The end of a gateway.

use std::{sync::Arc, time::Duration};

use gateway::{Gateway, GatewayConfig};
use model::Algorithm;
use tokio::{io::AsyncWriteExt, net::TcpStream, task::spawn_blocking};

use crate::support::{Upstream, address, client, config, eventually, instance, plan, pool, read_to_close, start, url};

fn refuses(to: std::net::SocketAddr) -> bool {
    std::net::TcpStream::connect_timeout(&to, Duration::from_secs(1)).is_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutting_down_finishes_what_is_in_flight() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let at = address(&gateway);
    // One connection sits idle, one waits for its answer.
    let mut idle = TcpStream::connect(at).await.unwrap();
    let mut busy = TcpStream::connect(at).await.unwrap();
    busy.write_all(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    eventually("in flight", || a.hits() == 1).await;

    let stopping = spawn_blocking(move || gateway.shutdown());
    assert_eq!(read_to_close(&mut idle).await, "", "idle connections are closed at once");
    eventually("nothing new is taken", || refuses(at)).await;
    assert!(!stopping.is_finished(), "it waits for the one in flight");
    a.shared.gate.add_permits(1);
    let answer = read_to_close(&mut busy).await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\na"), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    stopping.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_drain_is_bounded_and_may_be_asked_for_twice() {
    let a = Upstream::start("a");
    let brief = GatewayConfig {
        drain: Duration::from_millis(200),
        ..config()
    };
    let gateway = Gateway::start(brief, plan(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]))).unwrap();
    let gateway = Arc::new(gateway);
    let stuck = tokio::spawn(client().get(url(&gateway, "/gate")).send());
    eventually("in flight", || a.hits() == 1).await;
    let (one, two) = (gateway.clone(), gateway.clone());
    spawn_blocking(move || one.drain()).await.unwrap();
    spawn_blocking(move || two.drain()).await.unwrap();
    assert!(stuck.await.unwrap().is_err());
    assert!(refuses(address(&gateway)));
}

#[tokio::test]
async fn dropping_the_handle_frees_the_port_at_once() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let at = address(&gateway);
    let mut busy = TcpStream::connect(at).await.unwrap();
    busy.write_all(b"GET /gate HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    eventually("in flight", || a.hits() == 1).await;
    drop(gateway);
    assert_eq!(read_to_close(&mut busy).await, "");
    let same_port = GatewayConfig {
        listen: vec![at],
        ..config()
    };
    Gateway::start(same_port, plan(pool(Algorithm::RoundRobin, vec![]))).unwrap();
}
