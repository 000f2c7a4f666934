use std::fmt::Write;

use super::*;

fn pod(name: &str, version: u32) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}","resourceVersion":"{version}","labels":{{"app":"web","hash":"abc"}},
            "ownerReferences":[{{"kind":"ReplicaSet","name":"web-abc","controller":true}}],"managedFields":[{{"manager":"kubelet","operation":"Update"}}]}},
            "spec":{{"nodeName":"node-1","containers":[{{"name":"app","resources":{{"requests":{{"cpu":"100m"}}}}}}]}},
            "status":{{"phase":"Running","conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
    )
}

fn put(store: &Store, kind: Kind, json: &str) {
    store.apply(kind, Change::Put, json).unwrap();
}

#[test]
fn what_is_told_twice_changes_nothing() {
    let store = Store::new(10);
    put(&store, Kind::Pods, &pod("web-1", 1));
    let before = store.look();
    put(&store, Kind::Pods, &pod("web-1", 1));
    let again = store.look();
    assert_eq!(before.seq, again.seq);
    assert!(Arc::ptr_eq(&before.namespaces["shop"], &again.namespaces["shop"]));

    put(&store, Kind::Pods, &pod("web-1", 2));
    assert_eq!(
        &*before.namespaces["shop"].pods["web-1"].metadata.resource_version, "1",
        "a look does not change"
    );
    assert_eq!(&*store.look().namespaces["shop"].pods["web-1"].metadata.resource_version, "2");
}

#[test]
fn a_list_takes_away_what_is_gone_and_keeps_what_is_not_its_own() {
    let store = Store::new(10);
    let scope: Scope = (Kind::Deployments, None);
    let workload = |name: &str| format!(r#"{{"metadata":{{"name":"{name}","namespace":"shop","uid":"{name}","resourceVersion":"1"}}}}"#);
    put(&store, Kind::Deployments, &workload("web"));
    put(&store, Kind::Deployments, &workload("old"));
    put(&store, Kind::StatefulSets, &workload("db"));
    store.retain(&scope, &Names::from([("shop".into(), "web".into())]), true);
    let names = |store: &Store| -> Vec<String> {
        store.look().namespaces["shop"]
            .workloads
            .keys()
            .map(|(_, n)| n.to_string())
            .collect()
    };
    assert_eq!(names(&store), ["web", "db"]);
    store.retain(&scope, &Names::new(), true);
    store.apply(Kind::StatefulSets, Change::Deleted, &workload("db")).unwrap();
    assert!(store.look().namespaces.is_empty(), "an empty namespace is not kept");
}

#[test]
fn pods_of_one_replica_set_share_what_is_equal() {
    let store = Store::new(100_000);
    for number in 0..1_000 {
        put(&store, Kind::Pods, &pod(&format!("web-{number}"), 1));
    }
    let look = store.look();
    let (one, other) = (&look.namespaces["shop"].pods["web-1"], &look.namespaces["shop"].pods["web-999"]);
    assert!(Arc::ptr_eq(&one.metadata.labels, &other.metadata.labels));
    assert!(Arc::ptr_eq(&one.spec.containers, &other.spec.containers));
    assert!(Arc::ptr_eq(&one.metadata.namespace, &other.metadata.namespace));
    assert!(one.metadata.owners.is_empty());
    assert!(store.state.lock().interner.len() < 20);
}

#[test]
fn what_is_shared_by_nobody_any_more_is_swept_away() {
    let store = Store::new(100);
    for number in 0..20_000 {
        let json = pod("web-1", number).replace("abc", &format!("hash-{number}"));
        put(&store, Kind::Pods, &json);
    }
    let kept = store.state.lock().interner.len();
    assert!(kept < 3 * 4_096 + 100, "{kept}");
}

#[test]
fn beyond_its_bound_a_kind_keeps_no_more_and_says_so() {
    let store = Store::new(3);
    let scope: Scope = (Kind::Pods, None);
    store.set_kind(&scope, KindState::Up);
    for number in 0..5 {
        store.apply_in(&scope, Change::Put, &pod(&format!("web-{number}"), 1)).unwrap();
    }
    let look = store.look();
    let pods = look.kinds.iter().find(|k| k.resource == "pods").unwrap();
    assert_eq!(pods.objects, 3);
    assert!(
        matches!(&pods.state, KindState::Down { why, .. } if why.contains("more than 3")),
        "{pods:?}"
    );
    store.apply_in(&scope, Change::Put, &pod("web-0", 2)).unwrap();
    assert_eq!(
        &*store.look().namespaces["shop"].pods["web-0"].metadata.resource_version,
        "2",
        "what is kept is kept up to date"
    );

    let five = (0..5).map(|number| ("shop".into(), format!("web-{number}").into())).collect();
    store.retain(&scope, &five, true);
    assert!(store.is_over(&scope), "a complete list of which not everything is kept");
    store.retain(&scope, &Names::from([("shop".into(), "web-0".into())]), true);
    let pods = store.look().kinds[0].clone();
    assert_eq!((pods.state, pods.objects), (KindState::Up, 1));
}

#[test]
fn of_events_the_newest_are_kept() {
    let store = Store::new(10);
    let event = |number: usize, kind: &str| {
        let (minute, second) = (number / 60, number % 60);
        format!(
            r#"{{"metadata":{{"name":"e{number}","namespace":"shop","uid":"{number}","resourceVersion":"{number}"}},"involvedObject":{{"kind":"{kind}","name":"web"}},
                "lastTimestamp":"2026-11-20T10:{minute:02}:{second:02}Z"}}"#
        )
    };
    for number in 0..NamespaceObjects::EVENTS_MAX + 500 {
        put(&store, Kind::Events, &event(number, "Pod"));
    }
    assert_eq!(store.apply(Kind::Events, Change::Put, &event(3_500, "Job")).unwrap(), None);
    let events = &store.look().namespaces["shop"].events;
    assert!(events.len() <= NamespaceObjects::EVENTS_MAX && events.len() > NamespaceObjects::EVENTS_MAX / 2);
    assert!(events.contains_key("e2499") && !events.contains_key("e0"));
    assert_eq!(store.state.lock().counts[Kind::Events as usize], events.len());
}

#[test]
fn hostile_objects_are_refused_one_by_one() {
    let store = Store::new(10);
    let mut deep = String::new();
    let _ = write!(deep, "{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for bad in [
        "",
        "[]",
        "null",
        "{\"metadata\":7}",
        "{\"spec\":{\"containers\":[{\"resources\":{\"requests\":{\"cpu\":\"x\"}}}]}}",
        &deep,
    ] {
        assert!(store.apply(Kind::Pods, Change::Put, bad).is_err(), "{}", &bad[..bad.len().min(80)]);
    }
    assert!(store.look().namespaces.is_empty());
}

#[test]
fn a_kind_is_as_bad_as_its_worst_namespace() {
    let store = Store::new(10);
    let (shop, blog): (Scope, Scope) = ((Kind::Hpas, Some("shop".into())), (Kind::Hpas, Some("blog".into())));
    store.set_kind(&shop, KindState::Up);
    store.set_kind(&blog, KindState::Forbidden { rule: "r".into() });
    assert_eq!(store.look().kinds[0].state, KindState::Forbidden { rule: "r".into() });
    let down = |since_ms, why: &str| KindState::Down { since_ms, why: why.into() };
    store.set_kind(&shop, down(1, "refused"));
    store.set_kind(&shop, down(2, "reset"));
    assert_eq!(store.look().kinds[0].state, down(1, "reset"), "down since the first failure");
}
