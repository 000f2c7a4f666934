use control::{Control, WorkloadSetup, ports::StoreError};
use model::{
    Actor, ApiError, BalancerObservation, LoadReport, ViewData, ViewKey, WorkloadId,
    change::Changed,
    scaling::{
        Behavior, ChangeLimit, Hold, HoldKind, LedgerFilter, MetricSpec, ScalingChange, ScalingEventFilter, ScalingOutcome, ScalingPlan,
        ScalingPolicy, ScalingReason, ScalingState, ScheduleRule, WorkloadView,
    },
};
use testkit::{Mode, build, wait_until};

use crate::support::{SOON, World, admin, summaries, wait_for_event};

fn web() -> WorkloadId {
    WorkloadId::new("web").unwrap()
}

/// Two processes that follow this policy.
fn world(policy: ScalingPolicy) -> World {
    let mut world = World::new();
    world.scaled = vec![WorkloadSetup {
        id: web(),
        defaults: ScalingPlan::new(policy),
    }];
    world.workloads.run("web", &build::pool("web"), 2);
    world.balancer.set_observation(observed(world.now_ms(), Some(0.5)));
    world
}

/// At most four: what these instances report does not fall when there are more of them.
fn cpu(percent: u32) -> ScalingPolicy {
    ScalingPolicy::hpa(2, 4, vec![MetricSpec::utilization("cpu", percent)])
}

/// Every instance reports this share of its processor from now on. What it reported before is past: between the two the console sees nobody
/// report, so that no mean is of both.
async fn busy(world: &World, control: &Control, share: f32) {
    let seq = || control.live_status().seq;
    world.balancer.set_observation(observed(world.now_ms(), None));
    let before = seq();
    wait_until("two more collections", SOON, async || seq() >= before + 2).await;
    world.clock.advance(10_000);
    world.balancer.set_observation(observed(world.now_ms(), Some(share)));
}

