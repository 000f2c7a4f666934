use control::ports::{Policies as _, StoreError};
use model::{AdminState, Algorithm, ApiError, BalancerEvent, BreakerHold, BreakerTarget, PoolChange, Role, Weight, change::Changed};
use testkit::{Mode, build, wait_until};

use crate::support::{SOON, World, admin, pool, sign_in, summaries, wait_for_event};

const LEAST: PoolChange = PoolChange::Algorithm {
    algorithm: Algorithm::LeastConnections,
};

#[tokio::test]
async fn a_change_reaches_the_balancer_the_journal_and_the_page() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, admin) = admin(&control).await;

    let changed = control.change_pool(&admin, &build::pool("web"), 1, &LEAST).await.unwrap();
    assert!(matches!(changed, Changed::Done { version: 2, ref diff } if diff.len() == 1));
    wait_until("the balancer has version 2", SOON, async || {
        world.balancer.applied().iter().any(|p| p.version == 2)
    })
    .await;
    wait_for_event(&control, &viewer, "algorithm round_robin → least_connections").await;
    wait_until("the page shows it", SOON, async || pool(&control, &viewer).applied_version == 2).await;
    assert_eq!(pool(&control, &viewer).changed_by.as_deref(), Some("ada"));
    running.stop().await;
}

#[tokio::test]
async fn weights_and_states_reach_the_instances_they_name() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (_, admin) = admin(&control).await;
    let change = PoolChange::Instances {
        ids: vec![build::instance("b")],
        weight: Some(Weight::new(9).unwrap()),
        admin: Some(AdminState::Drain),
    };
    control.change_pool(&admin, &build::pool("web"), 1, &change).await.unwrap();
    wait_until("b drains with weight 9, a does not", SOON, async || {
        world.balancer.applied().last().is_some_and(|plan| {
            let shown: Vec<_> = plan.instances.iter().map(|i| (i.weight.get(), i.admin)).collect();
            shown == [(1, AdminState::Ready), (9, AdminState::Drain)]
        })
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn the_second_of_two_admins_gets_both_values_and_changes_nothing() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (_, ada) = admin(&control).await;
    let grace = sign_in(&control, "grace", Role::SystemAdmin).await.system_admin().unwrap();
    let web = build::pool("web");
    control.change_pool(&ada, &web, 1, &LEAST).await.unwrap();

    let weighted = PoolChange::Algorithm {
        algorithm: Algorithm::WeightedRoundRobin,
    };
    let Err(ApiError::Conflict { current, yours }) = control.change_pool(&grace, &web, 1, &weighted).await else {
        panic!("the stale version was taken");
    };
    assert_eq!(
        (current.version, current.policy.algorithm, current.changed_by.as_deref()),
        (2, Algorithm::LeastConnections, Some("ada"))
    );
    assert_eq!(yours.algorithm, Algorithm::WeightedRoundRobin);
    assert_eq!(world.store.list().await.unwrap()[0].version, 2);
    // With the version that is in force it works.
    assert!(control.change_pool(&grace, &web, 2, &weighted).await.is_ok());
    running.stop().await;
}

#[tokio::test]
async fn what_is_so_already_is_no_new_version() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (_, ada) = admin(&control).await;
    let same = PoolChange::Algorithm {
        algorithm: Algorithm::RoundRobin,
    };
    assert_eq!(
        control.change_pool(&ada, &build::pool("web"), 1, &same).await.unwrap(),
        Changed::Nothing { version: 1 }
    );
    running.stop().await;
}

#[tokio::test]
async fn without_audit_there_is_no_change() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    world.store.fail_writes(Some(StoreError::Unwritable("disk full".into())));
    let refused = control.change_pool(&ada, &build::pool("web"), 1, &LEAST).await;
    assert!(matches!(refused, Err(ApiError::Unavailable { .. })), "{refused:?}");
    world.store.fail_writes(None);
    assert_eq!(pool(&control, &viewer).intended_version, 1);
    assert!(world.balancer.applied().iter().all(|p| p.version == 1));
    running.stop().await;
}

#[tokio::test]
async fn a_balancer_that_was_away_gets_the_plan_when_it_is_back() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    world.balancer.set_mode(Mode::Fails("connection refused".into()));
    control.change_pool(&ada, &build::pool("web"), 1, &LEAST).await.unwrap();
    wait_for_event(&control, &viewer, "does not answer").await;
    world.balancer.set_mode(Mode::Works);
    wait_for_event(&control, &viewer, "round_robin → least_connections").await;
    running.stop().await;
}

