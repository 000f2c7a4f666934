use control::ports::StoreError;
use model::{Health, InstanceState, ProcessObservation, ProcessState, SourceState, WorkloadId, WorkloadObservation};
use testkit::{Mode, build, wait_until};

use crate::support::{SOON, World, admin, overview, wait_for_event};

#[tokio::test]
async fn a_source_that_stops_answering_is_unknown_not_zero() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    assert_eq!(overview(&control, &viewer).instances_up, 2);
    world.balancer.set_mode(Mode::Hangs);
    wait_for_event(&control, &viewer, "does not answer").await;
    let seen = overview(&control, &viewer);
    assert!(seen.trouble.iter().all(|t| t.state == InstanceState::Unknown) && seen.trouble.len() == 2);
    assert!(
        seen.sources
            .iter()
            .any(|s| matches!(&s.state, SourceState::Down { why, .. } if why.contains("800 ms")))
    );
    running.stop().await;
}

#[tokio::test]
async fn a_failing_source_does_not_stop_the_loop() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    world.balancer.set_mode(Mode::Fails("connection refused".into()));
    wait_for_event(&control, &viewer, "does not answer").await;
    let before = control.live_status().seq;
    wait_until("the collect loop goes on", SOON, async || control.live_status().seq > before + 3).await;
    world.balancer.set_mode(Mode::Works);
    wait_for_event(&control, &viewer, "answers again").await;
    assert_eq!(overview(&control, &viewer).instances_up, 2);
    running.stop().await;
}

#[tokio::test]
async fn an_instance_that_fails_its_checks_is_down_with_the_reason() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    world.balancer.change(|seen| seen.pools[0].instances[1].health = Health::Down);
    wait_for_event(&control, &viewer, "b of pool web is down").await;
    let seen = overview(&control, &viewer);
    assert_eq!((seen.instances_up, seen.trouble[0].state), (1, InstanceState::Down));
    assert_eq!(seen.pools[0].state, InstanceState::Down);
    world.balancer.change(|seen| seen.pools[0].instances[1].health = Health::Up);
    wait_for_event(&control, &viewer, "b of pool web is up again").await;
    running.stop().await;
}

#[tokio::test]
async fn events_wait_while_the_database_is_away() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    world.store.fail(Some(StoreError::Unavailable("locked".into())));
    world.balancer.change(|seen| seen.pools[0].instances[0].health = Health::Down);
    let database_down = || {
        overview(&control, &viewer)
            .sources
            .iter()
            .any(|s| s.what == "database" && matches!(s.state, SourceState::Down { .. }))
    };
    wait_until("the console says that its database is away", SOON, async || database_down()).await;
    world.store.fail(None);
    wait_for_event(&control, &viewer, "a of pool web is down").await;
    wait_until("the console says that it is back", SOON, async || !database_down()).await;
    running.stop().await;
}

#[tokio::test]
async fn an_instance_whose_process_has_ended_is_down_before_any_check_finds_out() {
    let world = World::new();
    let process = |state, pid, restarts| {
        let last_exit = (restarts > 0).then(|| "killed by signal 9 (SIGKILL)".to_owned());
        let process = ProcessObservation {
            instance: build::instance("a"),
            state,
            pid,
            restarts,
            address: ([127, 0, 0, 1], 9001).into(),
            ready_at_ms: None,
            was_ready: true,
            started_at_ms: 0,
            last_exit,
        };
        vec![WorkloadObservation {
            workload: WorkloadId::new("web").unwrap(),
            pool: build::pool("web"),
            reference: "fleet/web".into(),
            desired: 1,
            processes: vec![process],
        }]
    };
    world.workloads.set_observation(process(ProcessState::Running, Some(7), 0));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    assert_eq!(overview(&control, &viewer).instances_up, 2);

    world
        .workloads
        .set_observation(process(ProcessState::Backoff { next_start_ms: 1 }, None, 1));
    wait_for_event(&control, &viewer, "a of pool web is down").await;
    let trouble = overview(&control, &viewer).trouble;
    assert_eq!(
        (trouble[0].state, trouble[0].why.as_str()),
        (InstanceState::Down, "its process has ended: killed by signal 9 (SIGKILL)")
    );

    world.workloads.set_observation(process(ProcessState::Running, Some(8), 1));
    wait_for_event(&control, &viewer, "a of pool web is up again").await;
    running.stop().await;
}
