//! What HTTP/1.1 allows and half of the world gets wrong: refused, or forwarded with exactly one meaning (RFC 9112).

use gateway::Gateway;
use model::Algorithm;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Upstream, address, eventually, instance, is_idle, only_pool, pool, read_head, read_to_close, start, talk};

fn gateway_to(upstream: &Upstream) -> Gateway {
    start(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]))
}

fn answers(text: &str) -> Vec<&str> {
    text.match_indices("HTTP/1.1 ").map(|(at, _)| &text[at + 9..at + 12]).collect()
}

#[tokio::test]
async fn obsolete_folding_is_refused() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let answer = talk(
        address(&gateway),
        b"GET /who HTTP/1.1\r\nHost: a\r\nX-Folded: one\r\n two\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(answers(&answer), ["400"], "{answer}");
    assert_eq!(upstream.hits(), 0);
}

#[tokio::test]
async fn a_bare_line_feed_ends_a_line_everywhere_or_nowhere() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    // Where the gateway takes the bare LF for a line's end the field below is a field; it never becomes part of another one's value.
    let answer = talk(
        address(&gateway),
        b"GET /headers HTTP/1.1\r\nHost: a\r\nX-One: 1\nX-Two: 2\r\nConnection: close\r\n\r\n",
    )
    .await;
    match answers(&answer).as_slice() {
        ["400"] => assert_eq!(upstream.hits(), 0),
        ["200"] => assert!(
            answer.contains("[\"x-one\",\"1\"]") && answer.contains("[\"x-two\",\"2\"]"),
            "{answer}"
        ),
        other => panic!("{other:?}: {answer}"),
    }
    // A bare CR is no line end, and no part of a value either.
    let answer = talk(
        address(&gateway),
        b"GET /headers HTTP/1.1\r\nHost: a\r\nX-One: 1\rX-Two: 2\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(answers(&answer), ["400"], "{answer}");
}

#[tokio::test]
async fn the_absolute_form_is_the_same_request() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let answer = talk(
        address(&gateway),
        b"GET http://shop.test/who HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\r\n",
    )
    .await;
    assert_eq!(answers(&answer), ["200"], "{answer}");
    assert!(answer.ends_with('a'), "{answer}");
}

#[tokio::test]
async fn an_upgrade_that_is_not_granted_is_an_ordinary_answer() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let mut stream = TcpStream::connect(address(&gateway)).await.unwrap();
    let request = b"GET /who HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let head = read_head(&mut stream).await.unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let mut body = [0; 1];
    stream.read_exact(&mut body).await.unwrap();
    assert_eq!(&body, b"a");
    drop(stream);
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn trailers_end_a_body_and_nothing_else() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let request = "POST /size HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n\
                   5\r\nhello\r\n0\r\nX-Sum: 5\r\nContent-Length: 100\r\n\r\n\
                   GET /who HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let answer = talk(address(&gateway), request.as_bytes()).await;
    match answers(&answer).as_slice() {
        // Two requests, two answers, each its own.
        ["200", "200"] => assert!(answer.contains("\r\n\r\n5HTTP/1.1"), "{answer}"),
        // Or the connection ends with the first one.
        ["200" | "400"] | ["200", "400"] => {}
        other => panic!("{other:?}: {answer}"),
    }
}

#[tokio::test]
async fn a_client_that_asks_whether_to_go_on_is_told() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let mut stream = TcpStream::connect(address(&gateway)).await.unwrap();
    let head = b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let interim = read_head(&mut stream).await.unwrap();
    assert!(interim.starts_with("HTTP/1.1 100 "), "{interim}");
    stream.write_all(b"hello").await.unwrap();
    let answer = read_to_close(&mut stream).await;
    assert_eq!(answers(&answer), ["200"], "{answer}");
    assert!(answer.ends_with('5'), "{answer}");
}

/// Pingora answers the first and closes: the client knows that the others were not taken (RFC 9112 §9.3.2).
#[tokio::test]
async fn pipelined_requests_are_answered_in_order_or_not_taken() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let requests = [1, 2, 3, 4, 5]
        .map(|n| format!("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: {n}\r\n\r\n{}", "x".repeat(n)))
        .concat();
    let answer = talk(address(&gateway), requests.as_bytes()).await;
    let bodies: Vec<_> = answer
        .split("HTTP/1.1 200 OK")
        .skip(1)
        .filter_map(|part| part.split("\r\n\r\n").nth(1))
        .collect();
    assert!(!bodies.is_empty() && ["1", "2", "3", "4", "5"].starts_with(&bodies), "{answer}");
    eventually("nothing in flight", || is_idle(&gateway)).await;
    assert_eq!(only_pool(&gateway.observe()).counters.requests, bodies.len() as u64);
}

#[tokio::test]
async fn fields_that_connection_names_stop_at_the_gateway() {
    let upstream = Upstream::start("a");
    let gateway = gateway_to(&upstream);
    let answer = talk(
        address(&gateway),
        b"GET /headers HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: secret\r\nX-End: 1\r\n\r\n",
    )
    .await;
    assert_eq!(answers(&answer), ["200"], "{answer}");
    assert!(answer.contains("x-end") && !answer.contains("x-hop"), "{answer}");
}