#[tokio::test]
async fn a_refused_policy_is_told_once_and_shown() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    wait_for_event(&control, &viewer, "follows version 1").await;
    world.balancer.set_mode(Mode::Refuses("no such algorithm".into()));
    control.change_pool(&ada, &build::pool("web"), 1, &LEAST).await.unwrap();
    wait_for_event(&control, &viewer, "refused version 2").await;
    wait_until("the page says why", SOON, async || {
        pool(&control, &viewer).refused.as_deref() == Some("no such algorithm")
    })
    .await;
    let rounds = || control.loops(&viewer).iter().find(|l| l.name == "reconcile").unwrap().rounds;
    let before = rounds();
    wait_until("it was tried again", SOON, async || rounds() > before + 2).await;
    let told = summaries(&control, &viewer).await.iter().filter(|s| s.contains("refused")).count();
    assert_eq!(told, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_console_killed_between_storing_and_telling_tells_after_its_restart_and_only_once() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    wait_for_event(&control, &viewer, "follows version 1").await;
    running.stop().await;
    // Stored and acknowledged, but the process died before the balancer heard of it.
    let mut put = build::put(&build::pool("web"), 1, &build::policy(Algorithm::LeastConnections));
    put.audit.at_ms = world.now_ms();
    world.store.put(&put).await.unwrap();

    for _ in 0..2 {
        let (control, running) = world.start().await;
        wait_until("the balancer has version 2", SOON, async || {
            world.balancer.applied().iter().any(|p| p.version == 2)
        })
        .await;
        wait_for_event(&control, &viewer, "least_connections").await;
        let told = summaries(&control, &viewer)
            .await
            .iter()
            .filter(|s| s.contains("least_connections"))
            .count();
        assert_eq!(told, 1);
        running.stop().await;
    }
}

#[tokio::test]
async fn the_last_ones_in_service_cannot_be_taken_out() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    let web = build::pool("web");
    wait_until("both are seen", SOON, async || pool(&control, &viewer).pool.instances_up == 2).await;
    let drain = |names: &[&str]| PoolChange::Instances {
        ids: names.iter().map(|name| build::instance(name)).collect(),
        weight: None,
        admin: Some(AdminState::Drain),
    };
    let refused = control.change_pool(&ada, &web, 1, &drain(&["a", "b"])).await.unwrap_err();
    assert!(refused.to_string().contains("only 0 of 2 would be left in service"), "{refused}");
    assert!(control.change_pool(&ada, &web, 1, &drain(&["a"])).await.is_ok());
    // At once, whether or not the balancer has followed yet.
    assert!(control.change_pool(&ada, &web, 2, &drain(&["b"])).await.is_err());
    running.stop().await;
}

#[tokio::test]
async fn a_reset_is_written_down_and_reaches_the_balancer() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, ada) = admin(&control).await;
    let web = build::pool("web");
    let targets = [BreakerTarget::Pool, BreakerTarget::Instance(build::instance("a"))];
    control.reset_breakers(&ada, &web, &targets).await.unwrap();
    assert_eq!(world.balancer.resets(), [(web.clone(), targets.to_vec())]);
    wait_for_event(&control, &viewer, "Breaker reset: pool web, a").await;
    let audit = control::ports::Journal::audit(&*world.store, None, 1).await.unwrap().items;
    assert_eq!(
        (audit[0].entry.action.as_str(), audit[0].entry.who.as_str()),
        ("breaker.reset", "ada")
    );

    let stranger = [BreakerTarget::Instance(build::instance("z"))];
    assert!(matches!(
        control.reset_breakers(&ada, &web, &stranger).await,
        Err(ApiError::Invalid { .. })
    ));
    // No audit row, no reset.
    world.store.fail_writes(Some(StoreError::Unavailable("disk full".into())));
    assert!(control.reset_breakers(&ada, &web, &targets).await.is_err());
    assert_eq!(world.balancer.resets().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn what_the_balancer_tells_is_kept_once() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let tell = |seq: u64, summary: &str| BalancerEvent {
        seq,
        event: build::event(summary),
    };
    world.balancer.change(|seen| seen.events = vec![tell(1, "the breaker opened")]);
    wait_for_event(&control, &viewer, "the breaker opened").await;
    world
        .balancer
        .change(|seen| seen.events = vec![tell(1, "the breaker opened"), tell(2, "the breaker closed")]);
    wait_for_event(&control, &viewer, "the breaker closed").await;
    // Started again, it counts anew.
    world.balancer.change(|seen| seen.events = vec![tell(1, "the breaker opened anew")]);
    wait_for_event(&control, &viewer, "the breaker opened anew").await;
    let told = summaries(&control, &viewer).await;
    assert_eq!(told.iter().filter(|s| s.as_str() == "the breaker opened").count(), 1);
    running.stop().await;
}

#[tokio::test]
async fn a_hold_can_be_extended_and_the_same_one_is_no_change() {
    let world = World::new();
    let (control, running) = world.start().await;
    let (_, ada) = admin(&control).await;
    let web = build::pool("web");
    let hold = |minutes| PoolChange::BreakerHold {
        targets: vec![BreakerTarget::Pool],
        to: BreakerHold::parse("closed", Some(minutes), world.now_ms()).unwrap(),
    };
    let changed = async |version, minutes| control.change_pool(&ada, &web, version, &hold(minutes)).await.unwrap();
    assert!(matches!(changed(1, 15).await, Changed::Done { version: 2, .. }));
    assert!(matches!(changed(2, 15).await, Changed::Nothing { .. }));
    assert!(matches!(changed(2, 60).await, Changed::Done { version: 3, .. }));
    running.stop().await;
}
