//! The nouns of Evenkeel, shared between the server, the data plane and the browser.
//!
//! Serde values only: no I/O, no clock, no `cfg`. A value that exists here is valid; parsing happens in its constructor and in
//! `Deserialize`, so no code behind the edge checks a name or a weight again.
//!
//! ```text
//!  id ─ algorithm ─ pool ── plan ──────► gateway
//!                    │  └── change ────► forms, audit
//!                    └ observation ────► snapshot ─► view ─► browser
//! ```

pub mod access;
pub mod affinity;
pub mod algorithm;
pub mod breaker;
pub mod change;
pub mod cluster;
pub mod csv;
pub mod data;
pub mod degradation;
pub mod error;
pub mod event;
pub mod fleet;
pub mod host;
pub mod id;
pub mod limits;
pub mod live;
pub mod observation;
pub mod outlier;
pub mod page;
pub mod plan;
pub mod pool;
pub mod receipt;
pub mod registration;
pub mod retention;
pub mod retry;
pub mod scaling;
pub mod series;
pub mod settings;
pub mod snapshot;
pub mod source;
pub mod state;
pub mod time;
pub mod tls;
pub mod view;

pub use access::{Role, User, UserId, UserName};
pub use affinity::{AffinityKind, AffinityPolicy, Pin, Pins};
pub use algorithm::Algorithm;
pub use breaker::{BreakerHold, BreakerPolicy, BreakerState, BreakerStatus, BreakerTarget};
pub use change::{FieldDiff, PoolChange};
pub use data::{CleanUp, DataUsage, DataView, Removed, Retention, SampleUsage};
pub use degradation::DegradationPolicy;
pub use error::ApiError;
pub use event::{Actor, Event, EventFilter, EventKind, NewEvent, Severity};
pub use fleet::{GatewayFacts, GatewayObservation, GatewaySnapshot, GatewayState, LateCounts, PlanState};
pub use id::{BalancerId, GatewayId, InstanceId, InvalidName, PoolId, SourceId, WorkloadId};
pub use limits::LimitPolicy;
pub use live::{Frame, FrameId, Tail, TailColumn, ViewData, ViewKey};
pub use observation::{
    BalancerEvent, BalancerObservation, CheckResult, Counters, InstanceObservation, LatencySummary, LoadReport, PoolObservation,
    ProcessObservation, ProcessState, Refusals, Retries, Reused, ScaleAccess, Window, WorkloadCapabilities, WorkloadObservation,
};
pub use outlier::OutlierEjection;
pub use page::Page;
pub use plan::{CheckTarget, GatewayPlan, HostPattern, InstancePlan, PathPrefix, PoolPlan, Priority, ReusePolicy, Route};
pub use pool::{AdminState, CheckKind, HealthCheck, InstancePolicy, InvalidValue, LoadPath, PoolIntent, PoolPolicy, Weight};
pub use receipt::{Candidate, Guard, Phase, PhaseName, Pick, PickBasis, Receipt, ReceiptFilter, Receipts, Standing, Try, Verdict};
pub use registration::{Offer, Registered, Registration};
pub use retention::{Resolution, SampleRetention};
pub use retry::RetryPolicy;
pub use series::{Metric, Scope, Series, SeriesKey, SeriesQuery, SeriesSet};
pub use settings::Settings;
pub use snapshot::{Environment, InstanceSnapshot, PoolSnapshot, Snapshot, Totals, WorkloadSnapshot};
pub use source::{SourceState, SourceStatus};
pub use state::{Health, InstanceState};
pub use tls::{UpstreamTls, Verification};
pub use view::{BreakerRow, BreakersView, EventsView, InstanceRow, OverviewView, PoolRow, PoolView, PoolsView, SearchHit};
