use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use sample::traffic::{Mix, Tally, TrafficConfig, TrafficError, run};
use tokio::{io::AsyncReadExt, net::TcpListener, sync::oneshot, task::JoinHandle};

use crate::support::{start, start_on, until};

struct Traffic {
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<Tally, TrafficError>>,
}

fn send_to(target: String, change: impl FnOnce(&mut TrafficConfig)) -> Traffic {
    let mut config = TrafficConfig::new(target);
    config.wave = None;
    change(&mut config);
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(run(config, async {
        stopped.await.ok();
    }));
    Traffic { stop, running }
}

impl Traffic {
    async fn stop(self) -> Tally {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_held_and_every_request_is_understood() {
    let instance = start().await;
    let begun = Instant::now();
    let traffic = send_to(instance.url(""), |config| {
        config.rate_per_s = 100.0;
        config.mix.follow = 50;
    });
    until("200 simulations were done", async || {
        instance.metric("sample_simulations_total{outcome=\"done\"}").await > 200.0
    })
    .await;
    let tally = traffic.stop().await;
    let expected = 100.0 * begun.elapsed().as_secs_f64();
    let arrived = (tally.sent + tally.dropped) as f64;
    // Answers under way are waited for after the last arrival, so a little less than the whole time was spent sending.
    assert!(
        (0.5 * expected..1.3 * expected).contains(&arrived),
        "{arrived} arrived, {expected} expected"
    );
    assert_eq!(tally.ok, tally.sent, "{tally:?}");
    assert!(tally.followed > 0 && tally.waited_for > 0);
    assert!(instance.metric("sample_http_responses_total{class=\"4xx\"}").await < 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_is_away_is_survived_and_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let traffic = send_to(format!("http://{address}"), |config| config.rate_per_s = 200.0);
    // At first every connection breaks.
    for _ in 0..20 {
        drop(listener.accept().await.unwrap());
    }
    let instance = start_on(listener, |_| {});
    until("it is found", async || {
        instance.metric("sample_simulations_total{outcome=\"done\"}").await > 20.0
    })
    .await;
    let tally = traffic.stop().await;
    assert!(tally.unanswered >= 15 && tally.ok > 20, "{tally:?}");
    assert_eq!(tally.sent, tally.ok + tally.unanswered);
}

#[tokio::test(flavor = "multi_thread")]
async fn arrivals_beyond_the_bound_are_dropped_not_queued() {
    let instance = start().await;
    let traffic = send_to(instance.url(""), |config| {
        config.rate_per_s = 2_000.0;
        config.in_flight_max = 1;
        config.mix = Mix {
            simulate: 0,
            post: 1,
            home: 0,
            follow: 0,
        };
    });
    until("50 were answered", async || {
        instance.metric("sample_simulations_total{outcome=\"done\"}").await > 50.0
    })
    .await;
    let tally = traffic.stop().await;
    assert!(
        tally.dropped > tally.sent,
        "at 2,000/s and some 5 ms each most find the one place taken: {tally:?}"
    );
    assert!(instance.metric("sample_simulations_total{outcome=\"refused\"}").await < 0.5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_never_answers_does_not_hold_the_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heard = Arc::new(AtomicU32::new(0));
    let hears = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            let hears = Arc::clone(&hears);
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while matches!(connection.read(&mut buffer).await, Ok(1..)) {
                    hears.fetch_add(1, Relaxed);
                }
            });
        }
    });
    let traffic = send_to(format!("http://{address}"), |config| {
        config.request_timeout = Duration::from_mins(10);
    });
    until("some was heard", async || heard.load(Relaxed) > 5).await;
    let tally = traffic.stop().await;
    assert_eq!((tally.ok, tally.unanswered), (0, tally.sent), "{tally:?}");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_named() {
    let refused = async |change: fn(&mut TrafficConfig)| {
        let mut config = TrafficConfig::new("http://127.0.0.1:1");
        change(&mut config);
        run(config, std::future::ready(())).await.unwrap_err().to_string()
    };
    assert!(refused(|c| c.target = "ftp://a".into()).await.contains("ftp://a"));
    assert!(refused(|c| c.target = "nowhere".into()).await.contains("http://"));
    assert!(refused(|c| c.rate_per_s = 0.0).await.contains("rate"));
    assert!(refused(|c| c.rate_per_s = f64::NAN).await.contains("rate"));
    assert!(
        refused(|c| c.wave = Some(sample::traffic::Wave {
            period: Duration::ZERO,
            amplitude: 0.5
        }))
        .await
        .contains("wave")
    );
    assert!(
        refused(|c| c.mix = Mix {
            simulate: 0,
            post: 0,
            home: 0,
            follow: 0
        })
        .await
        .contains("mix")
    );
    assert!(refused(|c| c.in_flight_max = 0).await.contains("in_flight_max"));
}
