//! Checks: rise, fall, words, load reports, maintenance.

use model::{AdminState, Algorithm, CheckKind, CheckTarget, Health, LoadReport, PoolId};

use crate::support::{ClosedPort, Upstream, client, eventually, instance, instance_stats, pool, quick_checks, start, who};

#[tokio::test]
async fn an_instance_falls_and_rises_with_its_checks() {
    let (a, b) = (Upstream::start("a"), Upstream::start("b"));
    let mut pool = pool(Algorithm::RoundRobin, vec![instance("a", a.address), instance("b", b.address)]);
    pool.health_check = quick_checks();
    let gateway = start(pool);
    assert_eq!(instance_stats(&gateway, "a").health, Health::Unchecked);
    eventually("up", || instance_stats(&gateway, "a").health == Health::Up).await;
    let up = instance_stats(&gateway, "a");
    let check = up.last_check.unwrap();
    assert!(check.passed && check.detail == "200" && check.took_ms > 0.0, "{check:?}");

    a.set_healthy(false);
    eventually("going down", || instance_stats(&gateway, "a").health != Health::Up).await;
    eventually("down", || instance_stats(&gateway, "a").health == Health::Down).await;
    let down = instance_stats(&gateway, "a");
    assert_eq!(
        down.last_check.map(|check| (check.passed, check.detail)),
        Some((false, "503".to_owned()))
    );
    assert!(down.health_since_ms > up.health_since_ms);
    for _ in 0..6 {
        assert_eq!(who(&client(), &gateway).await, "b");
    }
    a.set_healthy(true);
    eventually("up again", || instance_stats(&gateway, "a").health == Health::Up).await;
}

#[tokio::test]
async fn load_reports_come_with_the_checks() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", a.address)]));
    eventually("a report", || instance_stats(&gateway, "a").load.is_some()).await;
    let load = instance_stats(&gateway, "a").load.unwrap();
    assert_eq!(
        (load.cpu, load.memory, load.sessions, load.gpu_simulated),
        (Some(0.5), None, Some(4), false)
    );
}

#[tokio::test]
async fn load_reports_are_read_from_a_page() {
    let a = Upstream::start("a");
    let mut plan = pool(Algorithm::RoundRobin, vec![instance("a", a.address)]);
    plan.health_check = quick_checks();
    plan.health_check.kind = CheckKind::Tcp;
    plan.health_check.load_path = "/metrics".to_owned().try_into().unwrap();
    let gateway = start(plan.clone());
    eventually("a report", || instance_stats(&gateway, "a").load.is_some()).await;
    let load = instance_stats(&gateway, "a").load.unwrap();
    assert_eq!((load.cpu, load.memory, load.sessions), (Some(0.25), None, Some(9)));

    plan.health_check.load_path = "/who".to_owned().try_into().unwrap();
    gateway.apply_pool(&plan).unwrap();
    let detail = || instance_stats(&gateway, "a").last_check.map(|check| (check.passed, check.detail));
    let expected = (true, "connected; load page /who: has none of the metrics".to_owned());
    eventually("why there is none", || detail() == Some(expected.clone())).await;
}

#[tokio::test]
async fn a_closed_port_is_said_in_words() {
    let closed = ClosedPort::new();
    let gateway = start(pool(Algorithm::RoundRobin, vec![instance("a", closed.address)]));
    eventually("checked", || instance_stats(&gateway, "a").last_check.is_some()).await;
    assert_eq!(instance_stats(&gateway, "a").last_check.unwrap().detail, "connection refused");
}

#[tokio::test]
async fn in_maintenance_checks_are_shown_and_change_nothing_until_it_ends() {
    let a = Upstream::start("a");
    let mut plan = pool(Algorithm::RoundRobin, vec![instance("a", a.address)]);
    plan.health_check = quick_checks();
    let gateway = start(plan.clone());
    eventually("up", || instance_stats(&gateway, "a").health == Health::Up).await;

    plan.instances[0].admin = AdminState::Maintenance;
    gateway.apply_pool(&plan).unwrap();
    a.set_healthy(false);
    let failed = || {
        instance_stats(&gateway, "a")
            .last_check
            .filter(|check| !check.passed)
            .map(|check| check.at_ms)
    };
    eventually("a failed check is shown", || failed().is_some()).await;
    let first = failed();
    eventually("more failed checks than fall", || failed() > first.map(|at| at + 500)).await;
    assert_eq!(instance_stats(&gateway, "a").health, Health::Up);

    plan.instances[0].admin = AdminState::Ready;
    gateway.apply_pool(&plan).unwrap();
    eventually("down, as it was seen to be", || {
        instance_stats(&gateway, "a").health == Health::Down
    })
    .await;
}

#[tokio::test]
async fn a_changed_check_applies_at_once() {
    let a = Upstream::start("a");
    let mut plan = pool(Algorithm::RoundRobin, vec![instance("a", a.address)]);
    let gateway = start(plan.clone());
    eventually("first check", || instance_stats(&gateway, "a").last_check.is_some()).await;
    plan.health_check.path = "/nothing-here".parse().unwrap();
    plan.health_check.fall = 1;
    gateway.apply_pool(&plan).unwrap();
    eventually("down by the new path", || instance_stats(&gateway, "a").health == Health::Down).await;
    assert_eq!(instance_stats(&gateway, "a").last_check.unwrap().detail, "404");
}

/// Answers every request with a redirect there.
async fn redirecting(to: String) -> std::net::SocketAddr {
    use axum::{Router, response::Redirect};
    let app = Router::new().fallback(move || {
        let to = to.clone();
        async move { Redirect::temporary(&to) }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    address
}

#[tokio::test]
async fn an_instance_is_checked_at_its_own_target_and_a_redirect_from_there_is_not_followed() {
    let (a, victim) = (Upstream::start("a"), Upstream::start("victim"));
    let trap = redirecting(format!("http://{}/who", victim.address)).await;
    let mut checked_elsewhere = instance("a", a.address);
    checked_elsewhere.check = Some(CheckTarget {
        address: trap,
        path: "/own".parse().unwrap(),
    });
    let mut pool = pool(Algorithm::RoundRobin, vec![checked_elsewhere]);
    pool.health_check = quick_checks();
    let gateway = start(pool);
    eventually("several checks have passed", || instance_stats(&gateway, "a").health == Health::Up).await;
    assert_eq!(instance_stats(&gateway, "a").last_check.unwrap().detail, "307");
    assert_eq!(victim.hits(), 0);
    assert_eq!(who(&client(), &gateway).await, "a", "requests still go to its address");
    // The twin: whoever follows arrives.
    assert_eq!(
        client()
            .get(format!("http://{trap}/own"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "victim"
    );
    assert_eq!(victim.hits(), 1);
}

#[tokio::test]
async fn a_report_that_is_handed_in_counts_like_one_that_came_with_a_check() {
    let a = Upstream::start("a");
    let gateway = start(pool(Algorithm::ResourceBased, vec![instance("a", a.address)]));
    eventually("a report of a check", || instance_stats(&gateway, "a").load.is_some()).await;
    let handed_in = LoadReport {
        at_ms: 7,
        cpu: Some(0.9),
        memory: Some(0.1),
        gpu: None,
        gpu_simulated: false,
        sessions: Some(2),
    };
    let pool: PoolId = "p".parse().unwrap();
    gateway.report_load(&pool, &"a".parse().unwrap(), handed_in).unwrap();
    assert_eq!(instance_stats(&gateway, "a").load, Some(handed_in));
    assert!(gateway.report_load(&pool, &"z".parse().unwrap(), handed_in).is_err());
}
