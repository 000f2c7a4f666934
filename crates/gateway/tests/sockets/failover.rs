//! Instances that are not there, or go away in the middle.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use futures::future::join_all;
use model::{Algorithm, Health};

use crate::support::{
    ClosedPort, Upstream, client, eventually, instance, instance_stats, is_idle, only_pool, pool, quick_checks, raw_upstream, start, url,
    who,
};

#[tokio::test]
async fn a_refused_connection_moves_any_request_to_another_instance() {
    let closed = ClosedPort::new();
    let live = Upstream::start("live");
    let instances = vec![
        instance("dead", closed.address),
        instance("dead-too", closed.address),
        instance("live", live.address),
    ];
    let gateway = start(pool(Algorithm::RoundRobin, instances));
    for _ in 0..6 {
        assert_eq!(who(&client(), &gateway).await, "live");
        let posted = client().post(url(&gateway, "/size")).body("hello").send().await.unwrap();
        assert_eq!((posted.status().as_u16(), posted.text().await.unwrap()), (200, "5".to_owned()));
    }
    eventually("all counted", || only_pool(&gateway.observe()).counters.requests == 12).await;
    assert_eq!(only_pool(&gateway.observe()).counters.failed, 0, "no client noticed");
    assert_eq!(instance_stats(&gateway, "live").counters.requests, 12);
    let dead = instance_stats(&gateway, "dead").counters;
    assert!(dead.failed > 0 && dead.failed == dead.requests, "{dead:?}");
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn when_all_refuse_the_client_gets_502() {
    let closed = ClosedPort::new();
    let gateway = start(pool(
        Algorithm::RoundRobin,
        vec![instance("x", closed.address), instance("y", closed.address)],
    ));
    assert_eq!(who(&client(), &gateway).await, "502");
    eventually("counted", || only_pool(&gateway.observe()).counters.failed == 1).await;
    for id in ["x", "y"] {
        assert_eq!(instance_stats(&gateway, id).counters.failed, 1, "{id} was tried once");
    }
}

#[tokio::test]
async fn what_an_instance_may_have_acted_on_is_sent_again_only_if_that_is_harmless() {
    // Takes the whole request, then drops the connection without a word.
    let taker = raw_upstream(|stream| async move { drop(stream) }).await;
    let other = Upstream::start("other");
    let instances = vec![instance("taker", taker.address), instance("other", other.address)];
    let gateway = start(pool(Algorithm::RoundRobin, instances));
    // In turns: the first request of each round meets the taker.
    let posted = client().post(url(&gateway, "/who")).send().await.unwrap();
    assert_eq!((posted.status().as_u16(), other.hits()), (502, 0), "a POST is not sent twice");
    assert_eq!(who(&client(), &gateway).await, "other");
    assert_eq!(who(&client(), &gateway).await, "other", "a GET is: it met the taker first");
    eventually("counted", || instance_stats(&gateway, "taker").counters.failed == 2).await;
}

/// Clients read all the time; an instance dies under them. Reading requests are idempotent, so none is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killing_an_instance_loses_no_idempotent_request() {
    let mut upstreams = ["a", "b", "c"].map(Upstream::start);
    let instances = upstreams
        .iter()
        .zip(["a", "b", "c"])
        .map(|(upstream, name)| instance(name, upstream.address));
    let mut pool = pool(Algorithm::LeastConnections, instances.collect());
    pool.health_check = quick_checks();
    let gateway = Arc::new(start(pool));
    let done = Arc::new(AtomicBool::new(false));
    let (answered, failed) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let clients: Vec<_> = (0..64)
        .map(|_| {
            let (done, answered, failed) = (done.clone(), answered.clone(), failed.clone());
            let (client, url) = (client(), url(&gateway, "/who"));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let complete = match client.get(&url).send().await {
                        Ok(answer) => answer.status() == 200 && answer.text().await.is_ok(),
                        Err(_) => false,
                    };
                    let count = if complete { &answered } else { &failed };
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    eventually("traffic on all", || upstreams.iter().all(|u| u.hits() > 50)).await;
    upstreams[1].kill();
    eventually("the dead one is seen", || instance_stats(&gateway, "b").health == Health::Down).await;
    let seen = answered.load(Ordering::Relaxed);
    eventually("traffic goes on", || answered.load(Ordering::Relaxed) > seen + 200).await;
    done.store(true, Ordering::Relaxed);
    join_all(clients).await;
    assert_eq!(failed.load(Ordering::Relaxed), 0, "of {}", answered.load(Ordering::Relaxed));
    assert!(
        instance_stats(&gateway, "b").counters.failed > 0,
        "the kill hit nobody, the test proves nothing"
    );
    eventually("nothing in flight", || is_idle(&gateway)).await;
}

#[tokio::test]
async fn an_instance_that_comes_back_gets_requests_again() {
    let mut a = Upstream::start("a");
    let mut pool = pool(Algorithm::RoundRobin, vec![instance("a", a.address)]);
    pool.health_check = quick_checks();
    let gateway = start(pool);
    eventually("up", || instance_stats(&gateway, "a").health == Health::Up).await;
    let address = a.address;
    a.kill();
    eventually("down", || instance_stats(&gateway, "a").health == Health::Down).await;
    assert_eq!(who(&client(), &gateway).await, "503");
    let _again = Upstream::start_at("again", address);
    eventually("up again", || instance_stats(&gateway, "a").health == Health::Up).await;
    assert_eq!(who(&client(), &gateway).await, "again");
}
