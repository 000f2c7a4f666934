//! Kubernetes clusters of the settings, and the pools that their Services feed.

use std::sync::Arc;

use adapters::kubernetes::{Kubernetes, KubernetesConfig, Services};
use control::ports::{Workloads, cluster::Cluster};

use crate::config::{Config, PoolSettings};

/// Watched from now on, whether they answer or not.
pub(crate) async fn clusters(config: &Config) -> Vec<Arc<dyn Cluster>> {
    let mut clusters: Vec<Arc<dyn Cluster>> = Vec::new();
    for settings in &config.settings.clusters {
        let cluster = Kubernetes::connect(KubernetesConfig::from(settings)).await;
        tracing::info!(cluster = %settings.id, what = cluster.describe(), "the cluster is watched");
        clusters.push(Arc::new(cluster));
    }
    clusters
}

/// The pools whose members are the endpoints of Services, by cluster.
pub(crate) fn services(config: &Config, clusters: &[Arc<dyn Cluster>]) -> Vec<Arc<dyn Workloads>> {
    let of = |cluster: &Arc<dyn Cluster>| {
        let fed = |pool: &PoolSettings| {
            let service = pool.service.as_ref().filter(|s| s.cluster == *cluster.id())?;
            Some(service.of(&pool.id))
        };
        config.settings.pools.iter().filter_map(fed).collect::<Vec<_>>()
    };
    let fed = clusters
        .iter()
        .map(|cluster| (cluster, of(cluster)))
        .filter(|(_, pools)| !pools.is_empty());
    fed.map(|(cluster, pools)| Arc::new(Services::new(cluster.clone(), pools)) as Arc<dyn Workloads>)
        .collect()
}
