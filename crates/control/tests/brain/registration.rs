use std::{net::SocketAddr, time::Duration};

use control::{
    Control, RegistrySetup,
    access::{BearerToken, Registrar},
    decide::{reach::Reach, report::Report},
    ports::{Registry as _, Resolver as _, StoreError},
    registration::Outcome,
};
use model::{AdminState, ApiError, EventKind, Offer, PoolChange};
use testkit::{build, wait_until};

use crate::support::{HERE, SOON, World, admin, pool, wait_for_event};

const TOKEN: &str = "correct horse battery staple token";
const METADATA: &str = "169.254.169.254";

/// Everything in 10.0.0.0/8 may register; silence is noticed fifty times as fast as with the real thing.
fn open(expire: Duration) -> World {
    let mut world = World::new();
    world.registry = Some(RegistrySetup {
        token: BearerToken::new(TOKEN),
        reach: Reach {
            networks: vec!["10.0.0.0/8".parse().unwrap()],
            ports: vec![1024..=65_535],
            own: vec![],
        },
        refresh: expire / 2,
        expire,
        max_instances: 2,
        url: "http://console/register".into(),
    });
    world
}

fn registrar(control: &Control) -> Registrar {
    control.registrar(Some(TOKEN), HERE).unwrap()
}

fn offer(id: &str, address: &str) -> Offer {
    Offer {
        pool: "web".into(),
        id: id.into(),
        address: address.into(),
        health_url: None,
        weight: None,
        zone: None,
        capabilities: vec![],
        tags: vec![],
        metadata: std::collections::BTreeMap::new(),
    }
}

/// A port for each.
fn at(id: &str) -> String {
    format!("10.0.0.9:900{}", id.trim_start_matches("web-"))
}

/// Where the newest plan sends requests and checks of that instance.
fn planned(world: &World, id: &str) -> Option<(SocketAddr, Option<SocketAddr>)> {
    let plan = world.balancer.applied().pop()?;
    let instance = plan.instances.into_iter().find(|i| i.id.as_str() == id)?;
    Some((instance.address, instance.check.map(|check| check.address)))
}

async fn wait_for_plan(world: &World, id: &str, is_there: bool) {
    wait_until(&format!("{id} in the plan: {is_there}"), SOON, async || {
        planned(world, id).is_some() == is_there
    })
    .await;
}

#[tokio::test]
async fn a_name_whose_answer_changes_later_leads_nowhere_else() {
    let world = open(Duration::from_secs(60));
    world.resolver.answer("web-9.evil.example", &["10.0.0.9"]);
    world.resolver.answer("web-9.evil.example", &[METADATA]);
    let (control, running) = world.start().await;
    let who = registrar(&control);
    let mut trap = offer("web-9", "web-9.evil.example:9000");
    trap.health_url = Some("http://web-9.evil.example:9100/h".into());

    assert_eq!(control.register(&who, trap.clone()).await.unwrap().outcome, Outcome::Registered);
    wait_for_plan(&world, "web-9", true).await;
    let good = (([10, 0, 0, 9], 9000).into(), Some(([10, 0, 0, 9], 9100).into()));
    assert_eq!(planned(&world, "web-9"), Some(good));
    let refused = control.register(&who, trap).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::Invalid { field, reason } if field == "address" && reason.contains(METADATA)),
        "{refused}"
    );
    assert_eq!(planned(&world, "web-9"), Some(good), "what was pinned stays");

    // The twin: whoever kept the name would go there now.
    let now = world.resolver.resolve("web-9.evil.example").await.unwrap();
    assert_eq!(now, [METADATA.parse::<std::net::IpAddr>().unwrap()]);
    running.stop().await;
}

#[tokio::test]
async fn a_name_whose_addresses_come_in_turn_is_one_address() {
    let world = open(Duration::from_secs(60));
    let turns: [&[&str]; 4] = [
        &["10.0.0.9", "10.0.0.8"],
        &["10.0.0.8", "10.0.0.9"],
        &["10.0.0.7", "10.0.0.8"],
        &["10.0.0.9"],
    ];
    for turn in turns {
        world.resolver.answer("web-9.example", turn);
    }
    let (control, running) = world.start().await;
    let who = registrar(&control);
    for (outcome, address) in [
        (Outcome::Registered, "10.0.0.8:9000"),
        (Outcome::Refreshed, "10.0.0.8:9000"),
        (Outcome::Refreshed, "10.0.0.8:9000"),
        (Outcome::Updated, "10.0.0.9:9000"),
    ] {
        let accepted = control.register(&who, offer("web-9", "web-9.example:9000")).await.unwrap();
        assert_eq!((accepted.outcome, accepted.service.address.as_str()), (outcome, address));
    }
    running.stop().await;
}

