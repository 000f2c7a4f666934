//! What may be done to which object, over looks made by hand.

use std::{collections::BTreeMap, sync::Arc};

use model::{
    ApiError, SourceState,
    cluster::{HpaEdit, KindState, KindStatus, MetricEdit, ObjectCommand, ObjectRef, Trigger},
    scaling::Behavior,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Subject, check, refusals, refused};
use crate::ports::cluster::{ClusterError, ClusterLook, ControllerSettings, NamespaceObjects};

fn made<T: DeserializeOwned>(value: Value) -> Arc<T> {
    Arc::new(serde_json::from_value(value).unwrap())
}

fn owned(kind: &str, name: &str) -> Value {
    json!([{ "kind": kind, "name": name, "controller": true }])
}

/// HPA `web` over Deployment `web` with pod `web-1`; stateful set `db` without an HPA, with pod `db-0`; Deployment `api` of Helm's.
fn look() -> ClusterLook {
    let meta = |name: &str| json!({ "name": name, "namespace": "shop" });
    let workload = |name: &str| json!({ "metadata": meta(name), "spec": { "selector": { "matchLabels": { "app": name } } } });
    let mut objects = NamespaceObjects::default();
    objects.hpas.insert(
        "web".into(),
        made(json!({ "metadata": meta("web"), "spec": {
            "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "web" }, "minReplicas": 2, "maxReplicas": 10,
            "metrics": [{ "type": "Resource", "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 70 } } }] } })),
    );
    let mut add = |kind: &str, name: &str, value: Value| {
        let kind = model::cluster::ObjectKind::of_kind(kind).unwrap();
        objects.workloads.insert((kind, name.into()), made(value));
    };
    add("Deployment", "web", workload("web"));
    add("StatefulSet", "db", workload("db"));
    let mut api = workload("api");
    api["metadata"]["labels"] = json!({ "app.kubernetes.io/managed-by": "Helm" });
    add("Deployment", "api", api);
    let set = json!({ "metadata": { "name": "web-a", "namespace": "shop", "ownerReferences": owned("Deployment", "web") } });
    objects.replica_sets.insert("web-a".into(), made(set));
    for (name, app, kind, owner) in [
        ("web-1", "web", "ReplicaSet", "web-a"),
        ("db-0", "db", "StatefulSet", "db"),
        // Has the labels, but nobody made it.
        ("stray", "web", "Node", "n"),
    ] {
        let pod =
            json!({ "metadata": { "name": name, "namespace": "shop", "labels": { "app": app }, "ownerReferences": owned(kind, owner) } });
        objects.pods.insert(name.into(), made(pod));
    }
    objects.services.insert(
        "web".into(),
        made(json!({ "metadata": meta("web"), "spec": { "selector": { "app": "web" } } })),
    );
    let ingress = |name: &str, service: &str| json!({ "metadata": meta(name), "spec": { "rules": [{ "http": { "paths": [{ "backend": { "service": { "name": service } } }] } }] } });
    objects.ingresses.insert("front".into(), made(ingress("front", "web")));
    let whole = json!({ "metadata": meta("whole"), "spec": { "defaultBackend": { "service": { "name": "web" } } } });
    objects.ingresses.insert("whole".into(), made(whole));
    objects.ingresses.insert("other".into(), made(ingress("other", "elsewhere")));
    ClusterLook {
        seq: 1,
        state: SourceState::Up,
        answered_at_ms: Some(1),
        took_us: 1,
        version: None,
        controller: ControllerSettings::default(),
        kinds: Arc::new([]),
        namespaces: BTreeMap::from([(Arc::from("shop"), Arc::new(objects))]),
        figures: Err("none".into()),
        custom: Arc::default(),
    }
}

fn object(text: &str) -> ObjectRef {
    format!("prod:shop:{text}").parse().unwrap()
}

fn version() -> String {
    "41".to_owned()
}

fn edit(edit: HpaEdit) -> ObjectCommand {
    ObjectCommand::EditHpa {
        resource_version: version(),
        edit,
    }
}

#[test]
fn what_may_be_done_depends_on_who_sets_the_replicas_and_who_looks_after_it() {
    let look = look();
    let refused = |text: &str| {
        let object = object(text);
        let subject = Subject {
            look: &look,
            read_only: None,
            object: &object,
        };
        refusals(&subject).into_iter().map(|(trigger, _)| trigger).collect::<Vec<_>>()
    };
    assert_eq!(refused("hpa:web"), [Trigger::Scale, Trigger::Restart]);
    assert_eq!(refused("deployment:web"), [Trigger::Edit, Trigger::Scale]);
    assert_eq!(refused("statefulset:db"), [Trigger::Edit]);
    assert_eq!(refused("deployment:api"), [Trigger::Edit, Trigger::Scale, Trigger::Restart]);
    assert_eq!(refused("deployment:gone").len(), 4);
}

#[test]
fn nothing_is_done_on_old_knowledge_or_where_nothing_may_be() {
    let mut look = look();
    let web = object("statefulset:db");
    let scale = ObjectCommand::Scale {
        resource_version: version(),
        replicas: 3,
    };
    let why = |look: &ClusterLook, read_only| {
        refused(
            &Subject {
                look,
                read_only,
                object: &web,
            },
            &scale,
        )
    };
    assert_eq!(why(&look, None), None);
    assert!(matches!(why(&look, Some("settings")), Some(ClusterError::ReadOnly { .. })));
    // Whether an HPA sets the replicas is not known while HPAs are not heard.
    let hpas = |state| KindStatus {
        resource: "horizontalpodautoscalers.autoscaling".to_owned(),
        state,
        objects: 0,
        heard_at_ms: None,
    };
    look.kinds = Arc::new([hpas(KindState::Down {
        since_ms: 7,
        why: "reset".to_owned(),
    })]);
    assert_eq!(why(&look, None), Some(ClusterError::Stale { since_ms: 7 }));
    look.kinds = Arc::new([hpas(KindState::Forbidden { rule: "rule".to_owned() })]);
    assert!(matches!(why(&look, None), Some(ClusterError::Forbidden { .. })));
    look.kinds = Arc::new([]);
    look.state = SourceState::Down {
        since_ms: 5,
        why: "reset".to_owned(),
    };
    assert_eq!(why(&look, None), Some(ClusterError::Stale { since_ms: 5 }));
}

#[test]
fn a_command_is_checked_by_its_fields() {
    let look = look();
    let field = |text: &str, command: ObjectCommand| {
        let object = object(text);
        match check(
            &Subject {
                look: &look,
                read_only: None,
                object: &object,
            },
            &command,
        ) {
            Ok(()) => String::new(),
            Err(ApiError::Invalid { field, .. }) => field,
            Err(ApiError::NotFound { what, name }) => format!("no {what} {name}"),
            Err(other) => panic!("{other:?}"),
        }
    };
    let bounds = |min, max| HpaEdit {
        min_replicas: min,
        max_replicas: max,
        ..HpaEdit::default()
    };
    let target = |index, target| HpaEdit {
        metrics: vec![MetricEdit { index, target }],
        ..HpaEdit::default()
    };
    let mut behavior = Behavior::default();
    behavior.scale_up.policies.clear();
    for (given, wrong) in [
        (bounds(Some(3), Some(20)), ""),
        (bounds(Some(11), None), "min_replicas"),
        (bounds(None, Some(1)), "min_replicas"),
        (bounds(None, Some(0)), "max_replicas"),
        (bounds(None, Some(10_001)), "max_replicas"),
        (HpaEdit::default(), "edit"),
        (target(0, 80), ""),
        (target(0, 0), "metrics[0].target"),
        (target(1, 80), "metrics[1]"),
        (
            HpaEdit {
                behavior: Some(behavior),
                ..HpaEdit::default()
            },
            "behavior.scale_up.policies",
        ),
    ] {
        assert_eq!(field("hpa:web", edit(given.clone())), wrong, "{given:?}");
    }
    assert_eq!(field("deployment:web", edit(bounds(Some(1), None))), "command");
    let scale = |replicas| ObjectCommand::Scale {
        resource_version: version(),
        replicas,
    };
    assert_eq!(field("statefulset:db", scale(10_001)), "replicas");
    assert_eq!(field("statefulset:none", scale(1)), "no StatefulSet shop/none");
    let evict = |pod: &str| ObjectCommand::Evict { pod: pod.to_owned() };
    assert_eq!(field("hpa:web", evict("web-1")), "");
    assert_eq!(field("deployment:web", evict("web-1")), "");
    assert_eq!(field("statefulset:db", evict("db-0")), "");
    assert_eq!(field("deployment:web", evict("db-0")), "pod");
    assert_eq!(field("deployment:web", evict("stray")), "pod");
    assert_eq!(field("deployment:web", evict("none")), "no pod none");
    let annotate = |ingress: &str, annotation: &str| ObjectCommand::Annotate {
        ingress: ingress.to_owned(),
        resource_version: version(),
        annotation: format!("nginx.ingress.kubernetes.io/{annotation}"),
        value: "ewma".to_owned(),
    };
    assert_eq!(field("hpa:web", annotate("front", "load-balance")), "");
    assert_eq!(field("hpa:web", annotate("whole", "load-balance")), "");
    assert_eq!(field("hpa:web", annotate("front", "server-snippet")), "annotation");
    assert_eq!(field("hpa:web", annotate("other", "load-balance")), "ingress");
    let path = ObjectCommand::Restart {
        resource_version: "1/../2".to_owned(),
    };
    assert_eq!(field("deployment:web", path), "resource_version");
}
