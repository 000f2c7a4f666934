//! Clusters and objects in which every word of a stranger is hostile.

use model::{
    Environment, Frame, FrameId, Role, Severity, SourceState, SourceStatus, Tail, ViewData,
    cluster::{
        Attribution, Certainty, ClusterStatus, ConditionRow, Finding, FindingCode, Fix, FixKind, IngressRow, KindState, KindStatus,
        Manager, MetricRow, ObjectEvent, ObjectRow, ObjectState, ObjectView, OwnerKind, PodRow, ServiceRow, Trigger, VpaRow,
    },
    scaling::{Behavior, MetricState, MetricTarget, TargetChip},
};

use crate::api::Me;

pub(super) const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
pub(super) const NOW_MS: i64 = 1_795_200_763_000;

pub(super) fn frame(view: ViewData) -> Frame {
    Frame {
        id: FrameId { boot: 1, seq: 1 },
        at_ms: NOW_MS,
        view,
        tail: Tail::default(),
    }
}

pub(super) fn me(role: Role, production: bool) -> Me {
    Me {
        name: "ada".to_owned(),
        role,
        environment: Environment {
            name: "test bench".into(),
            production,
        },
        replica: None,
    }
}

pub(super) fn source(state: SourceState) -> SourceStatus {
    SourceStatus {
        id: "prod".parse().unwrap(),
        what: "cluster prod".into(),
        state,
        answered_at_ms: Some(NOW_MS - 14_000),
        took_us: 900,
    }
}

pub(super) fn cluster(state: SourceState) -> ClusterStatus {
    let kind = |resource: &str, state| KindStatus {
        resource: resource.to_owned(),
        state,
        objects: 3,
        heard_at_ms: Some(NOW_MS - 2_000),
    };
    ClusterStatus {
        id: "prod".parse().unwrap(),
        source: source(state),
        version: Some("v1.36.3".to_owned()),
        kinds: vec![
            kind("pods", KindState::Up),
            kind(
                "events",
                KindState::Forbidden {
                    rule: "- apiGroups: [\"\"]\n  resources: [events]".to_owned(),
                },
            ),
            kind("verticalpodautoscalers.autoscaling.k8s.io", KindState::Absent),
        ],
        hpas: 4_999,
        workloads: 12,
        pods: 31,
        read_only: Some("read_only is set in the settings".to_owned()),
    }
}

pub(super) fn chip() -> TargetChip {
    TargetChip {
        name: "cpu".to_owned(),
        current: Some("82 %".to_owned()),
        target: "70 %".to_owned(),
        state: MetricState::Above,
        current_value: Some(82.0),
        target_value: 70.0,
        is_simulated: false,
    }
}

pub(super) fn helm() -> Manager {
    Manager {
        tool: "Helm".to_owned(),
        name: HOSTILE.to_owned(),
        seen_by: HOSTILE.to_owned(),
    }
}

pub(super) fn row(object: &str, state: ObjectState) -> ObjectRow {
    ObjectRow {
        object: object.parse().unwrap(),
        reference: "Deployment/web".to_owned(),
        targets: vec![chip()],
        min_replicas: Some(2),
        max_replicas: Some(10),
        desired: 5,
        replicas: 4,
        ready: 3,
        created_at_ms: NOW_MS - 3 * 86_400_000,
        state,
        trouble: Some(HOSTILE.to_owned()),
        managed_by: Some(helm()),
    }
}

pub(super) fn finding() -> Finding {
    Finding {
        code: FindingCode::RequestMissing,
        severity: Severity::Critical,
        certainty: Certainty::Estimated,
        title: format!("Not scaling out: {HOSTILE}"),
        why: HOSTILE.to_owned(),
        fixes: vec![Fix {
            kind: FixKind::Command,
            title: "Give the container a request".to_owned(),
            text: format!("kubectl set resources deployment/web --requests=cpu=100m # {HOSTILE}"),
        }],
        field: Some("spec.metrics[0]".to_owned()),
    }
}

pub(super) fn object(name: &str, refused: Vec<(Trigger, String)>) -> ObjectView {
    let is_hpa = name.contains(":hpa:");
    let mut row = row(name, ObjectState::Failing);
    if !is_hpa {
        (row.min_replicas, row.max_replicas) = (None, None);
    }
    ObjectView {
        row,
        findings: vec![finding()],
        metrics: vec![MetricRow {
            index: 0,
            chip: chip(),
            source: "Resource".to_owned(),
            target: MetricTarget::Utilization { average_utilization: 70 },
            controller: Some("82 % of 70 %".to_owned()),
            proposal: Some(6),
        }],
        conditions: vec![ConditionRow {
            name: "ScalingActive".to_owned(),
            is_true: false,
            reason: "FailedGetResourceMetric".to_owned(),
            message: HOSTILE.to_owned(),
            since_ms: Some(NOW_MS - 60_000),
        }],
        policy: None,
        behavior: is_hpa.then(Behavior::default),
        resource_version: "41".to_owned(),
        last: None,
        evaluated_every_s: 15,
        is_measured: true,
        changes: Vec::new(),
        set_by: Some(Attribution {
            kind: OwnerKind::Person,
            who: "kubectl-scale".to_owned(),
            certainty: Certainty::Observed,
            seen_by: HOSTILE.to_owned(),
        }),
        events: vec![ObjectEvent {
            at_ms: NOW_MS - 5_000,
            is_warning: true,
            reason: "FailedGetResourceMetric".to_owned(),
            message: HOSTILE.to_owned(),
            count: 7,
            source: "horizontal-pod-autoscaler".to_owned(),
        }],
        pods: vec![PodRow {
            name: "web-abc".to_owned(),
            phase: "Pending".to_owned(),
            is_ready: false,
            node: None,
            why: Some(HOSTILE.to_owned()),
            restarts: 2,
            created_at_ms: NOW_MS - 90_000,
            cpu_milli: None,
            memory_bytes: Some(64_000_000),
            cpu_request_milli: Some(100),
            memory_request_bytes: Some(128_000_000),
        }],
        pods_total: 5,
        related: vec![
            if is_hpa { "prod:shop:deployment:web" } else { "prod:shop:hpa:web" }
                .parse()
                .unwrap(),
        ],
        budgets: vec![("web-budget".to_owned(), 0)],
        vpa: vec![VpaRow {
            name: "web-vpa".to_owned(),
            mode: "Auto".to_owned(),
            recommendations: Vec::new(),
        }],
        services: vec![ServiceRow {
            name: "web-service".to_owned(),
            ready: 3,
            endpoints: 4,
            port: Some("web-service:80".to_owned()),
        }],
        ingresses: vec![IngressRow {
            name: "web-ingress".to_owned(),
            class: "nginx".to_owned(),
            hosts: vec![HOSTILE.to_owned()],
            annotations: vec![("nginx.ingress.kubernetes.io/load-balance".to_owned(), HOSTILE.to_owned())],
            resource_version: "5".to_owned(),
            managed_by: Some(helm()),
        }],
        refused,
        source: source(SourceState::Up),
    }
}
