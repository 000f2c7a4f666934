//! HTTP/2 to clients: requests side by side, and clients that abuse it.

use std::time::Duration;

use bytes::Bytes;
use gateway::{Gateway, GatewayConfig};
use model::Algorithm;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{
    Upstream, eventually, instance, is_idle, only_pool, plan, pool,
    tls::{Authority, Files, get, send},
};

fn start(upstream: &Upstream, authority: &Authority, change: impl FnOnce(&mut GatewayConfig)) -> Gateway {
    let files = Files::of(&[authority.issue(&["a.test"])]);
    let mut config = files.config();
    change(&mut config);
    Gateway::start(config, plan(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]))).unwrap()
}

#[tokio::test]
async fn a_slow_request_holds_up_nobody_and_is_not_cut_by_the_end_of_others() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |config| {
        config.client_keepalive = Duration::from_millis(200);
        config.client_header_timeout = Duration::from_millis(500);
    });
    let client = authority.http2(&gateway, "a.test").await;
    let slow = tokio::spawn({
        let client = client.clone();
        async move { get(&client, "/gate").await }
    });
    eventually("in flight", || upstream.hits() == 1).await;
    for _ in 0..150 {
        assert_eq!(get(&client, "/who").await.unwrap(), (200, "a".to_owned()));
    }
    // Another connection, idle since after those ended, is gone when its time is over; by then so would this one be.
    let idle = authority.http2(&gateway, "a.test").await;
    assert_eq!(get(&idle, "/who").await.unwrap().0, 200);
    eventually("the idle one is closed", || gateway.observe().connections == 1).await;
    upstream.shared.gate.add_permits(1);
    assert_eq!(slow.await.unwrap().unwrap(), (200, "a".to_owned()));
    eventually("this one rests too", || gateway.observe().connections == 0).await;
}

#[tokio::test]
async fn limits_of_head_and_target_are_those_of_http_1() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |config| {
        config.max_request_header_bytes = 4_096;
        config.max_uri_bytes = 1_000;
    });
    let client = authority.http2(&gateway, "a.test").await;
    let with = |length: usize| {
        http::Request::get("https://a.test/who")
            .header("x", "x".repeat(length))
            .body(())
            .unwrap()
    };
    assert_eq!(send(&client, with(1_000)).await.unwrap().0, 200);
    assert_eq!(send(&client, with(5_000)).await.unwrap().0, 431);
    assert_eq!(get(&client, &format!("/{}", "x".repeat(1_100))).await.unwrap().0, 414);
    assert_eq!(get(&client, "/who").await.unwrap().0, 200, "the connection goes on");
    assert_eq!(upstream.hits(), 2);
}

#[tokio::test]
async fn the_instance_gets_one_cookie_field_and_the_name_that_was_asked_for() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |_| {});
    let client = authority.http2(&gateway, "a.test").await;
    let request = http::Request::get("https://a.test/headers")
        .header("cookie", "a=1")
        .header("cookie", "b=2");
    let (status, seen) = send(&client, request.body(()).unwrap()).await.unwrap();
    assert_eq!(status, 200);
    for field in [
        "[\"cookie\",\"a=1; b=2\"]",
        "[\"host\",\"a.test\"]",
        "[\"x-forwarded-host\",\"a.test\"]",
        "[\"x-forwarded-proto\",\"https\"]",
    ] {
        assert!(seen.contains(field), "{field}: {seen}");
    }
}

