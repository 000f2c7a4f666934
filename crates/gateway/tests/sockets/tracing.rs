//! Where a request stands in a distributed trace, end to end.

use gateway::{Gateway, GatewayConfig, TraceConfig};
use model::Algorithm;

use crate::support::{Upstream, client, config, instance, plan, pool, url};

fn start(upstream: &Upstream, trace: Option<TraceConfig>) -> Gateway {
    let config = GatewayConfig { trace, ..config() };
    Gateway::start(config, plan(pool(Algorithm::RoundRobin, vec![instance("a", upstream.address)]))).unwrap()
}

/// What the instance got.
async fn seen(gateway: &Gateway, sent: &[(&'static str, &str)]) -> Vec<(String, String)> {
    let request = sent.iter().fold(client().get(url(gateway, "/headers")), |request, (name, value)| {
        request.header(*name, *value)
    });
    let headers: Vec<(String, String)> = request.send().await.unwrap().json().await.unwrap();
    headers.into_iter().filter(|(name, _)| name.starts_with("trace")).collect()
}

#[tokio::test]
async fn a_trace_is_continued_or_begun() {
    let upstream = Upstream::start("a");
    let gateway = start(&upstream, Some(TraceConfig { sample: 1.0 }));
    let id = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{id}-00f067aa0ba902b7-00");
    let continued = seen(&gateway, &[("traceparent", &parent), ("tracestate", "congo=t61rcWkgMzE")]).await;
    assert_eq!(continued[1], ("tracestate".to_owned(), "congo=t61rcWkgMzE".to_owned()));
    let value = &continued[0].1;
    assert!(
        value.starts_with(&format!("00-{id}-")) && value.ends_with("-00") && *value != parent,
        "{value}"
    );

    for strange in [
        format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
        "garbage".to_owned(),
        parent.to_uppercase(),
    ] {
        let begun = seen(&gateway, &[("traceparent", &strange), ("tracestate", "congo=t61rcWkgMzE")]).await;
        assert_eq!(begun.len(), 1, "{begun:?}");
        assert!(
            begun[0].1.len() == 55 && begun[0].1.ends_with("-01") && !begun[0].1.contains(id),
            "{begun:?}"
        );
    }
    let (one, other) = (seen(&gateway, &[]).await, seen(&gateway, &[]).await);
    assert!(one.len() == 1 && one != other, "{one:?} {other:?}");
}

#[tokio::test]
async fn switched_off_it_passes_what_the_client_says() {
    let upstream = Upstream::start("a");
    let gateway = start(&upstream, None);
    assert_eq!(seen(&gateway, &[]).await, []);
    let sent = seen(&gateway, &[("traceparent", "theirs"), ("tracestate", "b=1")]).await;
    assert_eq!(
        sent,
        [
            ("traceparent".to_owned(), "theirs".to_owned()),
            ("tracestate".to_owned(), "b=1".to_owned())
        ]
    );
}
