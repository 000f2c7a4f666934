//! A process killed at any moment: every acknowledged change is there with its audit row, and nothing is there by half.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use control::ports::{Journal, Policies};
use model::{EventFilter, FieldDiff, HealthCheck, PoolPolicy};
use rand::Rng;
use store::{Store, StoreConfig};
use testkit::build;

use crate::{
    child,
    support::{database, postgres_config},
};

const KILLS: usize = 8;

/// Changes a policy again and again; says each version when it was acknowledged. The policy, the audit row and the event of a version
/// all carry its number, so that halves do not match.
pub(crate) async fn write_for_ever(url: &str) {
    let store = Store::open(&config(url)).await.unwrap();
    let pool = build::pool("web");
    let mut version = store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap().version;
    loop {
        let next = version + 1;
        let mut put = build::put(&pool, version, &policy(next));
        put.audit.diff = vec![FieldDiff {
            field: "version".into(),
            before: version.to_string(),
            after: next.to_string(),
        }];
        version = store.put(&put).await.unwrap().version;
        child::say(&version.to_string());
        store.announce(&pool, version, &build::event(&version.to_string())).await.unwrap();
    }
}

fn config(url: &str) -> StoreConfig {
    StoreConfig {
        url: url.parse().unwrap(),
        ..postgres_config(String::new())
    }
}

fn policy(version: u64) -> PoolPolicy {
    PoolPolicy {
        health_check: HealthCheck {
            interval_ms: u32::try_from(version).unwrap(),
            ..HealthCheck::default()
        },
        ..PoolPolicy::default()
    }
}

#[tokio::test]
async fn sqlite_keeps_every_acknowledged_change_through_kills() {
    let dir = tempfile::tempdir().unwrap();
    survive(&format!("sqlite:{}", dir.path().join("evenkeel.db").display())).await;
}

#[tokio::test]
async fn postgres_keeps_every_acknowledged_change_through_kills() {
    survive(&database().await).await;
}

async fn survive(url: &str) {
    let mut acknowledged = 1;
    for kill in 0..KILLS {
        let target = url.to_owned();
        let newest = tokio::task::spawn_blocking(move || write_until_killed(&target)).await.unwrap();
        assert!(newest > acknowledged, "the process wrote something before it was killed");
        acknowledged = newest;
        let found = everything_fits(&config(url)).await;
        // One change may have been under way: done, and not yet said.
        assert!(
            found == acknowledged || found == acknowledged + 1,
            "after kill {kill} version {found} is there, {acknowledged} was acknowledged"
        );
    }
}

/// The newest version that it acknowledged before it was killed at a random moment.
fn write_until_killed(url: &str) -> u64 {
    let mut child = child::command("write for ever", url).spawn().unwrap();
    let mut acknowledged = child::answers(&mut child);
    let enough = rand::rng().random_range(3..25);
    let mut newest = (&mut acknowledged).take(enough).last();
    let until = Instant::now() + Duration::from_micros(rand::rng().random_range(0..6_000));
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    // What it said between the last line read and its end.
    newest = acknowledged.last().or(newest);
    newest.expect("it acknowledged something").parse().unwrap()
}

/// The version in force, after making sure that its policy, its audit rows and its events belong together.
async fn everything_fits(config: &StoreConfig) -> u64 {
    let store = Store::open(config).await.unwrap();
    let intents = store.list().await.unwrap();
    let [intent] = intents.as_slice() else {
        panic!("one pool was written: {intents:?}")
    };
    assert_eq!(intent.policy, policy(intent.version), "the policy is the one of its version");

    let mut audited = BTreeMap::new();
    let mut before = None;
    loop {
        let page = store.audit(before, 100).await.unwrap();
        for record in page.items {
            *audited.entry(record.entry.diff[0].after.parse::<u64>().unwrap()).or_insert(0) += 1;
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    let expected: BTreeMap<u64, i32> = (2..=intent.version).map(|version| (version, 1)).collect();
    assert_eq!(
        audited, expected,
        "every version has one audit row, and none is audited that is not there"
    );

    let told = store.announced(&intent.pool).await.unwrap();
    let newest = store.read(&EventFilter::default(), 1).await.unwrap().items;
    assert_eq!(
        newest.first().map_or(0, |event| event.event.summary.parse().unwrap()),
        told,
        "told is what was written"
    );
    store.close().await;
    intent.version
}
