//! What happened, with cause and actor.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{InstanceId, InvalidValue, PoolId};

/// Ordered: `Info` < `Warning` < `Critical`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

impl std::str::FromStr for Severity {
    type Err = InvalidValue;
    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|s| s.id() == id)
            .ok_or_else(|| InvalidValue::new("severity", "allowed: info, warning, critical"))
    }
}

macro_rules! kinds {
    ($($variant:ident = $id:literal, $label:literal;)*) => {
        /// What kind of thing happened: noun, then verb.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum EventKind {
            $(#[serde(rename = $id)] $variant,)*
        }

        impl EventKind {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }
        }
    };
}

kinds! {
    ConsoleStarted = "console.started", "Console started";
    ConsoleStopped = "console.stopped", "Console stopped";
    LeaderChanged = "console.leads", "Console leads";
    PolicyApplied = "policy.applied", "Policy applied";
    PolicyRefused = "policy.refused", "Policy refused by the balancer";
    InstanceUp = "instance.up", "Instance up";
    InstanceDown = "instance.down", "Instance down";
    InstanceRegistered = "instance.registered", "Instance registered";
    InstanceDeregistered = "instance.deregistered", "Instance deregistered";
    InstanceExpired = "instance.expired", "Instance expired";
    InstanceJoined = "instance.joined", "Instance joined";
    InstanceDraining = "instance.draining", "Instance draining";
    InstanceLeft = "instance.left", "Instance left";
    InstanceEjected = "instance.ejected", "Instance ejected";
    InstanceReturned = "instance.returned", "Instance returned";
    ClientsMoved = "affinity.moved", "Clients moved";
    BreakerOpened = "breaker.opened", "Breaker opened";
    BreakerHalfOpen = "breaker.half_open", "Breaker half-open";
    BreakerClosed = "breaker.closed", "Breaker closed";
    BreakerReset = "breaker.reset", "Breaker reset";
    BreakerForced = "breaker.forced", "Breaker forced";
    PoolDegraded = "pool.degraded", "Pool degraded";
    PoolRecovered = "pool.recovered", "Pool recovered";
    PanicBegan = "pool.panic", "Panic mode";
    PanicEnded = "pool.calm", "Panic mode over";
    CertificateReloaded = "certificate.reloaded", "Certificate reloaded";
    CertificateRefused = "certificate.refused", "Certificate refused";
    CertificateExpires = "certificate.expires", "Certificate expires";
    ProcessStarted = "process.started", "Process started";
    ProcessExited = "process.exited", "Process exited";
    Scaled = "scaling.scaled", "Scaled";
    ScaledFar = "scaling.far", "Scaled by more than five";
    ScalingFailed = "scaling.failed", "Scaling failed";
    ScalingFlaps = "scaling.flaps", "Scaling flaps";
    ScalingChanged = "scaling.changed", "Scaling changed";
    ClusterAsked = "cluster.asked", "Cluster change asked for";
    ClusterChanged = "cluster.changed", "Cluster changed";
    ClusterRefused = "cluster.refused", "Cluster change refused";
    ClusterUnsure = "cluster.unsure", "Cluster change without an answer";
    SourceDown = "source.down", "Source down";
    SourceUp = "source.up", "Source up";
    GatewayJoined = "gateway.joined", "Gateway joined";
    GatewayLost = "gateway.lost", "Gateway lost";
    GatewayBack = "gateway.back", "Gateway back";
    PlanRefused = "gateway.refused", "Plan refused by a gateway";
    EventsLeftOut = "gateway.left_out", "Events of a gateway left out";
    UserCreated = "user.created", "User created";
    CleanedUp = "data.cleaned_up", "Cleaned up";
}

impl EventKind {
    pub const fn is_of_breakers(self) -> bool {
        matches!(
            self,
            Self::BreakerOpened | Self::BreakerHalfOpen | Self::BreakerClosed | Self::BreakerForced | Self::BreakerReset
        )
    }
}

impl std::str::FromStr for EventKind {
    type Err = InvalidValue;
    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .iter()
            .copied()
            .find(|k| k.id() == id)
            .ok_or_else(|| InvalidValue::new("kind", "is not a kind of event"))
    }
}

/// Who or what caused it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "by", content = "name", rename_all = "snake_case")]
pub enum Actor {
    /// A part of Evenkeel: "health check", "supervisor", "console".
    System(String),
    User(String),
    /// Somebody or something else, at the source: "kubectl-scale", "HPA web".
    Outside(String),
}

impl Actor {
    pub fn system(part: &str) -> Self {
        Self::System(part.to_owned())
    }

    /// `user`, `system` or `outside`, and the name: how it is stored.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::System(name) => ("system", name),
            Self::User(name) => ("user", name),
            Self::Outside(name) => ("outside", name),
        }
    }

    /// From how it is stored.
    ///
    /// # Errors
    /// An unknown kind.
    pub fn from_parts(by: &str, name: String) -> Result<Self, InvalidValue> {
        match by {
            "system" => Ok(Self::System(name)),
            "user" => Ok(Self::User(name)),
            "outside" => Ok(Self::Outside(name)),
            _ => Err(InvalidValue::new("actor_by", "allowed: system, user, outside")),
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.parts().1)
    }
}

/// An event before it has been stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// Unix time, ms.
    pub at_ms: i64,
    pub kind: EventKind,
    pub severity: Severity,
    pub pool: Option<PoolId>,
    pub instance: Option<InstanceId>,
    /// One sentence that stands alone.
    pub summary: String,
    /// Why, in words; may be empty when the summary says it.
    pub cause: String,
    pub actor: Actor,
}

/// A stored event. Ids rise with time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub id: i64,
    #[serde(flatten)]
    pub event: NewEvent,
}

/// Which events; everything absent means all. Newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct EventFilter {
    pub kind: Option<EventKind>,
    /// This or worse.
    pub severity: Option<Severity>,
    pub pool: Option<PoolId>,
    /// Occurs in summary or cause, whatever the case. At most [`EventFilter::TEXT_MAX`] characters.
    pub text: Option<String>,
    /// Unix time, ms, inclusive.
    pub from_ms: Option<i64>,
    /// Unix time, ms, inclusive.
    pub to_ms: Option<i64>,
    /// Only events older than this id: the cursor of the next page.
    pub before_id: Option<i64>,
}

impl EventFilter {
    pub const TEXT_MAX: usize = 200;

    /// Whether an event passes; the same rule as the store's, for the memory twin and for live rows.
    pub fn passes(&self, event: &Event) -> bool {
        let e = &event.event;
        self.kind.is_none_or(|k| k == e.kind)
            && self.severity.is_none_or(|s| e.severity >= s)
            && self.pool.as_ref().is_none_or(|p| e.pool.as_ref() == Some(p))
            && self.from_ms.is_none_or(|t| e.at_ms >= t)
            && self.to_ms.is_none_or(|t| e.at_ms <= t)
            && self.before_id.is_none_or(|id| event.id < id)
            && self.text.as_ref().is_none_or(|text| {
                let text = text.to_lowercase();
                e.summary.to_lowercase().contains(&text) || e.cause.to_lowercase().contains(&text)
            })
    }
}
