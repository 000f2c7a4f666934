//! The same kinds as whole objects, as kube's reflectors keep them.

use std::{hash::Hash, time::Instant};

use futures::{StreamExt as _, future::BoxFuture};
use k8s_openapi::api::{
    apps::v1::{Deployment, ReplicaSet, StatefulSet},
    autoscaling::v2::HorizontalPodAutoscaler,
    core::v1::{Event, Pod, ResourceQuota, Service},
    discovery::v1::EndpointSlice,
    networking::v1::Ingress,
    policy::v1::PodDisruptionBudget,
};
use kube::{
    Api, Resource,
    runtime::{WatchStreamExt as _, reflector, watcher},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Failure, Size, measure};

/// Starts to keep one kind; what is given back tells how many there are, once all are there.
fn keep<K>(client: &kube::Client) -> BoxFuture<'static, usize>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned + Send + Sync + 'static,
    K::DynamicType: Hash + Eq + Clone + Default + Unpin,
{
    let (reader, writer) = reflector::store::<K>();
    let watched = watcher(Api::<K>::all(client.clone()), watcher::Config::default()).default_backoff();
    let kept = watched.reflect(writer).touched_objects();
    tokio::spawn(async move { kept.for_each(|_| std::future::ready(())).await });
    Box::pin(async move {
        let _ = reader.wait_until_ready().await;
        let count = reader.state().len();
        // The store lives as long as the process.
        std::mem::forget(reader);
        count
    })
}

pub(super) async fn run(client: &kube::Client, size: Size) -> Result<Value, Failure> {
    let (begun, before) = (Instant::now(), measure::resident());
    let kinds = [
        keep::<HorizontalPodAutoscaler>(client),
        keep::<Pod>(client),
        keep::<Deployment>(client),
        keep::<StatefulSet>(client),
        keep::<ReplicaSet>(client),
        keep::<PodDisruptionBudget>(client),
        keep::<Service>(client),
        keep::<EndpointSlice>(client),
        keep::<Ingress>(client),
        keep::<ResourceQuota>(client),
        keep::<Event>(client),
    ];
    let counts = futures::future::join_all(kinds).await;
    if counts[0] < size.hpas || counts[1] < size.pods {
        return Err(format!("not all are there: {counts:?}").into());
    }
    let took = begun.elapsed();
    // What the lists took meanwhile goes back to the system, or does not: as a process that goes on would have it.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    Ok(json!({"resident": measure::resident(), "before": before, "first_s": took.as_secs_f64(), "cpu_s": measure::cpu().as_secs_f64()}))
}
