use std::sync::Arc;

use control::ports::{ChangeRecord, Journal, PutScaling, PutScalingError, ScalingLedger, ScalingPolicies};
use model::{
    Actor, EventFilter, EventKind, NewEvent, WorkloadId,
    scaling::{
        DecisionSpan, Hold, HoldKind, LedgerFilter, MetricSpec, Prediction, PredictionMode, ScalingDecision, ScalingEvent,
        ScalingEventFilter, ScalingOutcome, ScalingPlan, ScalingPolicy, ScalingPreset, ScalingProof, ScalingReason, ScheduleRule,
        Tolerance,
    },
};

use crate::build;

fn workload(name: &str) -> WorkloadId {
    WorkloadId::new(name).unwrap()
}

fn told(kind: EventKind, summary: &str) -> NewEvent {
    NewEvent {
        kind,
        ..build::event(summary)
    }
}

/// Everything that [`ScalingPolicies`] promises.
pub async fn scaling_policies(store: Arc<dyn ScalingPolicies>, journal: Arc<dyn Journal>) {
    let web = workload("web");
    assert_eq!(store.list().await.unwrap(), []);
    let first = ScalingPlan::new(ScalingPreset::Production.policy());
    let put = |expected_version, plan: &ScalingPlan| PutScaling {
        workload: web.clone(),
        expected_version,
        plan: plan.clone(),
        audit: build::audit("ada", "scaling.change", "web"),
        event: told(EventKind::ScalingChanged, "changed"),
    };
    assert_eq!(store.put(&put(1, &first)).await, Err(PutScalingError::Missing));
    let one = store.ensure(&web, &first, build::NOW_MS).await.unwrap();
    assert_eq!((one.version, one.changed_by.as_deref(), &one.plan), (1, None, &first));
    let other = ScalingPlan::new(ScalingPreset::Balanced.policy());
    assert_eq!(store.ensure(&web, &other, 5).await.unwrap(), one, "what is there stays");

    let full = ScalingPlan {
        policy: ScalingPolicy::hpa(2, 9, vec![MetricSpec::utilization("cpu", 55)]),
        schedule: vec![ScheduleRule {
            name: "Bürozeit <b>'; DROP".to_owned(),
            cron: "0 8 * * MON-FRI".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            duration_s: 36_000,
            min_replicas: Some(6),
            max_replicas: None,
        }],
        prediction: Prediction {
            mode: PredictionMode::ForecastOnly,
            signal: Some("cpu".to_owned()),
            ..Prediction::default()
        },
        hold: Some(Hold {
            kind: HoldKind::Pin { replicas: 4 },
            until_ms: build::NOW_MS + 60_000,
        }),
    };
    let two = store.put(&put(1, &full)).await.unwrap();
    assert_eq!((two.version, two.changed_by.as_deref(), &two.plan), (2, Some("ada"), &full));
    assert_eq!(store.put(&put(1, &first)).await, Err(PutScalingError::Stale(Box::new(two.clone()))));
    assert_eq!(store.list().await.unwrap(), [two]);
    let kinds: Vec<_> = journal.read(&EventFilter::default(), 10).await.unwrap().items;
    assert_eq!(kinds.len(), 1, "the one that came too late left no trace");
    assert_eq!(journal.audit(None, 10).await.unwrap().items.len(), 1);
}

fn span(workload_name: &str, from_ms: i64, to: u32) -> DecisionSpan {
    DecisionSpan {
        id: 0,
        workload: workload(workload_name),
        from_ms,
        to_ms: from_ms + 1_000,
        evaluations: 2,
        decision: ScalingDecision {
            at_ms: from_ms + 1_000,
            from: 3,
            to,
            reason: ScalingReason::Metrics,
            recommendation: Some(to),
            proof: ScalingProof::new(Tolerance::default()),
        },
        would_change: vec![],
    }
}

fn change(at_ms: i64, outcome: ScalingOutcome) -> ChangeRecord {
    let pending = outcome == ScalingOutcome::Pending;
    ChangeRecord {
        event: ScalingEvent {
            id: 0,
            workload: workload("web"),
            at_ms,
            from: 3,
            to: 5,
            cause: "cpu 82 % of 70 %".to_owned(),
            leading: Some("cpu".to_owned()),
            metrics: vec![("cpu".to_owned(), "82 %".to_owned())],
            actor: Actor::system("autoscaler"),
            ended_at_ms: (!pending).then_some(at_ms + 7),
            outcome,
        },
        told: vec![told(EventKind::Scaled, "scaled")],
    }
}

