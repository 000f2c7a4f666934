//! Orders into a running gateway, and what became of them.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use ::gateway::{AffinityKey, Gateway, GatewayConfig, GatewayStats, StartError as GatewayError};
use adapters::builtin::fleet::{Command, Done, Orders, OrdersText, Refusal, SyncRequest};
use model::GatewayPlan;

use super::keeper::PlanFile;
use crate::StartError;

/// Commands whose result the console has not confirmed.
const DONE_MAX: usize = 64;

/// The gateway for whoever stops it; there is none before the first orders.
#[derive(Clone, Default)]
pub(super) struct Shared(Arc<OnceLock<Gateway>>);

impl Shared {
    /// Certificates and log file, as on SIGHUP.
    pub(super) fn reload(&self) {
        if let Some(gateway) = self.0.get() {
            gateway.reload();
        }
    }

    /// Blocks until requests in flight have finished.
    pub(super) fn drain(&self) {
        if let Some(gateway) = self.0.get() {
            gateway.drain();
        }
    }
}

pub(super) struct Serving {
    config: GatewayConfig,
    file: PlanFile,
    gateway: Shared,
    /// Digest of the orders it serves by.
    in_force: Option<String>,
    refused: Option<Refusal>,
    /// Those that were refused. What they need of this machine, such as a file, may come later.
    pending: Option<OrdersText>,
    /// Those in force, when they could not be kept.
    unsaved: Option<Unsaved>,
    done: Vec<Done>,
    /// Number of the last event the console has confirmed.
    confirmed: u64,
}

struct Unsaved {
    orders: OrdersText,
    why: String,
}

/// What became of orders.
enum Taken {
    Yes,
    /// The reason. Those before stay in force.
    No(String),
}

impl Serving {
    pub(super) fn new(config: GatewayConfig, file: PlanFile) -> Self {
        Self {
            config,
            file,
            gateway: Shared::default(),
            in_force: None,
            refused: None,
            pending: None,
            unsaved: None,
            done: Vec::new(),
            confirmed: 0,
        }
    }

    pub(super) fn shared(&self) -> Shared {
        self.gateway.clone()
    }

    /// Serves by the kept plan, when there is one that can be believed.
    pub(super) fn start_from_file(&mut self) -> Result<(), StartError> {
        let file = self.file.path().display().to_string();
        let orders = match self.file.load() {
            Ok(Some(orders)) => orders,
            Ok(None) => {
                tracing::info!(file, "there is no kept plan yet");
                return Ok(());
            }
            Err(why) => {
                tracing::warn!(file, why, "the kept plan cannot be used; the console is asked for another");
                return Ok(());
            }
        };
        match self.take(&orders)? {
            Taken::Yes => tracing::info!(file, "serving by the kept plan"),
            Taken::No(why) => {
                tracing::warn!(file, "the kept plan cannot be followed; the console is asked for another");
                self.refuse(orders, why);
            }
        }
        Ok(())
    }

    /// New orders from the console.
    pub(super) fn follow(&mut self, orders: &OrdersText) -> Result<(), StartError> {
        match self.take(orders)? {
            Taken::Yes => {
                tracing::info!("new orders from the console are in force");
                self.keep(orders.clone());
            }
            Taken::No(why) => self.refuse(orders.clone(), why),
        }
        Ok(())
    }

    /// Once more what this machine would not do before.
    pub(super) fn try_again(&mut self) -> Result<(), StartError> {
        if let Some(orders) = self.pending.take() {
            match self.take(&orders)? {
                Taken::Yes => {
                    tracing::info!("orders that could not be followed are in force now");
                    self.keep(orders);
                }
                Taken::No(why) => self.refuse(orders, why),
            }
        }
        if let Some(Unsaved { orders, .. }) = &self.unsaved {
            self.keep(orders.clone());
        }
        Ok(())
    }

    /// What the console wants by now. Refused orders that it has taken back are not tried again.
    pub(super) fn want(&mut self, digest: &str) {
        if self.refused.as_ref().is_some_and(|refused| refused.digest != digest) {
            self.refused = None;
            self.pending = None;
        }
    }

    fn refuse(&mut self, orders: OrdersText, why: String) {
        let refused = Refusal {
            digest: orders.digest(),
            why,
        };
        if self.refused.as_ref() != Some(&refused) {
            let why = &refused.why;
            if self.is_serving() {
                tracing::error!(why, "the console's orders cannot be followed; those before stay in force");
            } else {
                tracing::error!(
                    why,
                    "the console's orders cannot be followed; there are none before, so nothing is served"
                );
            }
        }
        self.refused = Some(refused);
        self.pending = Some(orders);
    }

