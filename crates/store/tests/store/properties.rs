//! Whatever is written comes back, and a filter means the same in SQL as in the model.

use std::collections::BTreeMap;

use control::ports::{Journal, Policies};
use model::{
    Actor, AdminState, Algorithm, BreakerHold, Event, EventFilter, EventKind, HealthCheck, InstanceId, InstancePolicy, NewEvent,
    OutlierEjection, PathPrefix, PoolPolicy, Severity, Weight,
};
use proptest::{
    collection::vec,
    option,
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use testkit::build;

use crate::support::{Opened, postgres, sqlite};

/// Every case is several transactions on two databases, with an fsync each.
const CASES: u32 = 48;

fn policies() -> impl Strategy<Value = PoolPolicy> {
    let instance = (
        "[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?",
        1..=256_u16,
        select(AdminState::ALL.to_vec()),
    );
    let instances = vec(instance, 0..20).prop_map(|list| {
        list.into_iter()
            .map(|(id, weight, admin)| {
                let weight = Weight::new(weight).unwrap();
                let breaker = BreakerHold::Open { until_ms: None };
                (InstanceId::new(id).unwrap(), InstancePolicy { weight, admin, breaker })
            })
            .collect::<BTreeMap<_, _>>()
    });
    let check = (
        "/[a-z0-9%&'=:;,.~*/-]{0,60}",
        any::<u32>(),
        any::<u32>(),
        any::<u8>(),
        any::<u8>(),
        any::<u32>(),
    );
    let outlier =
        (any::<u16>(), any::<u32>(), any::<u32>(), any::<u8>()).prop_map(|(failures, base_ms, max_ms, max_percent)| OutlierEjection {
            failures,
            base_ms,
            max_ms,
            max_percent,
        });
    (select(Algorithm::ALL.to_vec()), check, outlier, instances).prop_map(
        |(algorithm, (path, interval_ms, timeout_ms, rise, fall, slow_start_ms), outlier, instances)| PoolPolicy {
            algorithm,
            health_check: HealthCheck {
                path: PathPrefix::new(path).unwrap(),
                interval_ms,
                timeout_ms,
                rise,
                fall,
                slow_start_ms,
                ..HealthCheck::default()
            },
            outlier,
            instances,
            ..PoolPolicy::default()
        },
    )
}

/// Any text, and often one of few characters that mean something to somebody, so that filters hit.
fn texts() -> impl Strategy<Value = String> {
    let tricky = select(vec![
        '%', '_', '!', '\\', '\'', '"', '\0', '\n', 'a', 'A', 'ß', 'İ', 'Σ', 'ς', 'é', '🦀', '\u{FFFD}', '<',
    ]);
    prop_oneof![any::<String>(), vec(tricky, 0..6).prop_map(|chars| chars.into_iter().collect())]
}

fn events() -> impl Strategy<Value = NewEvent> {
    let who = prop_oneof![
        texts().prop_map(Actor::User),
        texts().prop_map(Actor::System),
        texts().prop_map(Actor::Outside)
    ];
    let names = option::of(select(vec!["a", "b"]));
    let what = (select(EventKind::ALL.to_vec()), select(Severity::ALL.to_vec()));
    (prop_oneof![any::<i64>(), 0..5_i64], what, names, texts(), texts(), who).prop_map(
        |(at_ms, (kind, severity), name, summary, cause, actor)| NewEvent {
            at_ms,
            kind,
            severity,
            pool: name.map(build::pool),
            instance: name.map(build::instance),
            summary,
            cause,
            actor,
        },
    )
}

fn filters() -> impl Strategy<Value = EventFilter> {
    (
        option::weighted(0.2, select(EventKind::ALL.to_vec())),
        option::weighted(0.3, select(Severity::ALL.to_vec())),
        option::weighted(0.3, select(vec!["a", "b"])),
        option::weighted(0.6, texts()),
        option::weighted(0.2, -1..6_i64),
        option::weighted(0.2, -1..6_i64),
    )
        .prop_map(|(kind, severity, pool, text, from_ms, to_ms)| EventFilter {
            kind,
            severity,
            pool: pool.map(build::pool),
            text,
            from_ms,
            to_ms,
            before_id: None,
        })
}

fn kept(text: &str) -> String {
    text.replace('\0', "\u{FFFD}")
}

fn kept_event(event: &NewEvent) -> NewEvent {
    NewEvent {
        summary: kept(&event.summary),
        cause: kept(&event.cause),
        actor: match &event.actor {
            Actor::User(name) => Actor::User(kept(name)),
            Actor::Outside(name) => Actor::Outside(kept(name)),
            Actor::System(name) => Actor::System(kept(name)),
        },
        ..event.clone()
    }
}

/// Runs `check` on both databases with the values of each case.
fn on_both<S: Strategy>(values: &S, check: impl AsyncFn(&Opened, &S::Value) -> Result<(), TestCaseError>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let databases = runtime.block_on(async { [sqlite().await, postgres().await] });
    let mut runner = TestRunner::new(Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(values, |value| {
        databases.iter().try_for_each(|database| runtime.block_on(check(database, &value)))
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

#[test]
fn any_policy_comes_back_as_it_was() {
    let who = prop_oneof![Just("alice".to_owned()), texts()];
    on_both(&(policies(), who), async |database, (policy, who)| {
        let pool = build::pool("web");
        let now = database.store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap();
        let mut put = build::put(&pool, now.version, policy);
        put.audit.who.clone_from(who);
        put.audit.target.clone_from(who);
        put.audit.diff[0].after.clone_from(who);
        database.store.put(&put).await.unwrap();

        let listed = database.store.list().await.unwrap();
        prop_assert_eq!(&listed[0].policy, policy);
        prop_assert_eq!(&listed[0].changed_by, &Some(kept(who)));
        let audited = database.store.audit(None, 1).await.unwrap().items;
        prop_assert_eq!(&audited[0].entry.target, &kept(who));
        prop_assert_eq!(&audited[0].entry.diff, &put.audit.diff);
        Ok(())
    });
}

#[test]
fn any_event_comes_back_as_it_was() {
    on_both(&vec(events(), 1..4), async |database, events| {
        let stored = database.store.append(events.clone()).await.unwrap();
        let expected: Vec<_> = events.iter().map(kept_event).collect();
        prop_assert_eq!(&stored.iter().map(|e| e.event.clone()).collect::<Vec<_>>(), &expected);
        let read = database.store.read(&EventFilter::default(), 3).await.unwrap().items;
        let newest_first: Vec<_> = stored.iter().rev().cloned().collect();
        prop_assert_eq!(&read[..stored.len()], &newest_first[..]);
        Ok(())
    });
}

#[test]
fn a_filter_finds_what_the_model_lets_pass() {
    on_both(&(vec(events(), 1..6), vec(filters(), 4)), async |database, (events, filters)| {
        let first = database.store.append(events.clone()).await.unwrap()[0].id;
        let page = database.store.read(&EventFilter::default(), 5).await.unwrap();
        let stored: Vec<Event> = page.items.into_iter().filter(|event| event.id >= first).collect();
        for filter in filters {
            let meant = EventFilter {
                text: filter.text.as_deref().map(kept),
                ..filter.clone()
            };
            let expected: Vec<_> = stored.iter().filter(|event| meant.passes(event)).collect();
            // Earlier cases left their events: the newest that pass are looked at, as many as this case has.
            let found = database.store.read(filter, 5).await.unwrap().items;
            let found: Vec<_> = found.iter().filter(|event| event.id >= first).collect();
            prop_assert_eq!(found, expected, "{:?}", filter);
        }
        Ok(())
    });
}
