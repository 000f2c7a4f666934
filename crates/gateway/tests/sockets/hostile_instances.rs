//! Instances that are slow, half open, or send what is not HTTP: their request gets 502 or 504, the gateway lives.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use gateway::Gateway;
use model::{Algorithm, GatewayPlan, PoolId};
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::support::{Raw, Upstream, client, config, eventually, instance, is_idle, pool, raw_upstream, route, url};

/// Waits until the gateway closes the connection.
async fn hold(mut stream: TcpStream) {
    let mut sink = tokio::io::sink();
    let _closed = tokio::io::copy(&mut stream, &mut sink).await;
}

struct Bench {
    gateway: Gateway,
    _good: Upstream,
    _bad: Raw,
}

impl Bench {
    /// `/good` leads to a sound instance, everything else to the bad one.
    fn new(bad: Raw) -> Self {
        let good = Upstream::start("good");
        let pools = [("good", good.address), ("bad", bad.address)].map(|(name, address)| {
            let mut pool = pool(Algorithm::RoundRobin, vec![instance(name, address)]);
            pool.pool = PoolId::new(name).unwrap();
            pool
        });
        let plan = GatewayPlan {
            routes: vec![route("/who", "good"), route("/", "bad")],
            pools: pools.to_vec(),
        };
        let config = gateway::GatewayConfig {
            read_timeout: Duration::from_millis(300),
            ..config()
        };
        Self {
            gateway: Gateway::start(config, plan).unwrap(),
            _good: good,
            _bad: bad,
        }
    }

    /// The answer to the bad instance's request; afterwards all is counted, nothing hangs, and the good instance is served.
    async fn verdict(&self) -> Result<u16, reqwest::Error> {
        let result = match client().get(url(&self.gateway, "/bad")).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                answer.bytes().await.map(|_| status)
            }
            Err(error) => Err(error),
        };
        eventually("counted as failed", || self.gateway.observe().pools[1].counters.failed == 1).await;
        eventually("nothing in flight", || is_idle(&self.gateway)).await;
        let good = client().get(url(&self.gateway, "/who")).send().await?;
        assert_eq!(good.status(), 200, "the gateway lives");
        result
    }
}

/// Answers with these bytes, then holds the connection.
async fn answering(bytes: &'static [u8]) -> Raw {
    raw_upstream(move |mut stream| async move {
        if stream.write_all(bytes).await.is_ok() {
            hold(stream).await;
        }
    })
    .await
}

#[tokio::test]
async fn silence_is_504() {
    let bench = Bench::new(answering(b"").await);
    assert_eq!(bench.verdict().await.unwrap(), 504);
    assert_eq!(bench.gateway.observe().pools[1].histogram.len(), 1, "a time-out has a latency");
}

#[tokio::test]
async fn half_a_head_is_504() {
    assert_eq!(
        Bench::new(answering(b"HTTP/1.1 200 OK\r\nContent-Le").await)
            .verdict()
            .await
            .unwrap(),
        504
    );
}

#[tokio::test]
async fn what_is_not_http_is_502() {
    for bytes in [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n\r\n".as_slice(),
        b"\x16\x03\x01\x00\xff\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        b"HTTP/1.1 999999 OK\r\n\r\n",
    ] {
        assert_eq!(
            Bench::new(answering(bytes).await).verdict().await.unwrap(),
            502,
            "{}",
            bytes.escape_ascii()
        );
    }
}

#[tokio::test]
async fn an_unasked_upgrade_is_502() {
    let bytes = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    assert_eq!(Bench::new(answering(bytes).await).verdict().await.unwrap(), 502);
}

#[tokio::test]
async fn a_reset_is_502() {
    let bad = raw_upstream(|stream| async move {
        let _kernel_may_refuse = stream.set_zero_linger();
        drop(stream);
    });
    assert_eq!(Bench::new(bad.await).verdict().await.unwrap(), 502);
}

/// Up to a gigabyte of header; the gateway hangs up after about one megabyte.
#[tokio::test]
async fn an_endless_header_is_502_and_cut_early() {
    const GIGABYTE: u64 = 1 << 30;
    let sent = Arc::new(AtomicU64::new(0));
    let counted = sent.clone();
    let bad = raw_upstream(move |mut stream| {
        let sent = counted.clone();
        async move {
            let line = format!("x-filler: {}\r\n", "x".repeat(16 * 1024));
            let mut result = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            while result.is_ok() && sent.load(Ordering::Relaxed) < GIGABYTE {
                result = stream.write_all(line.as_bytes()).await;
                sent.fetch_add(line.len() as u64, Ordering::Relaxed);
            }
        }
    });
    assert_eq!(Bench::new(bad.await).verdict().await.unwrap(), 502);
    // What the kernel's buffers take comes on top of the limit.
    assert!(sent.load(Ordering::Relaxed) < GIGABYTE / 16, "{}", sent.load(Ordering::Relaxed));
}

#[tokio::test]
async fn too_many_fields_are_502() {
    let bad = raw_upstream(|mut stream| async move {
        let head = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-filler: 1\r\n".repeat(5_000));
        let _hung_up = stream.write_all(head.as_bytes()).await;
        hold(stream).await;
    });
    assert_eq!(Bench::new(bad.await).verdict().await.unwrap(), 502);
}

#[tokio::test]
async fn a_truncated_body_is_never_passed_off_as_whole() {
    let bad = raw_upstream(|mut stream| async move {
        let _hung_up = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this").await;
    });
    assert!(Bench::new(bad.await).verdict().await.is_err());
    let bad = raw_upstream(|mut stream| async move {
        let _hung_up = stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
            .await;
    });
    assert!(Bench::new(bad.await).verdict().await.is_err());
}