fn observed(at_ms: i64, share: Option<f32>) -> BalancerObservation {
    let names: Vec<_> = (1..=10).map(|n| format!("web-{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let mut pool = build::pool_observation("web", &names);
    for instance in &mut pool.instances {
        instance.load = share.map(|share| LoadReport {
            at_ms,
            cpu: Some(share),
            memory: None,
            gpu: None,
            gpu_simulated: false,
            sessions: None,
        });
    }
    build::balancer_observation(vec![pool])
}

fn view(control: &Control, who: &control::access::Viewer) -> WorkloadView {
    match control.view(who, &ViewKey::Workload(web())).unwrap().view {
        ViewData::Workload(view) => *view,
        other => panic!("not a workload: {other:?}"),
    }
}

fn last_scaled(world: &World) -> Option<u32> {
    // The first one is how the test began.
    world.workloads.scaled().get(1..)?.last().map(|(_, n)| *n)
}

async fn until_scaled(world: &World, to: u32) {
    wait_until(&format!("scaled to {to}"), SOON, async || last_scaled(world) == Some(to)).await;
}

/// As many evaluations as it takes to be sure that nothing comes of them.
async fn some_evaluations(control: &Control, who: &control::access::Viewer) {
    let runs = || {
        let loops = control.loops(who);
        loops.iter().find(|l| l.name == "autoscale").map_or(0, |l| l.rounds)
    };
    let before = runs();
    wait_until("five evaluations", SOON, async || runs() >= before + 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rush_scales_out_and_the_ledger_says_why() {
    let world = world(cpu(50));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    some_evaluations(&control, &viewer).await;
    assert_eq!(last_scaled(&world), None, "50 % of 50 % is as it should be");

    busy(&world, &control, 0.95).await;
    until_scaled(&world, 4).await;
    wait_for_event(&control, &viewer, "web scales from 2 to 4 replicas").await;
    wait_until("four are ready", SOON, async || {
        view(&control, &viewer)
            .events
            .first()
            .is_some_and(|e| e.outcome == ScalingOutcome::Reached)
    })
    .await;
    let seen = view(&control, &viewer);
    assert_eq!((seen.row.desired, seen.row.ready), (4, 4));
    assert_eq!(
        (seen.events[0].cause.as_str(), seen.events[0].actor.clone()),
        ("cpu 95 % of 50 %", Actor::system("autoscaler"))
    );

    let changes = LedgerFilter {
        workload: web(),
        from_ms: None,
        to_ms: None,
        changes_only: true,
        before_id: None,
    };
    wait_until("the ledger has it", SOON, async || {
        !control.decisions(&viewer, &changes, 10).await.unwrap().items.is_empty()
    })
    .await;
    let kept = &control.decisions(&viewer, &changes, 10).await.unwrap().items[0];
    assert_eq!((kept.decision.from, kept.decision.to), (2, 4));
    assert!(!kept.would_change.is_empty());
    let all = LedgerFilter {
        changes_only: false,
        ..changes
    };
    let all = control.decisions(&viewer, &all, 100).await.unwrap().items;
    assert!(
        all.len() > 1 && all.iter().any(|span| span.evaluations > 1),
        "what did nothing is kept, in one line: {all:#?}"
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_scaled_down_on_what_is_not_seen() {
    let world = world(cpu(50));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    busy(&world, &control, 0.95).await;
    until_scaled(&world, 4).await;

    world.balancer.set_mode(Mode::Fails("gone".into()));
    world.clock.advance(3_600_000);
    wait_until("the metrics failed", SOON, async || {
        let last = view(&control, &viewer).last;
        last.is_some_and(|span| span.decision.reason == ScalingReason::FailedMetrics)
    })
    .await;
    assert_eq!(view(&control, &viewer).row.state, ScalingState::MetricsFailed);

    world.workloads.set_mode(Mode::Fails("gone too".into()));
    wait_until("the source is down", SOON, async || {
        view(&control, &viewer).row.state == ScalingState::Unknown
    })
    .await;
    some_evaluations(&control, &viewer).await;
    assert_eq!(last_scaled(&world), Some(4));

    // Reports that stopped coming say nothing, however idle they were.
    world.workloads.set_mode(Mode::Works);
    world.balancer.set_mode(Mode::Works);
    busy(&world, &control, 0.01).await;
    world.clock.advance(3_600_000);
    some_evaluations(&control, &viewer).await;
    assert_eq!(last_scaled(&world), Some(4));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operators_hold_counts_until_it_ends_by_itself() {
    let world = world(ScalingPolicy {
        max_replicas: 10,
        ..cpu(50)
    });
    let (control, running) = world.start().await;
    let (viewer, sysadmin) = admin(&control).await;
    let until_ms = world.now_ms() + 60_000;
    let pin = ScalingChange::Hold {
        hold: Some(Hold {
            kind: HoldKind::Pin { replicas: 8 },
            until_ms,
        }),
    };
    let done = control.change_scaling(&sysadmin, &web(), 1, &pin).await.unwrap();
    assert!(matches!(done, Changed::Done { version: 2, .. }), "{done:?}");
    until_scaled(&world, 8).await;
    wait_for_event(&control, &viewer, "web scales from 2 to 8 replicas").await;
    let seen = view(&control, &viewer);
    assert_eq!(
        (seen.events[0].actor.clone(), seen.events[0].cause.as_str()),
        (Actor::User("ada".into()), "pinned to 8")
    );
    assert!(seen.row.hold.is_some());

    let late = control
        .change_scaling(&sysadmin, &web(), 1, &ScalingChange::Hold { hold: None })
        .await;
    assert!(matches!(late, Err(ApiError::ScalingConflict { .. })), "{late:?}");
    let far = ScalingChange::Hold {
        hold: Some(Hold {
            kind: HoldKind::Pin { replicas: 11 },
            until_ms,
        }),
    };
    let refused = control.change_scaling(&sysadmin, &web(), 2, &far).await.unwrap_err();
    assert!(refused.to_string().contains("replicas"), "{refused}");

    world.clock.advance(60_000);
    busy(&world, &control, 0.5).await;
    wait_for_event(&control, &viewer, "Scaling of web follows its policy again").await;
    assert_eq!(view(&control, &viewer).row.hold, None);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_on_without_its_database_and_tells_afterwards() {
    let world = world(cpu(50));
    let (control, running) = world.start().await;
    let (viewer, sysadmin) = admin(&control).await;
    world.store.fail(Some(StoreError::Unavailable("gone".into())));
    busy(&world, &control, 0.95).await;
    until_scaled(&world, 4).await;
    let refused = control
        .change_scaling(&sysadmin, &web(), 1, &ScalingChange::Policy { policy: Box::new(cpu(60)) })
        .await;
    assert!(
        matches!(refused, Err(ApiError::Unavailable { .. })),
        "no audit, no change: {refused:?}"
    );
    world.store.fail(None);
    wait_for_event(&control, &viewer, "web scales from 2 to 4 replicas").await;
    let kept = control
        .scaling_events(&viewer, &ScalingEventFilter::default(), 10)
        .await
        .unwrap()
        .items;
    assert_eq!(kept.len(), 1);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_outlives_the_console() {
    let mut behavior = Behavior::default();
    behavior.scale_up.policies = vec![ChangeLimit::pods(1, 600)];
    let policy = ScalingPolicy {
        behavior: Some(behavior),
        ..cpu(50)
    };
    let world = world(policy);
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    busy(&world, &control, 0.95).await;
    until_scaled(&world, 3).await;
    wait_for_event(&control, &viewer, "web scales from 2 to 3 replicas").await;
    running.stop().await;

    world.clock.advance(250_000);
    world.balancer.set_observation(observed(world.now_ms(), Some(0.95)));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    some_evaluations(&control, &viewer).await;
    assert_eq!(last_scaled(&world), Some(3), "one in ten minutes, and it has been five");
    world.clock.advance(400_000);
    busy(&world, &control, 0.95).await;
    until_scaled(&world, 4).await;
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_raises_the_floor() {
    let world = world(ScalingPolicy {
        max_replicas: 10,
        ..cpu(50)
    });
    let (control, running) = world.start().await;
    let (viewer, sysadmin) = admin(&control).await;
    let rule = |cron: &str| ScalingChange::Schedule {
        schedule: vec![ScheduleRule {
            name: "always".to_owned(),
            cron: cron.to_owned(),
            time_zone: "UTC".to_owned(),
            duration_s: 86_400,
            min_replicas: Some(6),
            max_replicas: None,
        }],
    };
    let refused = control.change_scaling(&sysadmin, &web(), 1, &rule("0 0 30 2 *")).await.unwrap_err();
    assert!(refused.to_string().contains("schedule[0].cron"), "{refused}");
    control.change_scaling(&sysadmin, &web(), 1, &rule("0 * * * *")).await.unwrap();
    until_scaled(&world, 6).await;
    let cause = || view(&control, &viewer).events.first().map(|e| e.cause.clone());
    wait_until("the change is shown", SOON, async || cause().is_some()).await;
    assert_eq!(cause().as_deref(), Some("fewer than the minimum 6 of the schedule always"));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_refuses_is_told_once() {
    let world = world(cpu(50));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    world.workloads.set_mode(Mode::Refuses("no room".into()));
    busy(&world, &control, 0.95).await;
    wait_for_event(&control, &viewer, "web did not scale from 2 to 4 replicas").await;
    // The same wish again, at other moments.
    for _ in 0..3 {
        busy(&world, &control, 0.95).await;
        some_evaluations(&control, &viewer).await;
    }
    let told = summaries(&control, &viewer).await;
    assert_eq!(told.iter().filter(|s| s.contains("did not scale")).count(), 1, "{told:?}");
    let page = control
        .scaling_events(&viewer, &ScalingEventFilter::default(), 100)
        .await
        .unwrap()
        .items;
    let told: Vec<_> = page.iter().map(|e| e.outcome.clone()).collect();
    assert_eq!(told, [ScalingOutcome::Failed("the number of replicas was refused: no room".into())]);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flapping_is_told_once_with_its_likely_cause() {
    let mut behavior = Behavior::default();
    behavior.scale_down.stabilization_window_s = 0;
    let world = world(ScalingPolicy {
        behavior: Some(behavior),
        ..cpu(50)
    });
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    for _ in 0..3 {
        world.clock.advance(60_000);
        busy(&world, &control, 0.95).await;
        until_scaled(&world, 4).await;
        world.clock.advance(60_000);
        busy(&world, &control, 0.01).await;
        until_scaled(&world, 2).await;
    }
    wait_for_event(&control, &viewer, "web flaps between 2 and 4 replicas").await;
    wait_until("it is shown", SOON, async || view(&control, &viewer).flapping.is_some()).await;
    let told = summaries(&control, &viewer).await;
    assert_eq!(told.iter().filter(|s| s.contains("flaps")).count(), 1, "{told:?}");
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gpu_that_is_simulated_is_marked_and_what_is_real_is_not() {
    let gpu = MetricSpec {
        source: model::scaling::MetricSource::Pods { metric: "gpu".to_owned() },
        target: model::scaling::MetricTarget::AverageValue {
            average_value_milli: 75_000,
        },
    };
    let world = world(ScalingPolicy::hpa(2, 4, vec![MetricSpec::utilization("cpu", 50), gpu]));
    let (control, running) = world.start().await;
    let (viewer, _) = admin(&control).await;
    let marked = || {
        let targets = view(&control, &viewer).row.targets;
        targets.into_iter().map(|chip| (chip.name, chip.is_simulated)).collect::<Vec<_>>()
    };
    let told = |gpu: bool| [("cpu".to_owned(), false), ("gpu".to_owned(), gpu)];
    for is_simulated in [false, true] {
        world.clock.advance(10_000);
        let mut seen = observed(world.now_ms(), Some(0.5));
        for load in seen.pools.iter_mut().flat_map(|p| &mut p.instances).filter_map(|i| i.load.as_mut()) {
            (load.gpu, load.gpu_simulated) = (Some(0.5), is_simulated);
        }
        world.balancer.set_observation(seen);
        wait_until("the figure is marked as it is", SOON, async || marked() == told(is_simulated)).await;
    }
    running.stop().await;
}
