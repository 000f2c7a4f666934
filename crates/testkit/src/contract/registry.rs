use std::sync::Arc;

use control::ports::{Journal, Registry};
use model::{CheckTarget, EventFilter, EventKind, NewEvent, Registration, Weight};

use crate::build;

/// Everything that [`Registry`] promises.
pub async fn registry(store: Arc<dyn Registry>, journal: Arc<dyn Journal>) {
    assert_eq!(store.list().await.unwrap(), [], "in a new store nobody has registered");
    a_registration_comes_back_whole_with_its_traces(&*store, &*journal).await;
    registering_again_replaces(&*store).await;
    leaving_is_told_once(&*store, &*journal).await;
    instances_are_listed_by_pool_and_name(&*store).await;
}

fn event(kind: EventKind, summary: &str) -> NewEvent {
    NewEvent {
        kind,
        ..build::event(summary)
    }
}

async fn put(store: &dyn Registry, registration: &Registration) {
    let audit = build::audit("registry token", "instance.register", "web/web-1");
    let event = event(EventKind::InstanceRegistered, "registered");
    store.register(registration, &audit, &event).await.unwrap();
}

async fn newest(journal: &dyn Journal) -> (Vec<EventKind>, usize) {
    let events = journal.read(&EventFilter::default(), 10).await.unwrap().items;
    let audited = journal.audit(None, 100).await.unwrap().items;
    (events.into_iter().map(|e| e.event.kind).collect(), audited.len())
}

async fn a_registration_comes_back_whole_with_its_traces(store: &dyn Registry, journal: &dyn Journal) {
    let full = Registration {
        address: "[2001:db8::7]:9000".parse().unwrap(),
        check: Some(CheckTarget {
            address: ([10, 0, 0, 7], 9100).into(),
            path: "/ready".parse().unwrap(),
        }),
        weight: Weight::new(256).unwrap(),
        zone: Some("Zürich \"a\" 🦀".into()),
        capabilities: vec!["gpu".into(), "http2".into()],
        tags: vec!["a=b".into()],
        metadata: [("build".to_owned(), "<b>'; DROP TABLE instances; --".to_owned())].into(),
        ..build::registration("web", "web-1")
    };
    put(store, &full).await;
    assert_eq!(store.list().await.unwrap(), [full]);
    assert_eq!(newest(journal).await, (vec![EventKind::InstanceRegistered], 1));
}

async fn registering_again_replaces(store: &dyn Registry) {
    let anew = Registration {
        registered_at_ms: build::NOW_MS + 5,
        ..build::registration("web", "web-1")
    };
    put(store, &anew).await;
    assert_eq!(store.list().await.unwrap(), [anew]);
}

async fn leaving_is_told_once(store: &dyn Registry, journal: &dyn Journal) {
    let (_, audited) = newest(journal).await;
    let (web, id) = (build::pool("web"), build::instance("web-1"));
    let gone = event(EventKind::InstanceDeregistered, "gone");
    let audit = build::audit("ada", "instance.deregister", "web/web-1");
    assert!(store.deregister(&web, &id, Some(&audit), &gone).await.unwrap());
    assert!(!store.deregister(&web, &id, Some(&audit), &gone).await.unwrap());
    assert_eq!(store.list().await.unwrap(), []);
    put(store, &build::registration("web", "web-2")).await;
    let expired = event(EventKind::InstanceExpired, "expired");
    assert!(store.deregister(&web, &build::instance("web-2"), None, &expired).await.unwrap());
    let (kinds, now_audited) = newest(journal).await;
    assert_eq!(
        kinds[..3],
        [
            EventKind::InstanceExpired,
            EventKind::InstanceRegistered,
            EventKind::InstanceDeregistered
        ]
    );
    assert_eq!(now_audited, audited + 2, "one left in somebody's name, one registered");
}

async fn instances_are_listed_by_pool_and_name(store: &dyn Registry) {
    for (pool, id) in [
        ("web", "b"),
        ("a_b", "z"),
        ("web", "a-1"),
        ("a-b", "z"),
        ("web", "a.1"),
        ("web", "a1"),
    ] {
        put(store, &build::registration(pool, id)).await;
    }
    let listed: Vec<_> = store.list().await.unwrap().into_iter().map(|r| (r.pool, r.id)).collect();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!((listed.len(), &listed), (6, &sorted));
}
