use std::{sync::Arc, time::Duration};

use control::ports::{Candidate, FenceCell, Holding, Journal, Lease, StoreError};
use model::EventFilter;
use tokio::task::JoinSet;

use crate::{build, wait_until};

const LONG: Duration = Duration::from_mins(10);
const SHORT: Duration = Duration::from_millis(50);
const SOON: Duration = Duration::from_secs(30);

fn candidate(id: &str) -> Candidate {
    Candidate {
        id: id.to_owned(),
        name: format!("console {id} <b>"),
        address: (id != "b").then(|| format!("http://{id}.example.com:3000")),
    }
}

async fn take(lease: &dyn Lease, id: &str, ttl: Duration) -> Holding {
    lease.take(&candidate(id), ttl).await.unwrap()
}

/// Everything that [`Lease`] promises, and what a fence keeps from being written. `fenced` is the same store behind a fence.
pub async fn lease(lease: Arc<dyn Lease>, fenced: impl Fn(FenceCell) -> Arc<dyn Journal>) {
    let first = take(&*lease, "a", LONG).await;
    assert_eq!((&first.holder, first.left), (&candidate("a"), LONG));
    assert!(first.fence.0 > 0);
    let seen = take(&*lease, "b", SHORT).await;
    assert_eq!((&seen.holder, seen.fence), (&candidate("a"), first.fence), "it is told who has it");
    assert!(seen.left <= LONG && seen.left > LONG / 2);
    let cell = FenceCell::default();
    let journal = fenced(cell.clone());
    let write = async |what: &str| journal.append(vec![build::event(what)]).await.map(|_| ());
    assert_eq!(write("nobody").await, Err(StoreError::Deposed), "who has no fence writes nothing");
    cell.set(Some(first.fence));
    assert_eq!(write("first").await, Ok(()));

    // Renewing keeps the fence, and can make the lease end sooner.
    let renewed = take(&*lease, "a", SHORT).await;
    assert_eq!((&renewed.holder, renewed.fence), (&candidate("a"), first.fence));
    let mut taken = None;
    wait_until("the lease has run out", SOON, async || {
        taken = Some(take(&*lease, "b", LONG).await).filter(|taken| taken.holder == candidate("b"));
        taken.is_some()
    })
    .await;
    let second = taken.unwrap();
    assert!(second.fence > first.fence);
    assert_eq!(
        take(&*lease, "a", LONG).await.holder,
        candidate("b"),
        "the former one sees that it lost it"
    );
    assert_eq!(write("too late").await, Err(StoreError::Deposed));
    cell.set(Some(second.fence));
    assert_eq!(write("second").await, Ok(()));
    let told = journal.read(&EventFilter::default(), 10).await.unwrap().items;
    let told: Vec<_> = told.iter().map(|e| e.event.summary.as_str()).collect();
    assert_eq!(told, ["second", "first"]);

    // Giving up is the holder's.
    lease.give_up(&candidate("a")).await.unwrap();
    assert_eq!(take(&*lease, "c", LONG).await.holder, candidate("b"));
    lease.give_up(&candidate("b")).await.unwrap();
    one_of_many(&lease).await;
}

/// The lease is free, and everybody wants it.
async fn one_of_many(lease: &Arc<dyn Lease>) {
    let mut all = JoinSet::new();
    for n in 0..12 {
        let lease = lease.clone();
        all.spawn(async move { (format!("n{n}"), take(&*lease, &format!("n{n}"), LONG).await) });
    }
    let answers = all.join_all().await;
    let holder = take(&*lease.clone(), "z", LONG).await;
    for (id, answer) in &answers {
        assert_eq!(
            (&answer.holder, answer.fence),
            (&holder.holder, holder.fence),
            "{id} was told of another"
        );
    }
    assert_eq!(answers.iter().filter(|(id, answer)| *id == answer.holder.id).count(), 1);
}
