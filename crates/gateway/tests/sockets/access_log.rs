//! One line per request, whatever is in it.

use std::{path::Path, time::Duration};

use gateway::{AccessLogConfig, Gateway, GatewayConfig, LogTarget, StartError};
use model::Algorithm;
use serde_json::Value;

use crate::support::{
    Upstream, address, client, eventually, instance, plan, pool, talk,
    tls::{Authority, Files, get},
    url,
};

fn start(upstream: &Upstream, files: &Files, change: impl FnOnce(&mut AccessLogConfig)) -> Gateway {
    let mut log = AccessLogConfig {
        to: LogTarget::File(files.path("access.log")),
        sample: 1.0,
        slow: Duration::ZERO,
        query: false,
    };
    change(&mut log);
    let config = GatewayConfig {
        access_log: Some(log),
        ..files.config()
    };
    Gateway::start(config, plan(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]))).unwrap()
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn fixture() -> (Upstream, Authority, Files) {
    let authority = Authority::new();
    let files = Files::of(&[authority.issue(&["a.test"])]);
    (Upstream::start("a"), authority, files)
}

#[tokio::test]
async fn a_line_tells_who_asked_for_what_and_how_it_went() {
    let (upstream, authority, files) = fixture();
    let gateway = start(&upstream, &files, |_| {});
    let log = files.path("access.log");
    let request = client().get(url(&gateway, "/who?token=secret")).header("x-request-id", "order-7");
    let request = request
        .header("referer", "https://b.test/page?session=secret")
        .header("host", "shop.test");
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!(get(&authority.http2(&gateway, "a.test").await, "/fail").await.unwrap().0, 500);
    eventually("written", || lines(&log).len() == 2).await;
    let written = lines(&log);
    let field = |at: usize, name: &str| written[at][name].clone();
    for (name, value) in [
        ("request_id", "order-7"),
        ("client", "127.0.0.1"),
        ("method", "GET"),
        ("host", "shop.test"),
        ("path", "/who"),
        ("pool", "p"),
        ("instance", "a"),
        ("protocol", "HTTP/1.1"),
        ("referer", "https://b.test/page"),
    ] {
        assert_eq!(field(0, name), value, "{name}");
    }
    assert_eq!(
        (field(0, "status"), field(0, "bytes"), field(0, "retries")),
        (200.into(), 1.into(), 0.into())
    );
    assert_eq!(field(0, "trace_id").as_str().unwrap().len(), 32);
    assert!(field(0, "instance_ms").as_f64().unwrap() <= field(0, "ms").as_f64().unwrap());
    assert!(
        !std::fs::read_to_string(&log).unwrap().contains("secret"),
        "queries are nobody's business"
    );
    assert_eq!(
        (field(1, "protocol"), field(1, "tls"), field(1, "status")),
        ("HTTP/2".into(), "TLSv1.3".into(), 500.into())
    );
}

#[tokio::test]
async fn a_hostile_client_writes_one_line_like_everybody() {
    let (upstream, _, files) = fixture();
    let gateway = start(&upstream, &files, |log| log.query = true);
    let log = files.path("access.log");
    let agent = b"a\"},{\"forged\":1}\\ \xff\xc2\x9b31m\xe2\x80\xae tab\t";
    let mut request = b"GET /who?a=%0a'b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUser-Agent: ".to_vec();
    request.extend_from_slice(agent);
    request.extend_from_slice(b"\r\n\r\n");
    let answer = talk(address(&gateway), &request).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let long = client()
        .get(url(&gateway, "/who"))
        .header("user-agent", "x".repeat(20_000))
        .send()
        .await
        .unwrap();
    assert_eq!(long.status(), 200);
    eventually("written", || lines(&log).len() == 2).await;
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(!text.contains(['\u{9b}', '\u{202e}', '\t']) && text.len() < 4_000, "{text}");
    let written = lines(&log);
    let told = written[0]["user_agent"].as_str().unwrap();
    assert!(told.starts_with("a\"},{\"forged\":1}\\ \u{fffd}\u{9b}31m\u{202e}"), "{told:?}");
    assert!(written.iter().all(|line| line.get("forged").is_none()));
}

#[tokio::test]
async fn failures_are_written_whatever_the_sample_and_what_waits_is_written_at_the_end() {
    let (upstream, _, files) = fixture();
    let gateway = start(&upstream, &files, |log| log.sample = 0.0);
    for path in ["/who", "/fail", "/who", "/fail", "/who"] {
        client().get(url(&gateway, path)).send().await.unwrap();
    }
    assert_eq!(gateway.observe().access_log_dropped, 0);
    tokio::task::spawn_blocking(move || gateway.shutdown()).await.unwrap();
    let written = lines(&files.path("access.log"));
    assert_eq!(
        written.iter().map(|line| line["path"].as_str().unwrap()).collect::<Vec<_>>(),
        ["/fail", "/fail"]
    );
}

#[tokio::test]
async fn a_log_that_was_moved_away_begins_anew() {
    let (upstream, _, files) = fixture();
    let gateway = start(&upstream, &files, |_| {});
    let (log, moved) = (files.path("access.log"), files.path("access.log.1"));
    client().get(url(&gateway, "/who")).send().await.unwrap();
    eventually("written", || lines(&log).len() == 1).await;
    std::fs::rename(&log, &moved).unwrap();
    gateway.reload();
    eventually("opened again", || log.exists()).await;
    client().get(url(&gateway, "/headers")).send().await.unwrap();
    eventually("written", || lines(&log).len() == 1).await;
    assert_eq!((lines(&log)[0]["path"].clone(), lines(&moved).len()), ("/headers".into(), 1));
}

/// `/dev/full` is a disk without room.
#[tokio::test]
async fn a_full_disk_costs_lines_and_no_request() {
    let (upstream, _, files) = fixture();
    let gateway = start(&upstream, &files, |log| log.to = LogTarget::File("/dev/full".into()));
    for _ in 0..20 {
        assert_eq!(client().get(url(&gateway, "/who")).send().await.unwrap().status(), 200);
    }
    eventually("counted", || gateway.observe().access_log_dropped == 20).await;
}

#[tokio::test]
async fn a_log_that_cannot_be_opened_is_named_at_the_start() {
    let (_, _, files) = fixture();
    let config = GatewayConfig {
        access_log: Some(AccessLogConfig {
            to: LogTarget::File(files.path("no/such/access.log")),
            sample: 1.0,
            slow: Duration::ZERO,
            query: false,
        }),
        ..files.config()
    };
    let error = Gateway::start(config, plan(pool(Algorithm::RoundRobin, vec![]))).unwrap_err();
    assert!(
        matches!(error, StartError::AccessLog { .. }) && error.to_string().contains("no/such/access.log"),
        "{error}"
    );
}
