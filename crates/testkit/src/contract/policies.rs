use std::sync::Arc;

use control::ports::{Journal, Policies, PutError};
use futures::future::join_all;
use model::{AdminState, Algorithm, BreakerHold, EventFilter, InstancePolicy, PoolPolicy, Weight};

use crate::build;

/// Everything that [`Policies`] promises.
pub async fn policies(store: Arc<dyn Policies>, journal: Arc<dyn Journal>) {
    assert_eq!(store.list().await.unwrap(), [], "a new store has no policies");
    the_first_policy_stays(&*store).await;
    a_change_carries_its_audit_row(&*store, &*journal).await;
    a_stale_or_unknown_change_leaves_no_trace(&*store, &*journal).await;
    a_version_is_told_once(&*store, &*journal).await;
    pools_are_listed_by_name(&*store).await;
}

async fn the_first_policy_stays(store: &dyn Policies) {
    let pool = build::pool("first");
    let made = store
        .ensure(&pool, &build::policy(Algorithm::LeastConnections), build::NOW_MS)
        .await
        .unwrap();
    assert_eq!(
        (made.version, made.changed_at_ms, made.changed_by.as_deref()),
        (1, build::NOW_MS, None)
    );
    let again = store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS + 5).await.unwrap();
    assert_eq!(again, made, "an existing policy is left as it is");
    assert_eq!(store.announced(&pool).await.unwrap(), 0);
}

async fn a_change_carries_its_audit_row(store: &dyn Policies, journal: &dyn Journal) {
    let pool = build::pool("changed");
    store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap();
    let mut policy = build::policy(Algorithm::WeightedRoundRobin);
    policy.instances.insert(
        build::instance("web-1"),
        InstancePolicy {
            weight: Weight::new(256).unwrap(),
            admin: AdminState::Maintenance,
            breaker: BreakerHold::Open { until_ms: None },
        },
    );
    let mut put = build::put(&pool, 1, &policy);
    put.audit.at_ms = build::NOW_MS + 7;
    let changed = store.put(&put).await.unwrap();
    assert_eq!((changed.version, &changed.policy), (2, &policy));
    assert_eq!(
        (changed.changed_at_ms, changed.changed_by.as_deref()),
        (build::NOW_MS + 7, Some("alice"))
    );
    assert!(store.list().await.unwrap().contains(&changed));

    let newest = journal.audit(None, 1).await.unwrap().items;
    assert_eq!(newest[0].entry, put.audit);
}

async fn a_stale_or_unknown_change_leaves_no_trace(store: &dyn Policies, journal: &dyn Journal) {
    let pool = build::pool("stale");
    store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap();
    let winner = store
        .put(&build::put(&pool, 1, &build::policy(Algorithm::LeastConnections)))
        .await
        .unwrap();
    let audited = journal.audit(None, 1).await.unwrap();
    let theirs = build::policy(Algorithm::WeightedRoundRobin);
    for version in [0, 1, 3, u64::MAX] {
        let stale = store.put(&build::put(&pool, version, &theirs)).await;
        assert_eq!(stale, Err(PutError::Stale(Box::new(winner.clone()))), "made from version {version}");
    }
    assert_eq!(
        store.put(&build::put(&build::pool("nowhere"), 1, &theirs)).await,
        Err(PutError::Missing)
    );
    assert!(store.list().await.unwrap().contains(&winner));
    assert_eq!(
        journal.audit(None, 1).await.unwrap().items,
        audited.items,
        "what did not happen is not audited"
    );
}

async fn a_version_is_told_once(store: &dyn Policies, journal: &dyn Journal) {
    let pool = build::pool("told");
    store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap();
    store
        .put(&build::put(&pool, 1, &build::policy(Algorithm::LeastConnections)))
        .await
        .unwrap();
    let mut event = build::event("version 2 is in force");
    event.pool = Some(pool.clone());
    assert!(store.announce(&pool, 2, &event).await.unwrap());
    assert!(!store.announce(&pool, 2, &event).await.unwrap());
    assert!(!store.announce(&pool, 1, &event).await.unwrap(), "an older version is no news");
    assert_eq!(store.announced(&pool).await.unwrap(), 2);
    let filter = EventFilter {
        pool: Some(pool),
        ..EventFilter::default()
    };
    let told = journal.read(&filter, 10).await.unwrap().items;
    assert_eq!(told.iter().map(|e| &e.event).collect::<Vec<_>>(), [&event]);

    let nowhere = build::pool("nowhere");
    assert!(!store.announce(&nowhere, 1, &event).await.unwrap());
    assert_eq!(store.announced(&nowhere).await.unwrap(), 0);
}

async fn pools_are_listed_by_name(store: &dyn Policies) {
    // The order of bytes, not of a language: '-' and '.' before digits, digits before letters, '_' between.
    for name in ["zz", "a_b", "a-b", "a.b", "a1", "ab"] {
        store
            .ensure(&build::pool(name), &PoolPolicy::default(), build::NOW_MS)
            .await
            .unwrap();
    }
    let listed: Vec<_> = store.list().await.unwrap().into_iter().map(|intent| intent.pool).collect();
    let mut sorted = listed.clone();
    sorted.sort();
    assert_eq!(listed, sorted);
}

/// Of many changes made from one version at the same moment exactly one wins, and only that one is audited.
pub async fn concurrent_changes(store: Arc<dyn Policies>, journal: Arc<dyn Journal>) {
    const ADMINS: usize = 24;
    const ROUNDS: u64 = 3;
    let pool = build::pool("contested");
    store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap();
    for version in 1..=ROUNDS {
        let admins = (0..ADMINS).map(|n| {
            let (store, mut put) = (
                store.clone(),
                build::put(&pool, version, &build::policy(Algorithm::LeastConnections)),
            );
            put.audit.who = format!("admin-{version}-{n}");
            tokio::spawn(async move { store.put(&put).await })
        });
        let answers: Vec<_> = join_all(admins).await.into_iter().map(Result::unwrap).collect();
        let winners: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        for loser in answers.iter().filter_map(|answer| answer.as_ref().err()) {
            assert_eq!(loser, &PutError::Stale(Box::new(winners[0].clone())));
        }
        let newest = journal.audit(None, 1).await.unwrap().items;
        assert_eq!(Some(&newest[0].entry.who), winners[0].changed_by.as_ref());
    }
    let audited = journal.audit(None, 100).await.unwrap().items;
    assert_eq!(audited.len() as u64, ROUNDS);
}
