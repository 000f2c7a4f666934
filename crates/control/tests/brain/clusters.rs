//! Clusters: what is known of them, and commands to them, of which nothing is done that is not written down, and nothing twice.

use std::sync::Arc;

use control::{
    Control, Running,
    access::{SystemAdmin, Viewer},
    ports::{Journal, SampleRow, Samples, StoreError, cluster::ClusterError},
};
use model::{
    ApiError, EventFilter, EventKind, Metric, SeriesKey, SourceState, ViewData, ViewKey,
    cluster::{Fix, HpaEdit, Manager, ObjectCommand, ObjectRef, RefusalKind},
    scaling::{
        MetricSource, MetricSpec, MetricTarget, Prediction, ScalingPolicy, WhatIf, WhatIfCaveat, WhatIfDemand, WhatIfPolicy, WhatIfQuestion,
    },
};
use serde_json::json;
use testkit::{MemoryCluster, wait_until};

use crate::support::{SOON, World, admin};

fn object(text: &str) -> ObjectRef {
    format!("prod:shop:{text}").parse().unwrap()
}

/// HPA `web` over Deployment `web`; Deployment `api` without an HPA.
async fn world() -> (World, MemoryCluster, Control, Running, Viewer, SystemAdmin) {
    let cluster = MemoryCluster::new("prod");
    let meta = |name: &str| json!({ "name": name, "namespace": "shop" });
    for name in ["web", "api"] {
        cluster.put(&json!({ "kind": "Deployment", "metadata": meta(name), "spec": { "selector": { "matchLabels": { "app": name } } } }));
    }
    cluster.put(&json!({ "kind": "HorizontalPodAutoscaler", "metadata": meta("web"), "spec": {
        "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 10 } }));
    let mut world = World::new();
    world.clusters = vec![cluster.clone()];
    let (control, running) = world.start().await;
    let (viewer, admin) = admin(&control).await;
    (world, cluster, control, running, viewer, admin)
}

fn max(max: u32, version: &str) -> ObjectCommand {
    ObjectCommand::EditHpa {
        resource_version: version.to_owned(),
        edit: HpaEdit {
            max_replicas: Some(max),
            ..HpaEdit::default()
        },
    }
}

/// Of cluster commands, oldest first.
async fn audit(world: &World) -> Vec<(String, String, String)> {
    let rows = world.store.audit(None, 100).await.unwrap().items.into_iter().rev();
    let rows = rows.filter(|row| row.entry.action.starts_with("cluster."));
    rows.map(|row| {
        let diff: Vec<_> = row
            .entry
            .diff
            .iter()
            .map(|d| format!("{} {} → {}", d.field, d.before, d.after))
            .collect();
        (row.entry.action, row.entry.target, diff.join(", "))
    })
    .collect()
}

async fn events(control: &Control, who: &Viewer, kind: EventKind) -> Vec<String> {
    let filter = EventFilter {
        kind: Some(kind),
        ..EventFilter::default()
    };
    let page = control.events(who, &filter, 100).await.unwrap();
    page.items
        .into_iter()
        .map(|e| format!("{}: {}", e.event.summary, e.event.cause))
        .collect()
}

fn refusal(error: ApiError) -> (RefusalKind, String, Option<Fix>) {
    match error {
        ApiError::Cluster(refusal) => (refusal.kind, refusal.why, refusal.fix),
        other => panic!("not a cluster's refusal: {other:?}"),
    }
}

#[tokio::test]
async fn a_command_is_tried_written_down_done_and_told() {
    let (world, cluster, control, running, viewer, admin) = world().await;
    cluster.would_change("spec.maxReplicas", "10", "20");
    let web = object("hpa:web");
    let tried = control.try_command(&admin, &web, &max(20, "")).await.unwrap();
    assert_eq!((tried.diff.len(), tried.resource_version.as_str()), (1, "41"));
    assert_eq!(audit(&world).await, [], "a dry run is nobody's deed");

    let untried = control.command(&admin, &web, &max(20, "")).await.unwrap_err();
    assert!(matches!(untried, ApiError::Invalid { field, .. } if field == "resource_version"));
    let done = control.command(&admin, &web, &max(20, &tried.resource_version)).await.unwrap();
    assert_eq!(done.diff, tried.diff);
    assert_eq!(cluster.carried_out(), [(web.clone(), max(20, "41"))]);
    let row = |action: &str| (action.to_owned(), web.to_string(), "spec.maxReplicas 10 → 20".to_owned());
    assert_eq!(audit(&world).await, [row("cluster.edit_hpa"), row("cluster.edit_hpa.done")]);
    assert_eq!(
        events(&control, &viewer, EventKind::ClusterChanged).await,
        ["HPA shop/web in prod: edit done: spec.maxReplicas 10 → 20"]
    );
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_done_that_cannot_be_written_down() {
    let (world, cluster, control, running, _, admin) = world().await;
    cluster.would_change("spec.maxReplicas", "10", "20");
    world.store.fail_writes(Some(StoreError::Unwritable("the disk is full".to_owned())));
    let refused = control.command(&admin, &object("hpa:web"), &max(20, "41")).await.unwrap_err();
    assert!(matches!(refused, ApiError::Unavailable { .. }), "{refused:?}");
    assert_eq!(cluster.carried_out(), []);
    world.store.fail_writes(None);
    running.stop().await;
}

#[tokio::test]
async fn what_got_no_answer_is_told_as_perhaps_done_and_not_repeated() {
    let (world, cluster, control, running, viewer, admin) = world().await;
    cluster.would_change("spec.maxReplicas", "10", "20");
    cluster.fail_to_carry_out(ClusterError::Unreachable {
        why: "the connection broke".to_owned(),
        may_be_done: true,
    });
    let (kind, why, _) = refusal(control.command(&admin, &object("hpa:web"), &max(20, "41")).await.unwrap_err());
    assert_eq!(kind, RefusalKind::Unreachable);
    assert!(why.contains("may have been done"), "{why}");
    assert_eq!(cluster.carried_out().len(), 1);
    let actions: Vec<_> = audit(&world).await.into_iter().map(|row| row.0).collect();
    assert_eq!(actions, ["cluster.edit_hpa", "cluster.edit_hpa.unsure"]);
    let told = events(&control, &viewer, EventKind::ClusterUnsure).await;
    assert!(told[0].contains("may have been done: spec.maxReplicas 10 → 20"), "{told:?}");
    running.stop().await;
}

#[tokio::test]
async fn a_command_ends_and_is_told_though_its_caller_goes_away() {
    let (world, cluster, control, running, viewer, admin) = world().await;
    cluster.would_change("spec.maxReplicas", "10", "20");
    let held = cluster.hold();
    let web = object("hpa:web");
    let (asked, who, of) = (control.clone(), admin.clone(), web.clone());
    let caller = tokio::spawn(async move { asked.command(&who, &of, &max(20, "41")).await });
    wait_until("it is being done", SOON, async || !cluster.carried_out().is_empty()).await;
    assert_eq!(audit(&world).await.len(), 1, "written down before it is done");
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    // One at a time for each object, whoever waits for it.
    let second = control.command(&admin, &web, &max(30, "41")).await.unwrap_err();
    assert!(matches!(second, ApiError::Clash { .. }), "{second:?}");
    held.notify_one();
    wait_until("it is told", SOON, async || {
        events(&control, &viewer, EventKind::ClusterChanged).await.len() == 1
    })
    .await;
    assert_eq!((cluster.carried_out().len(), audit(&world).await.len()), (1, 2));
    held.notify_one();
    wait_until("the object is free again", SOON, async || {
        control.command(&admin, &web, &max(30, "42")).await.is_ok()
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn what_may_not_be_done_is_refused_with_the_way_out() {
    let (world, cluster, control, running, _, admin) = world().await;
    cluster.would_change("spec.replicas", "2", "3");
    let scale = ObjectCommand::Scale {
        resource_version: "41".to_owned(),
        replicas: 3,
    };
    let asked = async |of: &str| refusal(control.command(&admin, &object(of), &scale).await.unwrap_err());
    let (kind, why, _) = asked("deployment:web").await;
    assert_eq!((kind, why.contains("prod:shop:hpa:web")), (RefusalKind::OwnedByHpa, true), "{why}");

    cluster.set_read_only(Some("by the settings"));
    assert_eq!(asked("deployment:api").await.0, RefusalKind::ReadOnly);
    cluster.set_read_only(None);

    cluster.change(|look| {
        look.state = SourceState::Down {
            since_ms: 7,
            why: "no answer".to_owned(),
        };
    });
    assert_eq!(asked("deployment:api").await.0, RefusalKind::Stale);
    cluster.change(|look| look.state = SourceState::Up);
    assert_eq!(cluster.tried(), [], "none of this needed the cluster");

    // The patch comes from the cluster, which has the whole object.
    cluster.put(&json!({ "kind": "Deployment", "metadata": { "name": "api", "namespace": "shop",
        "labels": { "argocd.argoproj.io/instance": "front" } } }));
    let manager = Manager {
        tool: "Argo CD".to_owned(),
        name: "front".to_owned(),
        seen_by: "label argocd.argoproj.io/instance".to_owned(),
    };
    cluster.refuse(Some(ClusterError::Managed {
        manager,
        patch: "spec:\n  replicas: 3\n".to_owned(),
    }));
    let (kind, _, fix) = asked("deployment:api").await;
    assert_eq!((kind, fix.unwrap().text.as_str()), (RefusalKind::Managed, "spec:\n  replicas: 3\n"));
    // Even where the cluster would do it.
    cluster.refuse(None);
    let (kind, _, fix) = asked("deployment:api").await;
    assert_eq!((kind, fix), (RefusalKind::Managed, None));
    assert_eq!((cluster.carried_out(), audit(&world).await), (vec![], vec![]));
    running.stop().await;
}

#[tokio::test]
async fn an_hpa_is_replayed_on_what_was_measured_of_it_and_says_what_was_not() {
    const SECONDS: i64 = 600;
    let (world, _cluster, control, running, viewer, _admin) = world().await;
    let web = object("hpa:web");
    let now_ms = world.now_ms();
    let key = |metric| -> Arc<str> { SeriesKey::workload(metric, &web.workload()).to_string().into() };
    let keys = [Metric::CpuPercent, Metric::ReplicasReady, Metric::ReplicasDesired].map(key);
    let ask = async |metrics: Vec<MetricSpec>| {
        let policy = |name: &str, max| WhatIfPolicy {
            name: name.to_owned(),
            policy: ScalingPolicy::hpa(2, max, metrics.clone()),
            schedule: vec![],
            prediction: Prediction::default(),
        };
        let question = WhatIfQuestion {
            workload: web.workload(),
            demand: WhatIfDemand::Recorded {
                from_ms: now_ms - SECONDS * 1_000,
                to_ms: now_ms,
            },
            what_if: WhatIf {
                policies: vec![policy("in force", 3), policy("edited", 10)],
                start_delay_s: 10,
                sync_period_s: 15,
                initial_replicas: None,
            },
        };
        control.what_if(&viewer, &question).await
    };
    let memory = MetricSpec {
        source: MetricSource::Resource { name: "memory".to_owned() },
        target: MetricTarget::AverageValue {
            average_value_milli: 64_000_000_000,
        },
    };
    wait_until("the HPA is known", SOON, async || {
        control
            .view(&viewer, &ViewKey::Object(web.clone()))
            .is_ok_and(|f| matches!(f.view, ViewData::Object(v) if v.is_measured))
    })
    .await;
    let invalid = |error: ApiError| match error {
        ApiError::Invalid { field, .. } => field,
        other => panic!("not invalid: {other:?}"),
    };
    let none = ask(vec![MetricSpec::utilization("cpu", 70)]).await.unwrap_err();
    assert_eq!(invalid(none), "range", "nothing was measured of it yet");

    // Two pods that are used up wholly: seven tenths of that are wanted.
    let rows = (1..SECONDS).map(|n| SampleRow {
        at_ms: now_ms - n * 1_000,
        values: keys.iter().cloned().zip([100.0, 2.0, 2.0]).collect(),
    });
    let mut rows: Vec<_> = rows.collect();
    rows.reverse();
    Samples::record(&*world.store, &rows).await.unwrap();
    let answer = ask(vec![MetricSpec::utilization("cpu", 60), memory.clone()]).await.unwrap();
    assert_eq!(answer.recorded.unwrap().peak_replicas, 2);
    let peaks: Vec<_> = answer.outcomes.iter().map(|o| (o.name.as_str(), o.peak_replicas)).collect();
    assert_eq!(peaks, [("in force", 3), ("edited", 4)], "200 % of demand over 60 % each");
    for outcome in &answer.outcomes {
        let left_out = WhatIfCaveat::NotInTrace {
            signal: "memory".to_owned(),
        };
        assert!(outcome.caveats.contains(&left_out), "{:?}", outcome.caveats);
    }
    let bytes = ask(vec![memory]).await.unwrap_err();
    assert_eq!(invalid(bytes), "policies[0].metrics");
    running.stop().await;
}
