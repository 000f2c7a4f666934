//! A pool whose members a workload runs.

use std::time::Duration;

use control::{Control, access::Viewer, ports::Workloads as _};
use model::{Actor, AdminState, ApiError, Health, InstanceState, PoolChange, ProcessState, WorkloadId};
use testkit::{Mode, build, wait_until};

use crate::{
    registration::{offer, open, registrar},
    support::{SOON, World, admin, pool, wait_for_event},
};

fn web() -> WorkloadId {
    WorkloadId::new("web").unwrap()
}

/// Beside `a` and `b` of the settings, which are up.
fn world(replicas: u32) -> World {
    let world = World::new();
    world.workloads.run("web", &build::pool("web"), replicas);
    world
}

async fn scale(world: &World, replicas: u32) {
    world.workloads.scale(&web(), replicas).await.unwrap();
}

/// The plan in force, as far as the workload's members go: their names, with those that drain in brackets.
fn planned(world: &World) -> String {
    let plans = world.balancer.applied();
    let instances = plans.last().map(|plan| plan.instances.as_slice()).unwrap_or_default();
    let of_workload = instances.iter().filter(|i| i.id.as_str().starts_with("web-"));
    let names = of_workload.map(|i| match i.admin {
        AdminState::Ready => i.id.to_string(),
        _ => format!("({})", i.id),
    });
    names.collect::<Vec<_>>().join(" ")
}

async fn until_planned(world: &World, expected: &str) {
    wait_until(&format!("the plan is {expected:?}"), SOON, async || planned(world) == expected).await;
}

fn waits(control: &Control, who: &Viewer) -> String {
    let loops = control.loops(who);
    let retire = loops.into_iter().find(|l| l.name == "retire");
    retire.and_then(|l| l.waits).unwrap_or_default()
}

async fn until_waits(control: &Control, who: &Viewer, part: &str) {
    wait_until(&format!("the retire loop waits: {part:?}"), SOON, async || {
        waits(control, who).contains(part)
    })
    .await;
}

/// Rounds enough for something to happen that must not.
async fn a_while(control: &Control) {
    let before = control.live_status().seq;
    wait_until("some rounds have passed", SOON, async || control.live_status().seq > before + 20).await;
}

#[tokio::test]
async fn members_join_when_they_are_ready_and_are_told() {
    let world = world(2);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    until_planned(&world, "web-1 web-2").await;
    world.workloads.hang_starts(true);
    scale(&world, 3).await;
    a_while(&control).await;
    assert_eq!(planned(&world), "web-1 web-2", "nobody is sent to a closed port");
    world.workloads.hang_starts(false);
    until_planned(&world, "web-1 web-2 web-3").await;
    wait_for_event(&control, &viewer, "web-3 has joined pool web").await;
    running.stop().await;
}

#[tokio::test]
async fn who_goes_drains_first_and_waits_for_what_is_under_way() {
    let world = world(3);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    until_planned(&world, "web-1 web-2 web-3").await;
    let under_way = |n| {
        world.balancer.change(|seen| {
            let instances = seen.pools[0].instances.iter_mut();
            instances.filter(|i| i.id.as_str() == "web-3").for_each(|i| i.in_flight = n);
        });
    };
    under_way(2);
    scale(&world, 2).await;
    until_planned(&world, "web-1 web-2 (web-3)").await;
    until_waits(&control, &viewer, "web-3 drains: 2 still under way").await;
    a_while(&control).await;
    assert_eq!(planned(&world), "web-1 web-2 (web-3)");
    let shown = pool(&control, &viewer)
        .instances
        .into_iter()
        .find(|i| i.id.as_str() == "web-3")
        .unwrap();
    assert_eq!(shown.state, InstanceState::Drain);
    under_way(0);
    until_planned(&world, "web-1 web-2").await;
    wait_until("nothing is waited for", SOON, async || waits(&control, &viewer).is_empty()).await;
    wait_for_event(&control, &viewer, "web-3 of pool web is to go").await;
    wait_for_event(&control, &viewer, "web-3 has left pool web").await;
    running.stop().await;
}

#[tokio::test]
async fn who_is_wanted_again_serves_again() {
    let world = world(3);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    until_planned(&world, "web-1 web-2 web-3").await;
    world
        .balancer
        .change(|seen| seen.pools[0].instances.iter_mut().for_each(|i| i.in_flight = 1));
    scale(&world, 1).await;
    until_planned(&world, "web-1 (web-2) (web-3)").await;
    scale(&world, 3).await;
    until_planned(&world, "web-1 web-2 web-3").await;
    wait_for_event(&control, &viewer, "web-3 of pool web stays after all").await;
    running.stop().await;
}

