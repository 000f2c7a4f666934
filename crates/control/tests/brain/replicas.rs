//! Several brains on one store.

use std::{sync::Arc, time::Duration};

use control::{
    Control, Leadership, WorkloadSetup,
    decide::transitions,
    ports::{Candidate, Journal as _, Lease as _, ScalingLedger as _, StoreError},
};
use model::{
    Actor, EventFilter, Health, InstanceState, Snapshot, SourceState, ViewData, ViewKey, WorkloadId,
    change::Changed,
    scaling::{Hold, HoldKind, MetricSpec, ScalingChange, ScalingEvent, ScalingEventFilter, ScalingOutcome, ScalingPlan, ScalingPolicy},
};
use testkit::{build, wait_until};

use crate::support::{SOON, World, admin};

fn web() -> WorkloadId {
    WorkloadId::new("web").unwrap()
}

/// Two processes that nothing but an operator scales.
fn world() -> World {
    let mut world = World::new();
    world.scaled = vec![WorkloadSetup {
        id: web(),
        defaults: ScalingPlan::new(ScalingPolicy::hpa(2, 9, vec![MetricSpec::utilization("cpu", 50)])),
    }];
    world.workloads.run("web", &build::pool("web"), 2);
    world
}

fn pin(world: &World, replicas: u32) -> ScalingChange {
    ScalingChange::Hold {
        hold: Some(Hold {
            kind: HoldKind::Pin { replicas },
            until_ms: world.now_ms() + 600_000,
        }),
    }
}

fn leads(control: &Control) -> bool {
    control.fence().is_some()
}

fn scaled(world: &World) -> Vec<u32> {
    // The first one is how the test began.
    world.workloads.scaled().into_iter().skip(1).map(|(_, n)| n).collect()
}

async fn rounds(control: &Control, name: &str, more: u64) {
    let (viewer, _) = admin(control).await;
    let rounds = || control.loops(&viewer).iter().find(|l| l.name == name).map_or(0, |l| l.rounds);
    let before = rounds();
    wait_until("some rounds", SOON, async || rounds() >= before + more).await;
}

