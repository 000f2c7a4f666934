//! The sample fleet of the embedded default: how many, how it scales, and the traffic beside it.

use std::sync::Arc;

use adapters::builtin::{Companion, Supervisor, SupervisorConfig};
use control::{
    WorkloadSetup,
    ports::{ScalingLedger as _, Workloads as _},
};
use gateway::Gateway;
use model::{
    InstanceId, PoolId, WorkloadId, WorkloadObservation,
    scaling::{ScalingEvent, ScalingEventFilter, ScalingPlan, ScalingPolicy, ScalingPreset},
};
use store::Store;

use crate::{StartError, config::Config, start_error::reachable};

/// Of the pool and of the workload.
pub(crate) const NAME: &str = "samples";

pub(crate) fn pool_id() -> PoolId {
    PoolId::new(NAME).expect("a constant name is valid")
}

/// The sample fleet follows the production preset, within the settings' bounds.
pub(crate) fn workload(config: &Config) -> WorkloadSetup {
    let sample = &config.settings.sample;
    let policy = ScalingPolicy {
        min_replicas: sample.count,
        max_replicas: sample.max,
        ..ScalingPreset::Production.policy()
    };
    WorkloadSetup {
        id: workload_id(),
        defaults: ScalingPlan::new(policy),
    }
}

fn workload_id() -> WorkloadId {
    WorkloadId::new(NAME).expect("a constant name is valid")
}

/// Changes among which one that was carried out is looked for.
const LAST_CHANGES: u32 = 50;

/// As many as were asked for when the console last ran: after a crash in a rush it does not begin with a crowd at the door.
async fn last_count(config: &Config, store: &Store) -> u32 {
    let sample = &config.settings.sample;
    let newest = ScalingEventFilter {
        workload: Some(workload_id()),
        ..ScalingEventFilter::default()
    };
    // One that was refused ended when it began.
    let carried_out = |event: &&ScalingEvent| event.ended_at_ms != Some(event.at_ms);
    let last = match store.changes(&newest, LAST_CHANGES).await {
        Ok(page) => page.items.iter().find(carried_out).map(|event| event.to),
        Err(error) => {
            tracing::warn!(%error, "the replicas asked for last cannot be read; the samples begin with sample.count");
            None
        }
    };
    let most = sample.max.max(sample.count);
    last.unwrap_or(sample.count).clamp(sample.count, most)
}

/// Starts the processes, and does not wait for them.
pub(crate) async fn start(config: &Config, store: &Store) -> Result<Arc<Supervisor>, StartError> {
    let count = last_count(config, store).await;
    let supervisor = SupervisorConfig::new(config.program.clone(), pool_id(), workload_id(), count);
    Supervisor::start(supervisor).map_err(|e| StartError::Samples {
        why: e.to_string(),
        program: config.program.display().to_string(),
    })
}

/// Until each has answered once, or the supervisor has ended.
pub(crate) async fn until_ready(samples: &Supervisor) {
    let Some(mut changes) = samples.changes() else { return };
    let is_ready = |workload: &WorkloadObservation| workload.processes.iter().all(|process| process.was_ready);
    while let Ok(seen) = samples.observe().await {
        if seen.iter().all(is_ready) || changes.changed().await.is_err() {
            return;
        }
    }
}

/// The traffic generator beside the samples: a process of its own, so that its load does not count as the console's.
pub(crate) async fn accompany(samples: &Supervisor, config: &Config, gateway: &Gateway) -> Result<(), StartError> {
    let (rate, Some(address)) = (config.settings.traffic.rate, gateway.local_addrs().first()) else {
        return Ok(());
    };
    if rate == 0.0 {
        return Ok(());
    }
    let target = format!("http://{}", reachable(*address));
    let traffic = Companion {
        name: InstanceId::new("traffic").expect("a constant name is valid"),
        args: ["traffic", "--target", &target, "--rate", &rate.to_string()]
            .map(str::to_owned)
            .to_vec(),
    };
    samples.accompany(traffic).await.map_err(|e| StartError::Samples {
        why: e.to_string(),
        program: config.program.display().to_string(),
    })
}
