use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use control::ports::cluster::{Cluster, ClusterError, ClusterLook, ControllerSettings, MetricQuestion, NamespaceObjects};
use model::{
    FieldDiff, SourceState,
    cluster::{ClusterId, DryRun, ObjectCommand, ObjectDone, ObjectKind, ObjectRef},
};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Notify, watch};

use super::Mode;
use crate::build;

/// A cluster that has the objects it is given, and says to commands what it is told to say. Clones are the same.
#[derive(Debug, Clone)]
pub struct MemoryCluster {
    id: ClusterId,
    state: Arc<Mutex<State>>,
    changes: Arc<watch::Sender<u64>>,
}

#[derive(Debug)]
struct State {
    look: ClusterLook,
    read_only: Option<String>,
    wanted: Vec<MetricQuestion>,
    /// Of commands, dry or not.
    mode: Mode,
    /// Only of those that are carried out.
    acting: Option<ClusterError>,
    refusal: Option<ClusterError>,
    held: Option<Arc<Notify>>,
    diff: Vec<FieldDiff>,
    version: u64,
    tried: Vec<(ObjectRef, ObjectCommand)>,
    carried_out: Vec<(ObjectRef, ObjectCommand)>,
}

impl MemoryCluster {
    /// Empty, and up.
    pub fn new(id: &str) -> Self {
        let look = ClusterLook {
            seq: 0,
            state: SourceState::Up,
            answered_at_ms: Some(build::NOW_MS),
            took_us: 1_000,
            version: Some("v1.36.3".into()),
            controller: ControllerSettings::default(),
            kinds: Arc::new([]),
            namespaces: BTreeMap::new(),
            figures: Ok(Arc::default()),
            custom: Arc::default(),
        };
        Self {
            id: ClusterId::new(id).unwrap(),
            state: Arc::new(Mutex::new(State {
                look,
                read_only: None,
                wanted: vec![],
                mode: Mode::Works,
                acting: None,
                refusal: None,
                held: None,
                diff: vec![],
                version: 41,
                tried: vec![],
                carried_out: vec![],
            })),
            changes: Arc::default(),
        }
    }

