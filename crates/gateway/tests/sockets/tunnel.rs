//! Tunnels (WebSocket) through the gateway.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use gateway::{Gateway, GatewayConfig};
use model::{AdminState, Algorithm};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        protocol::{
            CloseFrame,
            frame::{
                Frame,
                coding::{CloseCode, Data, OpCode},
            },
        },
    },
};

use crate::support::{
    Raw, Upstream, address, client, config, eventually, instance, instance_stats, is_idle, only_pool, plan, pool, raw_upstream, start, url,
    who,
};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn open(gateway: &Gateway) -> Socket {
    let (socket, answer) = connect_async(format!("ws://{}/ws", address(gateway))).await.unwrap();
    assert_eq!(answer.headers()["x-served-by"], "a");
    socket
}

async fn echoes(socket: &mut Socket, text: &str) {
    socket.send(Message::text(text)).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text(text));
}

/// What is neither a ping nor the answer to one.
async fn next_message(socket: &mut Socket) -> Message {
    loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            message => return message,
        }
    }
}

/// Reads requests and never answers.
async fn mute() -> Raw {
    raw_upstream(|mut stream| async move {
        let _closed = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

#[tokio::test]
async fn a_tunnel_survives_plans_drain_and_even_the_removal_of_its_instance() {
    let (a, b) = (Upstream::start("a"), Upstream::start("b"));
    let mut plan = pool(Algorithm::RoundRobin, vec![instance("a", a.address), instance("b", b.address)]);
    let gateway = start(plan.clone());
    let mut socket = open(&gateway).await;
    echoes(&mut socket, "one").await;
    assert_eq!(instance_stats(&gateway, "a").in_flight, 1);

    plan.instances[0].admin = AdminState::Drain;
    plan.algorithm = Algorithm::LeastConnections;
    gateway.apply_pool(&plan).unwrap();
    echoes(&mut socket, "two").await;
    assert_eq!(who(&client(), &gateway).await, "b", "nothing new for the drained one");
    assert_eq!(instance_stats(&gateway, "a").in_flight, 1, "what is left of the drain");

    plan.instances.remove(0);
    gateway.apply_pool(&plan).unwrap();
    echoes(&mut socket, "three").await;
    socket.close(None).await.unwrap();
    eventually("nothing in flight", || is_idle(&gateway)).await;
    let counters = only_pool(&gateway.observe()).counters;
    assert_eq!((counters.requests, counters.failed), (2, 0));
    assert_eq!(only_pool(&gateway.observe()).histogram.len(), 1, "a tunnel has no latency");
}

/// Pingora alone closes some of these at once: those whose 101 arrives before the end of the request's empty body was handled.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_one_of_many_quick_handshakes_makes_a_tunnel() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let visits = (0..20).map(|_| async {
        for _ in 0..30 {
            echoes(&mut open(&gateway).await, "hello").await;
        }
    });
    futures::future::join_all(visits).await;
    eventually("nothing in flight", || is_idle(&gateway)).await;
    assert_eq!(only_pool(&gateway.observe()).counters.requests, 600);
}

#[tokio::test]
async fn a_silent_tunnel_outlives_the_read_timeouts() {
    let (a, mute) = (Upstream::start("a"), mute().await);
    let mut silent = pool(Algorithm::RoundRobin, vec![instance("mute", mute.address)]);
    silent.pool = model::PoolId::new("mute").unwrap();
    let mut plan = plan(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    plan.routes.push(crate::support::route("/mute", "mute"));
    plan.pools.push(silent);
    let brief = GatewayConfig {
        read_timeout: Duration::from_millis(200),
        client_read_timeout: Duration::from_millis(200),
        ..config()
    };
    let gateway = Gateway::start(brief, plan).unwrap();
    let mut socket = open(&gateway).await;
    // The clock: each of these takes one read timeout, one after the other.
    for _ in 0..4 {
        assert_eq!(client().get(url(&gateway, "/mute")).send().await.unwrap().status(), 504);
    }
    echoes(&mut socket, "still there").await;
}

#[tokio::test]
async fn a_tunnel_nobody_uses_is_closed_in_the_end() {
    let a = Upstream::start("a");
    let brief = GatewayConfig {
        tunnel_idle_timeout: Duration::from_millis(300),
        ..config()
    };
    let gateway = Gateway::start(brief, plan(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]))).unwrap();
    let mut socket = open(&gateway).await;
    echoes(&mut socket, "one").await;
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn a_handshake_that_is_not_answered_is_504() {
    let mute = mute().await;
    let brief = GatewayConfig {
        read_timeout: Duration::from_millis(200),
        ..config()
    };
    let gateway = Gateway::start(brief, plan(pool(Algorithm::RoundRobin, vec![instance("a", mute.address)]))).unwrap();
    match connect_async(format!("ws://{}/ws", address(&gateway))).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 504),
        other => panic!("{other:?}"),
    }
    eventually("counted", || only_pool(&gateway.observe()).counters.failed == 1).await;
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn an_instance_that_declines_the_upgrade_is_heard() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    match connect_async(format!("ws://{}/who", address(&gateway))).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 200),
        other => panic!("{other:?}"),
    }
    eventually("counted", || only_pool(&gateway.observe()).counters.status_2xx == 1).await;
}

#[tokio::test]
async fn a_killed_instance_ends_its_tunnels() {
    let mut a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let mut socket = open(&gateway).await;
    echoes(&mut socket, "one").await;
    a.kill();
    assert!(!matches!(socket.next().await, Some(Ok(Message::Text(_)))));
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn every_kind_of_frame_passes() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    let mut socket = open(&gateway).await;
    for message in [
        Message::text(""),
        Message::text("ünïcödé 🦀"),
        Message::binary(vec![]),
        Message::binary(vec![0xA5; 300_000]),
        Message::text("x".repeat(70_000)),
    ] {
        socket.send(message.clone()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap(), message);
    }
    // Its echo is a ping as well, and libraries answer pings: whatever comes of it, the answer to ours is there.
    socket.send(Message::Ping("are you there".into())).await.unwrap();
    while socket.next().await.unwrap().unwrap() != Message::Pong("are you there".into()) {}
    // In pieces: a text that begins in one frame and ends in another.
    for (text, opcode, is_final) in [("be", OpCode::Data(Data::Text), false), ("gin", OpCode::Data(Data::Continue), true)] {
        socket
            .send(Message::Frame(Frame::message(text.as_bytes().to_vec(), opcode, is_final)))
            .await
            .unwrap();
    }
    assert_eq!(next_message(&mut socket).await, Message::text("begin"));
    // The instance takes its leave as well: the tunnel ends at both ends.
    socket
        .send(Message::Close(Some(CloseFrame {
            code: CloseCode::Library(4_321),
            reason: "done".into(),
        })))
        .await
        .unwrap();
    while let Some(Ok(_)) = socket.next().await {}
    eventually("nothing in flight", || is_idle(&gateway)).await;
}
