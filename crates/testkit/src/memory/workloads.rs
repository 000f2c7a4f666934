use std::sync::Arc;

use async_trait::async_trait;
use control::ports::{SourceError, Workloads};
use model::{SourceId, WorkloadObservation};
use parking_lot::Mutex;

use super::Mode;
use crate::build;

/// Shows the workloads it is told to show. Clones are the same.
#[derive(Debug, Clone)]
pub struct MemoryWorkloads {
    source: SourceId,
    state: Arc<Mutex<(Mode, Vec<WorkloadObservation>)>>,
}

impl MemoryWorkloads {
    pub fn new(source: &str) -> Self {
        Self {
            source: build::source(source),
            state: Arc::default(),
        }
    }

    pub fn set_mode(&self, mode: Mode) {
        self.state.lock().0 = mode;
    }

    pub fn set_observation(&self, observation: Vec<WorkloadObservation>) {
        self.state.lock().1 = observation;
    }
}

#[async_trait]
impl Workloads for MemoryWorkloads {
    fn source(&self) -> SourceId {
        self.source.clone()
    }

    fn describe(&self) -> String {
        "fleet in memory".to_owned()
    }

    async fn observe(&self) -> Result<Vec<WorkloadObservation>, SourceError> {
        let (mode, observation) = self.state.lock().clone();
        match mode {
            Mode::Works | Mode::Refuses(_) => Ok(observation),
            Mode::Fails(why) => Err(SourceError(why)),
            Mode::Hangs => std::future::pending().await,
        }
    }
}
