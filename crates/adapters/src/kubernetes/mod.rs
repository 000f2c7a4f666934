//! Kubernetes clusters: watched in the background, changed on demand.
//!
//! ```text
//!  settings ─ Api (account, client, faults) ─┬─ watch: a list and a watch for each kind and namespace ─┐
//!                                            ├─ probe: does it answer, which version                   ├─► Store ─► look()
//!                                            ├─ metrics: figures of pods, custom, external             ┘
//!                                            └─ commands: dry run, then for real
//! ```
//! A cluster that is away is data: the last that was known, with its age and the reason. Nothing here stops because of it.

mod api;
mod commands;
mod kind;
mod metrics;
mod probe;
mod rule;
mod services;
mod settings;
pub mod store;
mod watch;

use std::{sync::Arc, time::Duration};

use api::Api;
use async_trait::async_trait;
use control::ports::cluster::{Cluster, ClusterError, ClusterLook, MetricQuestion};
use model::cluster::{ClusterId, DryRun, ObjectCommand, ObjectDone, ObjectRef};
use store::Store;
use tokio::sync::watch as channel;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub use kind::Kind;
pub use services::{ServicePool, Services};
pub use settings::{Bounds, KubernetesConfig, Timing};

/// Changes are told on at most so often.
const TOLD_EVERY: Duration = Duration::from_millis(50);
/// Lists that are read at the same time: a page is the largest thing that is held.
const LISTS: usize = 3;

/// What all parts of one cluster's adapter share.
struct Inner {
    config: KubernetesConfig,
    api: Api,
    store: Store,
    /// What is to be read of custom and external metrics.
    wanted: channel::Sender<Arc<[MetricQuestion]>>,
    /// When the cluster answers again: since when it did not (Unix time, ms).
    recovered: channel::Sender<i64>,
    lists: tokio::sync::Semaphore,
}

/// One cluster.
pub struct Kubernetes {
    inner: Arc<Inner>,
    changes: channel::Receiver<u64>,
    stopping: CancellationToken,
    tasks: TaskTracker,
}

impl Kubernetes {
    /// Starts watching. Never waits for the cluster and never fails because of it: what is wrong is in the first look.
    pub async fn connect(config: KubernetesConfig) -> Self {
        let inner = Arc::new(Inner {
            api: Api::new(&config),
            store: Store::new(config.bounds.objects),
            wanted: channel::channel(Arc::from([])).0,
            recovered: channel::channel(0).0,
            lists: tokio::sync::Semaphore::new(LISTS),
            config,
        });
        if let Err(fault) = tokio::time::timeout(inner.config.timing.answer, inner.api.prepare())
            .await
            .unwrap_or(Ok(()))
        {
            tracing::warn!(cluster = %inner.config.id, %fault, "the cluster cannot be asked");
        }
        let (told, changes) = channel::channel(0);
        let cluster = Self {
            inner,
            changes,
            stopping: CancellationToken::new(),
            tasks: TaskTracker::new(),
        };
        cluster.spawn(tell(cluster.inner.clone(), told));
        cluster.spawn(probe::run(cluster.inner.clone()));
        cluster.spawn(metrics::run(cluster.inner.clone()));
        for scope in watch::scopes(&cluster.inner.config) {
            cluster.spawn(watch::run(cluster.inner.clone(), scope));
        }
        cluster.tasks.close();
        cluster
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let stopping = self.stopping.clone();
        self.tasks.spawn(async move {
            let _ = stopping.run_until_cancelled(task).await;
        });
    }
}

impl Drop for Kubernetes {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

#[async_trait]
impl Cluster for Kubernetes {
    fn id(&self) -> &ClusterId {
        &self.inner.config.id
    }

    fn describe(&self) -> String {
        self.inner.api.describe()
    }

    fn read_only(&self) -> Option<String> {
        self.inner.config.read_only.clone()
    }

    fn look(&self) -> ClusterLook {
        ClusterLook {
            answered_at_ms: self.inner.api.answered_at_ms(),
            took_us: self.inner.api.took_us(),
            controller: self.inner.config.controller,
            ..self.inner.store.look()
        }
    }

    fn changes(&self) -> channel::Receiver<u64> {
        self.changes.clone()
    }

    fn want(&self, mut questions: Vec<MetricQuestion>) {
        questions.sort_unstable();
        questions.dedup();
        let questions: Arc<[MetricQuestion]> = questions.into();
        self.inner.wanted.send_if_modified(|wanted| {
            let is_new = **wanted != *questions;
            if is_new {
                *wanted = questions;
            }
            is_new
        });
    }

    async fn try_out(&self, object: &ObjectRef, command: &ObjectCommand) -> Result<DryRun, ClusterError> {
        commands::try_out(&self.inner, object, command).await
    }

    async fn carry_out(&self, object: &ObjectRef, command: &ObjectCommand) -> Result<ObjectDone, ClusterError> {
        commands::carry_out(&self.inner, object, command).await
    }

    async fn stop(&self) {
        self.stopping.cancel();
        self.tasks.wait().await;
    }
}

/// Tells on that something changed, many changes at once.
async fn tell(inner: Arc<Inner>, told: channel::Sender<u64>) {
    loop {
        let seq = inner.store.changed().await;
        told.send_replace(seq);
        tokio::time::sleep(TOLD_EVERY).await;
    }
}