#[tokio::test]
async fn a_listener_on_all_addresses_is_no_instance_at_any_of_them() {
    let mut world = open(Duration::from_secs(60));
    world.resolver.own("10.0.0.1");
    let (control, running) = world.start().await;
    let who = registrar(&control);
    control.register(&who, offer("web-9", "10.0.0.1:8080")).await.unwrap();
    running.stop().await;

    if let Some(registry) = &mut world.registry {
        registry.reach.own = vec!["0.0.0.0:8080".parse().unwrap()];
    }
    let (control, running) = world.start().await;
    assert_eq!(world.store.list().await.unwrap(), [], "and from before it is not taken back");
    let refused = control.register(&who, offer("web-9", "10.0.0.1:8080")).await.unwrap_err();
    assert!(refused.to_string().contains("is this console or its gateway"), "{refused}");
    let mut checked_there = offer("web-9", "10.0.0.1:8081");
    checked_there.health_url = Some("http://10.0.0.1:8080/h".into());
    assert!(control.register(&who, checked_there).await.is_err());
    for other in ["10.0.0.1:8081", "10.0.0.2:8080"] {
        control.register(&who, offer("web-9", other)).await.unwrap();
    }
    running.stop().await;
}

#[tokio::test]
async fn one_bad_address_among_good_ones_is_refused() {
    let world = open(Duration::from_secs(60));
    world.resolver.answer("mixed.example", &["10.0.0.9", METADATA]);
    world.resolver.answer("good.example", &["10.0.0.9"]);
    let (control, running) = world.start().await;
    let who = registrar(&control);
    assert!(control.register(&who, offer("web-9", "mixed.example:9000")).await.is_err());
    assert!(control.register(&who, offer("web-9", "nowhere.example:9000")).await.is_err());
    let mut elsewhere = offer("web-9", "good.example:9000");
    elsewhere.health_url = Some("http://mixed.example:9000/h".into());
    let refused = control.register(&who, elsewhere).await.unwrap_err();
    assert!(
        matches!(&refused, ApiError::Invalid { field, .. } if field == "health_url"),
        "{refused}"
    );
    assert_eq!(world.store.list().await.unwrap(), []);
    assert!(control.register(&who, offer("web-9", "good.example:9000")).await.is_ok());
    running.stop().await;
}

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
async fn the_registry_outlives_a_restart_and_settings_that_forbid_it_do_not_bring_it_back() {
    let mut world = open(Duration::from_secs(60));
    let (control, running) = world.start().await;
    control
        .register(&registrar(&control), offer("web-9", "10.0.0.9:9009"))
        .await
        .unwrap();
    running.stop().await;

    let (control, running) = world.start().await;
    wait_for_plan(&world, "web-9", true).await;
    assert!(
        control
            .heartbeat(&registrar(&control), "web", "web-9", &Report::default())
            .await
            .is_ok()
    );
    running.stop().await;

    if let Some(registry) = &mut world.registry {
        registry.reach.networks = vec!["10.9.0.0/16".parse().unwrap()];
    }
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    wait_for_plan(&world, "web-9", false).await;
    wait_for_event(&control, &viewer, "web-9 was deregistered from pool web").await;
    let told = control.events(&viewer, &model::EventFilter::default(), 50).await.unwrap().items;
    let told = told.iter().find(|e| e.event.kind == EventKind::InstanceDeregistered).unwrap();
    assert_eq!(told.event.cause, "10.0.0.9 is not in registry.allow");
    assert_eq!(world.store.list().await.unwrap(), []);
    running.stop().await;
}

