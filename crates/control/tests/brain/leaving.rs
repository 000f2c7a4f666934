use std::time::Duration;

use control::{decide::report::Report, registration::Outcome};
use model::{AdminState, PoolChange};
use testkit::{build, wait_until};

use crate::{
    registration::{at, offer, open, planned, registrar, wait_for_plan},
    support::{SOON, admin, pool, wait_for_event},
};

#[tokio::test]
async fn silence_ends_a_membership_heartbeats_keep_it_and_both_are_told() {
    let world = open(Duration::from_millis(600));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let who = registrar(&control);
    for (id, port) in [("web-8", 9008), ("web-9", 9009)] {
        control.register(&who, offer(id, &format!("10.0.0.9:{port}"))).await.unwrap();
    }
    // Each wait hears of whoever is to stay.
    wait_until("both are in the plan", SOON, async || {
        for id in ["web-8", "web-9"] {
            control.heartbeat(&who, "web", id, &Report::default()).await.unwrap();
        }
        planned(&world, "web-8").is_some() && planned(&world, "web-9").is_some()
    })
    .await;
    wait_until("web-9 is gone, web-8 is kept by its heartbeats", SOON, async || {
        control.heartbeat(&who, "web", "web-8", &Report::default()).await.unwrap();
        planned(&world, "web-9").is_none()
    })
    .await;
    assert!(planned(&world, "web-8").is_some());
    wait_for_event(&control, &viewer, "web-9 registered with pool web").await;
    wait_for_event(&control, &viewer, "web-9 has expired and left pool web").await;
    let unknown = control.heartbeat(&who, "web", "web-9", &Report::default()).await.unwrap_err();
    assert!(
        unknown.status() == 404 && unknown.to_string().contains("register again"),
        "{unknown}"
    );
    let again = control.register(&who, offer("web-9", "10.0.0.9:9009")).await.unwrap();
    assert_eq!(again.outcome, Outcome::Registered);
    wait_for_plan(&world, "web-9", true).await;
    running.stop().await;
}

#[tokio::test]
async fn a_process_that_stood_still_expires_nobody() {
    let expire = Duration::from_millis(600);
    let world = open(expire);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let who = registrar(&control);
    control.register(&who, offer("web-9", "10.0.0.9:9009")).await.unwrap();
    let rounds = || control.loops(&viewer).iter().find(|l| l.name == "registry").unwrap().rounds;
    let before = rounds();
    wait_until("the registry is looked through", SOON, async || rounds() > before).await;
    // Every task of this test shares its thread.
    std::thread::sleep(expire * 2);
    let before = rounds();
    wait_until("the registry was looked through again", SOON, async || rounds() > before).await;
    control.heartbeat(&who, "web", "web-9", &Report::default()).await.unwrap();
    running.stop().await;
}

#[tokio::test]
async fn a_wall_clock_that_jumps_expires_nobody() {
    let world = open(Duration::from_secs(60));
    let (control, running) = world.start().await;
    control
        .register(&registrar(&control), offer("web-9", "10.0.0.9:9009"))
        .await
        .unwrap();
    wait_for_plan(&world, "web-9", true).await;
    world.clock.advance(365 * 24 * 3_600_000);
    let (viewer, _) = admin(&control).await;
    let rounds = || control.loops(&viewer).iter().find(|l| l.name == "registry").unwrap().rounds;
    let before = rounds();
    wait_until("the registry was looked through", SOON, async || rounds() > before + 3).await;
    assert!(planned(&world, "web-9").is_some());
    running.stop().await;
}

#[tokio::test]
async fn sending_instances_away_leaves_as_many_as_draining_them_would() {
    let mut world = open(Duration::from_secs(60));
    if let Some(registry) = &mut world.registry {
        registry.max_instances = 3;
    }
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    let who = registrar(&control);
    for id in ["web-7", "web-8", "web-9"] {
        control.register(&who, offer(id, &at(id))).await.unwrap();
    }
    let web = build::pool("web");
    let drain = PoolChange::Instances {
        ids: vec![build::instance("a"), build::instance("b")],
        weight: None,
        admin: Some(AdminState::Drain),
    };
    wait_until("all five serve", SOON, async || {
        let instances = pool(&control, &viewer).instances;
        instances.iter().filter(|i| i.state.gets_requests()).count() == 5
    })
    .await;
    control.change_pool(&ada, &web, 1, &drain).await.unwrap();
    control.deregister_by(&ada, &web, &build::instance("web-7")).await.unwrap();
    // At once: the newest snapshot may still show the one that has left.
    let refused = control.deregister_by(&ada, &web, &build::instance("web-8")).await.unwrap_err();
    assert!(refused.to_string().starts_with("instance: only 1 of 4 would be left"), "{refused}");
    control.deregister(&who, "web", "web-8").await.unwrap();
    let unknown = control.deregister_by(&ada, &web, &build::instance("a")).await.unwrap_err();
    assert_eq!(unknown.status(), 404, "the settings' are drained, not sent away: {unknown}");
    running.stop().await;
}
