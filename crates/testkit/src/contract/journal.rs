use std::sync::Arc;

use control::ports::{Journal, PAGE_MAX};
use model::{Actor, Event, EventFilter, EventKind, NewEvent, Severity};

use crate::build;

/// Everything that [`Journal`] promises; most audit rows come from the other ports' suites.
pub async fn journal(journal: Arc<dyn Journal>) {
    assert_eq!(journal.append(vec![]).await.unwrap(), [], "nothing is stored of nothing");
    let stored = journal.append(sample_events()).await.unwrap();
    events_come_back_as_they_were(&*journal, &stored).await;
    each_filter_means_what_the_model_says(&*journal, &stored).await;
    pages_follow_each_other(&*journal, &stored).await;
    a_page_has_an_end(&*journal).await;
    an_act_is_an_audit_row_and_an_event(&*journal).await;
}

async fn an_act_is_an_audit_row_and_an_event(journal: &dyn Journal) {
    let audit = build::audit("alice", "breaker.reset", "web");
    let event = journal.record(&audit, &build::event("Breaker reset: web-1")).await.unwrap();
    let newest = journal.read(&EventFilter::default(), 1).await.unwrap().items;
    assert_eq!(newest, [event]);
    let rows = journal.audit(None, 1).await.unwrap().items;
    assert_eq!(rows[0].entry, audit);
}

/// Texts that a database, a pattern or a page could trip over.
fn sample_events() -> Vec<NewEvent> {
    let texts = [
        ("Console started", ""),
        ("100% of web_1 \"down\"; it's 5 < 6", "timed out\nafter 5 s"),
        ("ÄÖÜ straße İstanbul ΣΊΣΥΦΟΣ 🦀", "'; DROP TABLE events; --"),
        ("with \0 inside", "C:\\path\\!bang"),
        ("<script>alert(1)</script>", "1000 of web-1"),
    ];
    let kinds = EventKind::ALL.iter().cycle();
    let mut events: Vec<_> = texts
        .into_iter()
        .zip(kinds)
        .enumerate()
        .map(|(n, ((summary, cause), kind))| NewEvent {
            at_ms: build::NOW_MS + i64::try_from(n).unwrap() * 10,
            kind: *kind,
            severity: Severity::ALL[n % Severity::ALL.len()],
            pool: (n % 2 == 0).then(|| build::pool("web")),
            instance: (n % 2 == 0).then(|| build::instance("web-1")),
            cause: cause.to_owned(),
            actor: if n % 2 == 0 {
                Actor::User("alice\0".into())
            } else {
                Actor::system("health check")
            },
            ..build::event(summary)
        })
        .collect();
    events.push(build::event(&"x".repeat(10_000)));
    events
}

async fn events_come_back_as_they_were(journal: &dyn Journal, stored: &[Event]) {
    assert!(stored.windows(2).all(|pair| pair[0].id < pair[1].id), "ids rise in the order given");
    let kept = |text: &str| text.replace('\0', "\u{FFFD}");
    for (given, event) in sample_events().iter().zip(stored) {
        let e = &event.event;
        assert_eq!((&e.summary, &e.cause), (&kept(&given.summary), &kept(&given.cause)));
        assert_eq!(e.actor.parts(), (given.actor.parts().0, kept(given.actor.parts().1).as_str()));
        assert_eq!((e.at_ms, e.kind, e.severity), (given.at_ms, given.kind, given.severity));
        assert_eq!((&e.pool, &e.instance), (&given.pool, &given.instance));
    }
    let page = journal.read(&EventFilter::default(), 100).await.unwrap();
    let newest_first: Vec<_> = stored.iter().rev().cloned().collect();
    assert_eq!((page.items, page.next), (newest_first, None));
}

async fn each_filter_means_what_the_model_says(journal: &dyn Journal, stored: &[Event]) {
    let all = EventFilter::default;
    let text = |text: &str| EventFilter {
        text: Some(text.to_owned()),
        ..all()
    };
    let mut filters: Vec<EventFilter> = [
        "CONSOLE",
        "100%",
        "0%",
        "web_1",
        "web-1",
        "WEB_",
        "%",
        "_",
        "!",
        "\\",
        "'",
        "äöü",
        "ÄÖÜ",
        "STRASSE",
        "straße",
        "i̇stanbul",
        "İSTANBUL",
        "σίσυφος",
        "🦀",
        "\n",
        "drop table",
        "",
        "nowhere",
        "\u{FFFD}",
    ]
    .map(text)
    .into();
    filters.extend(EventKind::ALL.iter().map(|kind| EventFilter {
        kind: Some(*kind),
        ..all()
    }));
    filters.extend(Severity::ALL.map(|severity| EventFilter {
        severity: Some(severity),
        ..all()
    }));
    filters.extend(["web", "other"].map(|name| EventFilter {
        pool: Some(build::pool(name)),
        ..all()
    }));
    let at = |n: i64| Some(build::NOW_MS + n);
    for (from_ms, to_ms) in [(at(10), None), (None, at(20)), (at(10), at(20)), (at(11), at(19)), (at(20), at(10))] {
        filters.push(EventFilter { from_ms, to_ms, ..all() });
    }
    filters.push(EventFilter {
        severity: Some(Severity::Warning),
        pool: Some(build::pool("web")),
        before_id: Some(stored[4].id),
        ..text("S")
    });
    for filter in filters {
        let expected: Vec<_> = stored.iter().rev().filter(|event| filter.passes(event)).cloned().collect();
        let found = journal.read(&filter, 100).await.unwrap();
        assert_eq!(found.items, expected, "{filter:?}");
    }
}

async fn pages_follow_each_other(journal: &dyn Journal, stored: &[Event]) {
    let mut seen = Vec::new();
    let mut filter = EventFilter::default();
    loop {
        let page = journal.read(&filter, 2).await.unwrap();
        assert!(page.items.len() <= 2);
        seen.extend(page.items);
        if page.next.is_none() {
            break;
        }
        filter.before_id = page.next;
    }
    seen.reverse();
    assert_eq!(seen, stored);
    let exact = journal
        .read(&EventFilter::default(), u32::try_from(stored.len()).unwrap())
        .await
        .unwrap();
    assert_eq!(exact.next, None, "a page that holds the rest is the last");
    assert_eq!(journal.read(&EventFilter::default(), 0).await.unwrap().items, []);
}

async fn a_page_has_an_end(journal: &dyn Journal) {
    let many = (0..=PAGE_MAX).map(|n| build::event(&format!("event {n}"))).collect();
    journal.append(many).await.unwrap();
    let page = journal.read(&EventFilter::default(), u32::MAX).await.unwrap();
    assert_eq!(page.items.len(), PAGE_MAX as usize);
    assert_eq!(page.next, page.items.last().map(|event| event.id));
}
