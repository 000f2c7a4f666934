//! The twins keep the contracts that the real adapters keep.

use std::sync::Arc;

use control::ports::{Journal, Policies, StoreError, Workloads as _};
use model::{PoolPolicy, ScaleAccess, WorkloadCapabilities, WorkloadId};
use testkit::{MemoryStore, MemoryWorkloads, build, contract};

fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

#[tokio::test]
async fn policies() {
    let store = store();
    contract::policies(store.clone(), store).await;
}

#[tokio::test]
async fn concurrent_changes() {
    let store = store();
    contract::concurrent_changes(store.clone(), store).await;
}

#[tokio::test]
async fn journal() {
    contract::journal(store()).await;
}

#[tokio::test]
async fn registry() {
    let store = store();
    contract::registry(store.clone(), store).await;
}

#[tokio::test]
async fn lease() {
    let store = store();
    contract::lease(store.clone(), |fence| Arc::new(store.fenced(fence))).await;
}

#[tokio::test]
async fn scaling_policies() {
    let store = store();
    contract::scaling_policies(store.clone(), store).await;
}

#[tokio::test]
async fn scaling_ledger() {
    let store = store();
    contract::scaling_ledger(store.clone(), store).await;
}

#[tokio::test]
async fn samples() {
    let store = store();
    contract::samples(store.clone(), store).await;
}

#[tokio::test]
async fn identity() {
    let store = store();
    contract::identity(store.clone(), store).await;
}

#[tokio::test]
async fn first_admin_race() {
    let store = store();
    contract::first_admin_race(store.clone(), store).await;
}

#[tokio::test]
async fn workloads() {
    let twin = MemoryWorkloads::new("supervisor");
    twin.run("sample", &build::pool("web"), 2);
    let sample = WorkloadId::new("sample").unwrap();
    contract::workloads(&twin, &sample, |process| twin.kill(&process.instance)).await;
}

#[tokio::test]
async fn workloads_of_others() {
    let twin = MemoryWorkloads::new("elsewhere");
    twin.run("sample", &build::pool("web"), 2);
    let (sample, live) = (WorkloadId::new("sample").unwrap(), twin.capabilities());
    let read_only = WorkloadCapabilities {
        scale: ScaleAccess::ReadOnly {
            why: "somebody else does".to_owned(),
        },
        max_replicas: 0,
    };
    twin.set_capabilities(read_only.clone());
    let set = async |replicas| {
        twin.set_capabilities(live.clone());
        twin.scale(&sample, replicas).await.unwrap();
        for workload in twin.observe().await.unwrap() {
            for process in &workload.processes {
                twin.retire(&sample, &process.instance).await.unwrap();
            }
        }
        twin.set_capabilities(read_only.clone());
    };
    contract::workloads_of_others(&twin, &sample, set).await;
}

#[tokio::test]
async fn it_fails_on_demand_and_recovers() {
    let (store, pool) = (store(), build::pool("web"));
    let full = StoreError::Unwritable("the disk is full".into());
    store.fail_writes(Some(full.clone()));
    assert_eq!(store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await, Err(full));
    assert_eq!(store.list().await, Ok(vec![]));
    let away = StoreError::Unavailable("connection refused".into());
    store.fail(Some(away.clone()));
    assert_eq!(store.append(vec![build::event("x")]).await, Err(away));
    store.fail(None);
    store.fail_writes(None);
    assert!(store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.is_ok());
}