async fn told(world: &World, part: &str) -> usize {
    let page = world.store.read(&EventFilter::default(), 1_000).await.unwrap();
    page.items.iter().filter(|e| e.event.summary.contains(part)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_acts_on_what_is_said_to_any_and_the_next_one_goes_on_where_it_ended() {
    let world = world();
    let (first, first_running) = world.start_replica("first").await;
    let (second, second_running) = world.start_replica("second").await;
    assert!(leads(&first) && !leads(&second));
    assert_eq!(second.leadership(), Leadership::Follows { leader: "first".into() });

    let (_, sysadmin) = admin(&second).await;
    let done = second.change_scaling(&sysadmin, &web(), 1, &pin(&world, 5)).await.unwrap();
    assert!(matches!(done, Changed::Done { version: 2, .. }), "{done:?}");
    wait_until("the leader has scaled", SOON, async || scaled(&world) == [5]).await;
    wait_until("and said so", SOON, async || told(&world, "web scales from 2 to 5").await == 1).await;
    rounds(&first, "autoscale", 5).await;
    assert_eq!(scaled(&world), [5], "once, and by one of them");
    let (viewer, _) = admin(&second).await;
    wait_until("the follower shows what was decided", SOON, async || {
        let page = second.view(&viewer, &ViewKey::Workload(web())).unwrap();
        matches!(page.view, ViewData::Workload(view) if view.events.first().is_some_and(|e| e.to == 5) && view.last.is_some())
    })
    .await;

    first_running.stop().await;
    world.clock.advance(5_000);
    wait_until("the other one leads", SOON, async || leads(&second)).await;
    rounds(&second, "autoscale", 5).await;
    assert_eq!(scaled(&world), [5], "what is done is not done again");
    second.change_scaling(&sysadmin, &web(), 2, &pin(&world, 3)).await.unwrap();
    wait_until("it acts", SOON, async || scaled(&world) == [5, 3]).await;
    wait_until("and says so", SOON, async || told(&world, "web scales from 5 to 3").await == 1).await;
    second_running.stop().await;
    let changes = world.store.changes(&ScalingEventFilter::default(), 100).await.unwrap().items;
    let steps: Vec<_> = changes.iter().rev().map(|c| (c.from, c.to)).collect();
    assert_eq!(steps, [(2, 5), (5, 3)]);
    assert_eq!(told(&world, "web scales from").await, 2);
    assert_eq!((told(&world, "first leads").await, told(&world, "second leads").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_is_away_nobody_acts() {
    let world = world();
    let (first, first_running) = world.start_replica("first").await;
    let (second, second_running) = world.start_replica("second").await;
    let (_, sysadmin) = admin(&first).await;
    wait_until("the first one acts", SOON, async || leads(&first)).await;
    world.store.fail(Some(StoreError::Unavailable("connection refused".into())));
    wait_until("nobody leads", SOON, async || !leads(&first) && !leads(&second)).await;
    assert!(matches!(first.leadership(), Leadership::Unknown { .. }), "{:?}", first.leadership());
    // A workload that lost its processes would be scaled at once.
    world.store.fail(None);
    wait_until("one leads again", SOON, async || leads(&first) != leads(&second)).await;
    let leader = if leads(&first) { &first } else { &second };
    leader.change_scaling(&sysadmin, &web(), 1, &pin(&world, 4)).await.unwrap();
    wait_until("it acts", SOON, async || scaled(&world) == [4]).await;
    first_running.stop().await;
    second_running.stop().await;
}

/// A lease that somebody else holds, who is not there any more.
async fn held_by_another(world: &World) -> Candidate {
    let other = Candidate {
        id: "other".into(),
        name: "other".into(),
        address: None,
    };
    world.store.take(&other, Duration::from_mins(10)).await.unwrap();
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_leader_was_about_to_do_when_it_ended_is_kept_once() {
    let world = world();
    let other = held_by_another(&world).await;
    let (control, running) = world.start_replica("next").await;
    let begun = ScalingEvent {
        id: 0,
        workload: web(),
        at_ms: world.now_ms() - 1_000,
        from: 2,
        to: 4,
        cause: "cpu 90 % of 50 %".into(),
        leading: None,
        metrics: vec![],
        actor: Actor::system("autoscaler"),
        outcome: ScalingOutcome::Pending,
        ended_at_ms: None,
    };
    world.store.begin(&begun).await.unwrap();
    rounds(&control, "collect", 5).await;
    let changes = async || world.store.changes(&ScalingEventFilter::default(), 100).await.unwrap().items;
    assert_eq!(changes().await, [], "a follower writes nothing");
    world.store.give_up(&other).await.unwrap();
    wait_until("it is kept", SOON, async || changes().await.len() == 1).await;
    rounds(&control, "autoscale", 5).await;
    let kept = changes().await;
    assert_eq!((kept.len(), kept[0].at_ms, kept[0].to), (1, begun.at_ms, 4));
    assert_eq!(told(&world, "web scales from 2 to 4").await, 1);
    running.stop().await;
}

fn with_state(snapshot: &Snapshot, name: &str, state: InstanceState) -> Snapshot {
    let mut next = snapshot.clone();
    (next.seq, next.at_ms) = (next.seq + 1, next.at_ms + 1);
    let instance = next.pools[0].instances.iter_mut().find(|i| i.id.as_str() == name).unwrap();
    instance.state = state;
    next
}

/// Of two events that the leader saw it wrote one before it ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_leader_saw_and_did_not_write_is_written_by_the_next_and_nothing_twice() {
    let world = world();
    let other = held_by_another(&world).await;
    let (control, running) = world.start_replica("next").await;
    rounds(&control, "collect", 3).await;
    let seen = Arc::unwrap_or_clone(control.snapshots().borrow().clone());
    let first = with_state(&seen, "a", InstanceState::Down);
    let second = with_state(&first, "b", InstanceState::Down);
    for snapshot in [&seen, &first, &second] {
        control.hear(snapshot.clone());
        let shown = || control.snapshots().borrow().clone();
        let leader = |s: &Snapshot| s.sources.iter().find(|s| s.id.as_str() == "leader").cloned();
        wait_until("it is shown", SOON, async || {
            let shown = shown();
            shown.at_ms == snapshot.at_ms && leader(&shown).is_some_and(|l| l.state == SourceState::Up)
        })
        .await;
        let states = |s: &Snapshot| s.pools[0].instances.iter().map(|i| i.state).collect::<Vec<_>>();
        assert_eq!(states(&shown()), states(snapshot), "a follower shows what the leader sees");
        assert_eq!(leader(&shown()).unwrap().what, "leading console other");
    }
    let written = transitions::between(&seen, &first);
    assert_eq!(written.len(), 1);
    world.store.append(written.clone()).await.unwrap();
    let unwritten = transitions::between(&first, &second).remove(0);
    assert_eq!(told(&world, &unwritten.summary).await, 0);
    // From now on it sees for itself that both are down.
    world
        .balancer
        .change(|seen| seen.pools[0].instances.iter_mut().for_each(|i| i.health = Health::Down));
    world.store.give_up(&other).await.unwrap();
    wait_until("it is written", SOON, async || told(&world, &unwritten.summary).await == 1).await;
    rounds(&control, "record", 3).await;
    assert_eq!(told(&world, &written[0].summary).await, 1);
    assert_eq!(told(&world, &unwritten.summary).await, 1);
    running.stop().await;
}