#[tokio::test]
async fn what_it_asks_for_holds_until_an_operator_says_something_else() {
    let world = open(Duration::from_secs(60));
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    let who = registrar(&control);
    let weighs = |weight| Offer {
        weight: Some(weight),
        ..offer("web-9", "10.0.0.9:9009")
    };
    control.register(&who, weighs(3)).await.unwrap();
    let web = build::pool("web");
    let weight = || control.intent(&viewer, &web).unwrap().policy.instance(&build::instance("web-9"));
    assert_eq!(weight().weight.get(), 3);
    let settle = |weight: Option<u16>, admin| PoolChange::Instances {
        ids: vec![build::instance("web-9")],
        weight: weight.map(|w| model::Weight::new(w).unwrap()),
        admin,
    };
    wait_until("all three are seen", SOON, async || pool(&control, &viewer).instances.len() == 3).await;
    control
        .change_pool(&ada, &web, 1, &settle(None, Some(AdminState::Drain)))
        .await
        .unwrap();
    assert_eq!((weight().weight.get(), weight().admin), (3, AdminState::Drain));
    wait_until("it drains with its weight", SOON, async || {
        let plan = world.balancer.applied().pop().unwrap();
        plan.instances
            .iter()
            .any(|i| i.id.as_str() == "web-9" && i.weight.get() == 3 && i.admin == AdminState::Drain)
    })
    .await;
    control.change_pool(&ada, &web, 2, &settle(Some(7), None)).await.unwrap();
    assert_eq!(control.register(&who, weighs(5)).await.unwrap().service.weight.get(), 7);
    assert_eq!(weight().weight.get(), 7);
    running.stop().await;
}

#[tokio::test]
async fn without_its_traces_nothing_is_registered_and_the_third_of_two_is_refused() {
    let world = open(Duration::from_secs(60));
    let (control, running) = world.start().await;
    let who = registrar(&control);
    world.store.fail_writes(Some(StoreError::Unwritable("disk full".into())));
    let refused = control.register(&who, offer("web-9", "10.0.0.9:9009")).await;
    assert!(matches!(refused, Err(ApiError::Unavailable { .. })), "{refused:?}");
    world.store.fail_writes(None);
    assert!(control.heartbeat(&who, "web", "web-9", &Report::default()).await.is_err());
    for id in ["web-7", "web-8"] {
        control.register(&who, offer(id, &at(id))).await.unwrap();
    }
    let refused = control.register(&who, offer("web-9", "10.0.0.9:9009")).await.unwrap_err();
    assert!(
        refused.status() == 409 && refused.to_string().contains("registry.max_instances"),
        "{refused}"
    );
    let mut moved = offer("web-8", &at("web-7"));
    let refused = control.register(&who, moved.clone()).await.unwrap_err();
    assert!(
        refused.status() == 409 && refused.to_string().starts_with("web-7 is registered at 10.0.0.9:9007"),
        "{refused}"
    );
    control.deregister(&who, "web", "web-7").await.unwrap();
    assert_eq!(control.register(&who, moved.clone()).await.unwrap().outcome, Outcome::Updated);
    moved.address = at("web-8");
    assert_eq!(control.register(&who, moved).await.unwrap().outcome, Outcome::Updated);
    assert_eq!(
        control.register(&who, offer("web-8", &at("web-8"))).await.unwrap().outcome,
        Outcome::Refreshed
    );
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

#[tokio::test]
async fn names_that_are_not_answered_do_not_pile_up() {
    let world = open(Duration::from_secs(60));
    let (control, running) = world.start().await;
    let who = registrar(&control);
    control.register(&who, offer("web-8", &at("web-8"))).await.unwrap();
    world.resolver.hang();
    let calls = (0..100).map(|n| {
        let (control, who) = (control.clone(), who.clone());
        tokio::spawn(async move { control.register(&who, offer(&format!("web-{n}"), "web.example:9000")).await })
    });
    let mut turned_away = 0;
    for call in calls.collect::<Vec<_>>() {
        match call.await.unwrap() {
            Err(ApiError::Unavailable { what, .. }) if what == "the registry" => turned_away += 1,
            Err(ApiError::Unavailable { what, .. }) if what == "address" => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(turned_away, 100 - 64);
    control.register(&who, offer("web-9", &at("web-9"))).await.unwrap();
    running.stop().await;
}
