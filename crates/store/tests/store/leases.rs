//! What PostgreSQL's row locks are relied on for.

use std::{sync::Arc, time::Duration};

use control::ports::{Candidate, FenceCell, Journal as _, Lease as _, StoreError};
use sqlx::{Connection, PgConnection};
use store::DatabaseUrl;
use testkit::{build, wait_until};

use crate::support::{SOON, postgres};

const LONG: Duration = Duration::from_mins(10);

fn candidate(id: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: id.to_owned(),
        address: None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_does_not_wait_for_what_the_holder_writes_and_a_takeover_does() {
    let opened = postgres().await;
    let DatabaseUrl::Postgres { url } = &opened.config.url else {
        unreachable!()
    };
    let (store, a, b) = (opened.arc(), candidate("a"), candidate("b"));
    let first = store.take(&a, LONG).await.unwrap();

    // A write of the holder that has proved its fence and is not yet committed.
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut writing = connection.begin().await.unwrap();
    sqlx::query("SELECT fence FROM leases WHERE name = 'leader' AND fence = $1 FOR KEY SHARE")
        .bind(i64::try_from(first.fence.0).unwrap())
        .fetch_one(&mut *writing)
        .await
        .unwrap();
    assert_eq!(
        store.take(&a, Duration::from_millis(1)).await.unwrap().fence,
        first.fence,
        "renewed at once"
    );

    let mut look = PgConnection::connect(url).await.unwrap();
    let taking = {
        let (store, b) = (store.clone(), b.clone());
        tokio::spawn(async move {
            loop {
                let holding = store.take(&b, LONG).await.unwrap();
                if holding.holder == b {
                    return holding;
                }
            }
        })
    };
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%'";
    wait_until("the takeover waits", SOON, async || {
        sqlx::query_scalar::<_, i64>(waits).fetch_one(&mut look).await.unwrap() == 1
    })
    .await;
    assert!(!taking.is_finished());
    writing.commit().await.unwrap();
    let second = taking.await.unwrap();
    assert!(second.fence > first.fence);

    let cell = FenceCell::default();
    cell.set(Some(first.fence));
    let fenced = Arc::new(opened.store.fenced(cell.clone()));
    assert_eq!(fenced.append(vec![build::event("late")]).await, Err(StoreError::Deposed));
    cell.set(Some(second.fence));
    assert!(fenced.append(vec![build::event("in time")]).await.is_ok());
}