#[tokio::test]
async fn too_few_are_never_left_in_service() {
    let world = world(2);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    until_planned(&world, "web-1 web-2").await;
    let settings_are = |health| {
        world.balancer.change(|seen| {
            let of_settings = seen.pools[0].instances.iter_mut().filter(|i| !i.id.as_str().starts_with("web-"));
            of_settings.for_each(|i| i.health = health);
        });
    };
    settings_are(Health::Down);
    wait_for_event(&control, &viewer, "b of pool web is down").await;
    scale(&world, 0).await;
    until_waits(
        &control,
        &viewer,
        "web-1 stays in service: only 0 of 4 would be left without it and the pool keeps at least 2",
    )
    .await;
    a_while(&control).await;
    assert_eq!(planned(&world), "web-1 web-2");
    settings_are(Health::Up);
    until_planned(&world, "").await;
    running.stop().await;
}

#[tokio::test]
async fn what_an_operator_said_of_one_is_not_said_of_the_next_of_its_name() {
    let world = world(3);
    let (control, running) = world.start().await;
    let (viewer, admin) = admin(&control).await;
    until_planned(&world, "web-1 web-2 web-3").await;
    let drain = |name: &str| PoolChange::Instances {
        ids: vec![build::instance(name)],
        weight: None,
        admin: Some(AdminState::Drain),
    };
    let web_pool = build::pool("web");
    control.change_pool(&admin, &web_pool, 1, &drain("web-1")).await.unwrap();
    control.change_pool(&admin, &web_pool, 2, &drain("web-3")).await.unwrap();
    until_planned(&world, "(web-1) web-2 (web-3)").await;
    scale(&world, 2).await;
    until_planned(&world, "(web-1) web-2").await;
    wait_for_event(&control, &viewer, "Pool web: web-3 state drain → ready").await;
    let intent = control.intent(&viewer, &web_pool).unwrap();
    let said: Vec<_> = intent.policy.instances.keys().map(model::InstanceId::as_str).collect();
    assert_eq!(
        (intent.version, said, intent.changed_by.as_deref()),
        (4, vec!["web-1"], Some("forget loop"))
    );
    let events = control.events(&viewer, &model::EventFilter::default(), 100).await.unwrap().items;
    let told = events
        .iter()
        .find(|e| e.event.summary.contains("web-3 state drain → ready"))
        .unwrap();
    assert_eq!(told.event.actor, Actor::system("forget loop"), "nobody of that name did it");
    scale(&world, 3).await;
    until_planned(&world, "(web-1) web-2 web-3").await;
    running.stop().await;

    // Those that are there when a console starts bear the names of those it was said of.
    let (control, running) = world.start().await;
    a_while(&control).await;
    assert_eq!(planned(&world), "(web-1) web-2 web-3");
    running.stop().await;
}

#[tokio::test]
async fn nobody_registers_in_the_place_of_one_that_a_workload_runs() {
    let world = open(Duration::from_secs(60));
    world.workloads.run("web", &build::pool("web"), 1);
    world
        .workloads
        .change(|seen| seen[0].processes[0].address = ([10, 0, 0, 9], 9001).into());
    let (control, running) = world.start().await;
    let registrar = registrar(&control);
    until_planned(&world, "web-1").await;
    for (id, address) in [("web-1", "10.0.0.9:9009"), ("other", "10.0.0.9:9001")] {
        let refused = control.register(&registrar, offer(id, address)).await.unwrap_err();
        assert!(
            matches!(&refused, ApiError::Clash { why } if why.contains("web-1 in pool web is run by a workload")),
            "{refused:?}"
        );
    }
    assert!(control.register(&registrar, offer("other", "10.0.0.9:9009")).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn who_has_died_is_down_and_a_source_that_is_silent_takes_nobody_out() {
    let world = world(2);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    until_planned(&world, "web-1 web-2").await;
    world.workloads.set_mode(Mode::Fails("connection refused".into()));
    wait_for_event(&control, &viewer, "does not answer").await;
    a_while(&control).await;
    assert_eq!(planned(&world), "web-1 web-2");
    world.workloads.set_mode(Mode::Works);
    wait_for_event(&control, &viewer, "answers again").await;
    world.workloads.change(|seen| {
        seen[0].processes[1].state = ProcessState::Stopping;
    });
    until_planned(&world, "web-1").await;
    running.stop().await;
}