    /// An object as its manifest has it, with `metadata.namespace`; one of the same name is replaced.
    ///
    /// # Panics
    /// When it is of a kind that the console does not read.
    pub fn put(&self, object: &Value) {
        let text = |pointer: &str| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, namespace, name) = (text("/kind"), text("/metadata/namespace"), text("/metadata/name"));
        let name: Arc<str> = name.into();
        self.change(|look| {
            let objects = look.namespaces.entry(namespace.into()).or_default();
            let objects: &mut NamespaceObjects = Arc::make_mut(objects);
            match kind.as_str() {
                "HorizontalPodAutoscaler" => drop(objects.hpas.insert(name, read(object))),
                "ReplicaSet" => drop(objects.replica_sets.insert(name, read(object))),
                "Pod" => drop(objects.pods.insert(name, read(object))),
                "PodDisruptionBudget" => drop(objects.budgets.insert(name, read(object))),
                "ResourceQuota" => drop(objects.quotas.insert(name, read(object))),
                "Service" => drop(objects.services.insert(name, read(object))),
                "EndpointSlice" => drop(objects.endpoint_slices.insert(name, read(object))),
                "Ingress" => drop(objects.ingresses.insert(name, read(object))),
                "VerticalPodAutoscaler" => drop(objects.vpas.insert(name, read(object))),
                "Event" => drop(objects.events.insert(name, read(object))),
                workload => {
                    let kind = ObjectKind::of_kind(workload).expect("a kind that the console reads");
                    objects.workloads.insert((kind, name), read(object));
                }
            }
        });
    }

    /// Changes what is known, and tells that something has changed.
    pub fn change(&self, change: impl FnOnce(&mut ClusterLook)) {
        let mut state = self.state.lock();
        change(&mut state.look);
        state.look.seq += 1;
        self.changes.send_replace(state.look.seq);
    }

    pub fn set_read_only(&self, why: Option<&str>) {
        self.state.lock().read_only = why.map(str::to_owned);
    }

    /// How commands are answered from now on, dry runs too.
    pub fn set_mode(&self, mode: Mode) {
        self.state.lock().mode = mode;
    }

    /// What every dry run says that would change. Nothing until this is called.
    pub fn would_change(&self, field: &str, before: &str, after: &str) {
        self.state.lock().diff = vec![FieldDiff {
            field: field.to_owned(),
            before: before.to_owned(),
            after: after.to_owned(),
        }];
    }

    /// Every command is answered with this from now on, dry or not.
    pub fn refuse(&self, error: Option<ClusterError>) {
        self.state.lock().refusal = error;
    }

    /// Dry runs go on as before; what is carried out ends with this.
    pub fn fail_to_carry_out(&self, error: ClusterError) {
        self.state.lock().acting = Some(error);
    }

    /// What is carried out from now on waits, each for one permit of this.
    pub fn hold(&self) -> Arc<Notify> {
        self.state.lock().held.get_or_insert_default().clone()
    }

    /// What was asked to be tried, in order.
    pub fn tried(&self) -> Vec<(ObjectRef, ObjectCommand)> {
        self.state.lock().tried.clone()
    }

    /// What was asked to be carried out, in order; whatever came of it.
    pub fn carried_out(&self) -> Vec<(ObjectRef, ObjectCommand)> {
        self.state.lock().carried_out.clone()
    }

    /// What the metrics APIs are to be asked for.
    pub fn wanted(&self) -> Vec<MetricQuestion> {
        self.state.lock().wanted.clone()
    }

    async fn works(&self) -> Result<(), ClusterError> {
        let (mode, refusal) = {
            let state = self.state.lock();
            (state.mode.clone(), state.refusal.clone())
        };
        match (mode, refusal) {
            (Mode::Works, None) => Ok(()),
            (Mode::Works, Some(error)) => Err(error),
            (Mode::Fails(why), _) => Err(ClusterError::Unreachable { why, may_be_done: false }),
            (Mode::Refuses(why), _) => Err(ClusterError::Refused { field: None, why }),
            (Mode::Hangs, _) => std::future::pending().await,
        }
    }
}

fn read<T: DeserializeOwned>(object: &Value) -> Arc<T> {
    Arc::new(serde_json::from_value(object.clone()).unwrap())
}

#[async_trait]
impl Cluster for MemoryCluster {
    fn id(&self) -> &ClusterId {
        &self.id
    }

    fn describe(&self) -> String {
        "cluster in memory".to_owned()
    }

    fn read_only(&self) -> Option<String> {
        self.state.lock().read_only.clone()
    }

    fn look(&self) -> ClusterLook {
        self.state.lock().look.clone()
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn want(&self, questions: Vec<MetricQuestion>) {
        self.state.lock().wanted = questions;
    }

    async fn try_out(&self, object: &ObjectRef, command: &ObjectCommand) -> Result<DryRun, ClusterError> {
        self.state.lock().tried.push((object.clone(), command.clone()));
        self.works().await?;
        let state = self.state.lock();
        Ok(DryRun {
            object: object.clone(),
            diff: state.diff.clone(),
            after: String::new(),
            warnings: vec![],
            resource_version: state.version.to_string(),
        })
    }

    async fn carry_out(&self, object: &ObjectRef, command: &ObjectCommand) -> Result<ObjectDone, ClusterError> {
        self.state.lock().carried_out.push((object.clone(), command.clone()));
        self.works().await?;
        let held = self.state.lock().held.clone();
        if let Some(held) = held {
            held.notified().await;
        }
        let mut state = self.state.lock();
        if let Some(error) = state.acting.clone() {
            return Err(error);
        }
        state.version += 1;
        Ok(ObjectDone {
            diff: state.diff.clone(),
            warnings: vec![],
            resource_version: state.version.to_string(),
        })
    }

    async fn stop(&self) {}
}