    fn keep(&mut self, orders: OrdersText) {
        let former = self.unsaved.take();
        match self.file.store(&orders) {
            Ok(()) if former.is_some() => tracing::info!("the plan is kept again"),
            Ok(()) => {}
            Err(error) => {
                let why = error.to_string();
                if former.is_none_or(|former| former.why != why) {
                    let file = self.file.path().display().to_string();
                    tracing::error!(
                        file,
                        why,
                        "the plan could not be kept: without the console this gateway will start by an older one, or by none"
                    );
                }
                self.unsaved = Some(Unsaved { orders, why });
            }
        }
    }

    fn take(&mut self, text: &OrdersText) -> Result<Taken, StartError> {
        let orders = match Orders::parse(text) {
            Ok(orders) => orders,
            Err(why) => return Ok(Taken::No(why)),
        };
        let taken = match self.gateway.0.get() {
            Some(gateway) => match gateway.apply(orders.plan) {
                Ok(()) => {
                    gateway.replace_affinity_key(orders.affinity_key.0);
                    Taken::Yes
                }
                Err(error) => Taken::No(error.to_string()),
            },
            None => self.start(orders.plan, orders.affinity_key.0)?,
        };
        if let Taken::Yes = taken {
            self.in_force = Some(text.digest());
            self.refused = None;
            self.pending = None;
        }
        Ok(taken)
    }

    fn start(&mut self, plan: GatewayPlan, key: [u8; 32]) -> Result<Taken, StartError> {
        let pools = plan.pools.len();
        let config = GatewayConfig {
            affinity_key: AffinityKey::new(key),
            ..self.config.clone()
        };
        match Gateway::start(config, plan) {
            Ok(gateway) => {
                for address in gateway.local_addrs() {
                    tracing::info!(%address, pools, "the gateway listens");
                }
                for address in gateway.tls_addrs() {
                    tracing::info!(%address, pools, "the gateway listens for TLS");
                }
                // Nobody else sets it.
                let _ = self.gateway.0.set(gateway);
                Ok(Taken::Yes)
            }
            Err(GatewayError::Plan(error)) => Ok(Taken::No(error.to_string())),
            Err(error) => Err(StartError::Gateway { why: error.to_string() }),
        }
    }

    pub(super) fn carry_out(&mut self, commands: Vec<Command>) {
        for Command { id, pool, reset } in commands {
            if self.done.iter().any(|done| done.id == id) {
                continue;
            }
            let result = match self.gateway.0.get() {
                Some(gateway) => gateway.reset_breakers(&pool, &reset).map_err(|e| e.to_string()),
                None => Err("it does not serve yet".to_owned()),
            };
            if self.done.len() < DONE_MAX {
                self.done.push(Done { id, error: result.err() });
            }
        }
    }

    /// The console has this report.
    pub(super) fn confirmed(&mut self, report: &SyncRequest) {
        self.done.retain(|done| !report.done.contains(done));
        if let Some(last) = report.stats.as_ref().and_then(|s| s.events.last()) {
            self.confirmed = last.seq;
        }
    }

    pub(super) fn is_serving(&self) -> bool {
        self.in_force.is_some()
    }

    pub(super) fn in_force(&self) -> Option<&str> {
        self.in_force.as_deref()
    }

    pub(super) fn refused(&self) -> Option<&Refusal> {
        self.refused.as_ref()
    }

    pub(super) fn done(&self) -> Vec<Done> {
        self.done.clone()
    }

    /// What is wrong, in a sentence.
    pub(super) fn trouble(&self) -> Option<String> {
        let unsaved = self.unsaved.as_ref()?;
        Some(format!("it could not keep the plan: {}", unsaved.why))
    }

    pub(super) fn addresses(&self) -> Vec<SocketAddr> {
        self.gateway.0.get().map_or_else(Vec::new, |gateway| gateway.local_addrs().to_vec())
    }

    pub(super) fn tls_addresses(&self) -> Vec<SocketAddr> {
        self.gateway.0.get().map_or_else(Vec::new, |gateway| gateway.tls_addrs().to_vec())
    }

    /// Without the events that the console has already, and the certificates, whose files are this machine's business.
    pub(super) fn stats(&self) -> Option<GatewayStats> {
        let mut stats = self.gateway.0.get()?.observe();
        stats.certificates = Vec::new();
        stats.events.retain(|event| event.seq > self.confirmed);
        Some(stats)
    }
}