/// Everything that [`ScalingLedger`] promises.
pub async fn scaling_ledger(store: Arc<dyn ScalingLedger>, journal: Arc<dyn Journal>) {
    spans_grow_and_come_back(&*store).await;
    a_change_is_told_when_it_is_new_and_when_it_ends(&*store, &*journal).await;
    the_last_change_that_was_begun_is_found(&*store).await;
}

async fn the_last_change_that_was_begun_is_found(store: &dyn ScalingLedger) {
    let (web, api) = (workload("web"), workload("api"));
    assert_eq!(store.begun(&web).await.unwrap(), None);
    for at_ms in [7_000, 8_000] {
        store.begin(&change(at_ms, ScalingOutcome::Pending).event).await.unwrap();
    }
    assert_eq!(store.begun(&web).await.unwrap(), Some(change(8_000, ScalingOutcome::Pending).event));
    assert_eq!(store.begun(&api).await.unwrap(), None);
    let known = store.changes(&ScalingEventFilter::default(), 10).await.unwrap().items;
    assert!(known.iter().all(|event| event.at_ms < 7_000), "what is begun is not yet history");
}

async fn spans_grow_and_come_back(store: &dyn ScalingLedger) {
    let all = LedgerFilter {
        workload: workload("web"),
        from_ms: None,
        to_ms: None,
        changes_only: false,
        before_id: None,
    };
    let spans = [span("web", 1_000, 3), span("web", 3_000, 5), span("api", 1_000, 3)];
    store.keep(&spans, &[]).await.unwrap();
    let mut longer = span("web", 3_000, 5);
    (longer.to_ms, longer.evaluations) = (9_000, 8);
    store.keep(&[longer.clone()], &[]).await.unwrap();
    store.keep(&[longer.clone()], &[]).await.unwrap();

    let found = store.decisions(&all, 10).await.unwrap();
    let told: Vec<_> = found.items.iter().map(|s| (s.from_ms, s.to_ms, s.evaluations)).collect();
    assert_eq!(told, [(3_000, 9_000, 8), (1_000, 2_000, 2)], "newest first, each once");
    assert_eq!(
        found.items[0],
        DecisionSpan {
            id: found.items[0].id,
            ..longer
        }
    );

    let page = store.decisions(&all, 1).await.unwrap();
    let rest = LedgerFilter {
        before_id: page.next,
        ..all.clone()
    };
    assert_eq!(store.decisions(&rest, 1).await.unwrap().items[0].from_ms, 1_000);
    let count = async |filter: LedgerFilter| store.decisions(&filter, 10).await.unwrap().items.len();
    let changes_only = LedgerFilter {
        changes_only: true,
        ..all.clone()
    };
    assert_eq!(count(changes_only).await, 1);
    let stretch = |from_ms, to_ms| LedgerFilter {
        from_ms: Some(from_ms),
        to_ms: Some(to_ms),
        ..all.clone()
    };
    assert_eq!(count(stretch(8_000, 20_000)).await, 1, "a span that began before still counts");
    assert_eq!(count(stretch(2_100, 2_900)).await, 0);
}

async fn a_change_is_told_when_it_is_new_and_when_it_ends(store: &dyn ScalingLedger, journal: &dyn Journal) {
    let events = async || journal.read(&EventFilter::default(), 100).await.unwrap().items.len();
    let before = events().await;
    let begun = [change(5_000, ScalingOutcome::Pending)];
    store.keep(&[], &begun).await.unwrap();
    store.keep(&[], &begun).await.unwrap();
    assert_eq!(events().await, before + 1, "a call that is repeated tells nothing twice");
    let ended = [
        change(5_000, ScalingOutcome::Failed("no room".to_owned())),
        change(6_000, ScalingOutcome::Reached),
    ];
    store.keep(&[], &ended).await.unwrap();
    store.keep(&[], &ended).await.unwrap();
    assert_eq!(events().await, before + 3);

    let found = store.changes(&ScalingEventFilter::default(), 10).await.unwrap().items;
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[0],
        ScalingEvent {
            id: found[0].id,
            ..ended[1].event.clone()
        }
    );
    assert_eq!(
        found[1],
        ScalingEvent {
            id: found[1].id,
            ..ended[0].event.clone()
        }
    );
    assert_eq!((found[1].took_ms(), found[1].size()), (Some(7), 2));
    let of = async |filter: ScalingEventFilter| store.changes(&filter, 10).await.unwrap().items.len();
    let only = |name: &str| ScalingEventFilter {
        workload: Some(workload(name)),
        ..ScalingEventFilter::default()
    };
    assert_eq!((of(only("web")).await, of(only("api")).await), (2, 0));
    let late = ScalingEventFilter {
        from_ms: Some(5_500),
        ..ScalingEventFilter::default()
    };
    assert_eq!(of(late).await, 1);
}