#[tokio::test]
async fn a_body_is_as_long_as_it_says_or_the_request_is_none() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |_| {});
    let client = authority.http2(&gateway, "a.test").await;
    let post = |length: &str| {
        http::Request::post("https://a.test/size")
            .header("content-length", length)
            .body(())
            .unwrap()
    };
    for (length, body, is_good) in [
        ("5", "hello", true),
        ("4", "hello", false),
        ("6", "hello", false),
        ("+5", "hello", false),
    ] {
        let sent = async {
            let (answer, mut stream) = client.clone().ready().await?.send_request(post(length), false)?;
            stream.send_data(Bytes::from_static(body.as_bytes()), true)?;
            crate::support::tls::read(answer.await?).await
        };
        let answer = sent.await;
        let is_served = answer.as_ref().is_ok_and(|(status, text)| *status == 200 && text == "5");
        assert_eq!(is_served, is_good, "{length}: {answer:?}");
    }
    let framed = http::Request::post("https://a.test/size")
        .header("transfer-encoding", "chunked")
        .body(())
        .unwrap();
    let refused = async {
        let (answer, _stream) = client.clone().ready().await?.send_request(framed, true)?;
        answer.await
    };
    assert!(refused.await.is_err());
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn a_body_that_does_not_come_is_given_up_and_the_connection_goes_on() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |config| {
        config.client_read_timeout = Duration::from_millis(100);
    });
    let client = authority.http2(&gateway, "a.test").await;
    let request = http::Request::post("https://a.test/size").body(()).unwrap();
    let (answer, mut stream) = client.clone().ready().await.unwrap().send_request(request, false).unwrap();
    stream.send_data(Bytes::from_static(b"half"), false).unwrap();
    assert!(answer.await.is_err());
    eventually("nothing in flight", || is_idle(&gateway)).await;
    assert_eq!(
        only_pool(&gateway.observe()).counters.requests,
        1,
        "who is cut has asked all the same"
    );
    // A request without a body may wait for longer.
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { get(&client, "/gate").await }
    });
    eventually("in flight", || upstream.hits() == 1).await;
    let (answer, _stream) = {
        let request = http::Request::post("https://a.test/size").body(()).unwrap();
        client.clone().ready().await.unwrap().send_request(request, false).unwrap()
    };
    assert!(answer.await.is_err(), "as long as that one was given");
    upstream.shared.gate.add_permits(1);
    assert_eq!(waiting.await.unwrap().unwrap().0, 200);
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// HEADERS of `GET https://a.test/gate`, whole.
fn head(stream: u32) -> Vec<u8> {
    let fields = [&[0x82, 0x87, 0x04, 5][..], b"/gate", &[0x01, 6], b"a.test"].concat();
    frame(1, 0x5, stream, &fields)
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// CVE-2023-44487.
#[tokio::test]
async fn who_cancels_all_that_it_asks_is_sent_away_and_others_are_served() {
    const FLOOD: u32 = 5_000;
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |_| {});
    let healthy = authority.http2(&gateway, "a.test").await;
    let flood = authority.connect(gateway.tls_addrs()[0], "a.test", &["h2"]).await.unwrap();
    let (mut answers, mut requests) = tokio::io::split(flood);
    let flooding = tokio::spawn(async move {
        let mut bytes = [PREFACE, &frame(4, 0, 0, &[])].concat();
        for n in 0..FLOOD {
            let stream = n * 2 + 1;
            bytes.extend(head(stream));
            bytes.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
            // In small pieces, so that each request is taken before it is cancelled.
            if requests.write_all(&bytes).await.is_err() || requests.flush().await.is_err() {
                return n;
            }
            bytes.clear();
        }
        FLOOD
    });
    let mut heard = Vec::new();
    let _closed = answers.read_to_end(&mut heard).await;
    assert_eq!(get(&healthy, "/who").await.unwrap(), (200, "a".to_owned()));
    let sent = flooding.await.unwrap();
    assert!(
        goodbye(&heard).is_some_and(|reason| reason == 0xb),
        "ENHANCE_YOUR_CALM after {sent}: {heard:?}"
    );
    assert!(upstream.hits() < 500, "{} requests got through", upstream.hits());
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

/// The reason of the GOAWAY among these frames.
fn goodbye(mut frames: &[u8]) -> Option<u32> {
    while frames.len() >= 9 {
        let length = u32::from_be_bytes([0, frames[0], frames[1], frames[2]]) as usize;
        if frames[3] == 7 {
            return frames.get(13..17).map(|code| u32::from_be_bytes(code.try_into().unwrap()));
        }
        frames = frames.get(9 + length..)?;
    }
    None
}

#[tokio::test]
async fn a_connection_has_a_hundred_places_and_no_more() {
    let (upstream, authority) = (Upstream::start("a"), Authority::new());
    let gateway = start(&upstream, &authority, |_| {});
    let mut greedy = authority.connect(gateway.tls_addrs()[0], "a.test", &["h2"]).await.unwrap();
    let mut bytes = [PREFACE, &frame(4, 0, 0, &[])].concat();
    for n in 0..150 {
        bytes.extend(head(n * 2 + 1));
    }
    greedy.write_all(&bytes).await.unwrap();
    greedy.flush().await.unwrap();
    eventually("a hundred", || upstream.hits() == 100).await;
    assert_eq!(get(&authority.http2(&gateway, "a.test").await, "/who").await.unwrap().0, 200);
    assert_eq!(upstream.hits(), 101);
    drop(greedy);
    eventually("given up", || is_idle(&gateway)).await;
}
