//! The brain of Evenkeel: what is intended, what is observed, and what follows from both.
//!
//! ```text
//!  ports/              what the outside can do for us; implemented in `adapters` and `store`
//!  decide/ (pure)      rates, snapshot, transitions, plan: (observations, time as an argument) → value
//!  history/            one hour at one second in memory; min-max downsampling on reads; older values come from the store
//!  views/ (pure)       what each page needs of a snapshot
//!  live/               frames: one serialisation per snapshot and view, shared by every listener
//!  loops/              lead · learn · collect · record · samples · compact · retain · clean-up · reconcile · autoscale · retire · forget · registry ·
//!                      housekeeping: idempotent, no input, status visible
//!  registration/       instances that announce themselves
//!  scaling/            what is scaled: what is intended, known and changed of it
//!  replica             who leads among several consoles, and what a follower hears of it
//!  access/             sign-in, sessions, permission proofs
//!  Control             the cheap-clone handle behind both doors, server functions and REST
//! ```
//!
//! It will never know SQL, HTTP, Kubernetes or a proxy's protocol: that is behind the ports.

pub mod access;
mod cleaning;
mod cluster;
mod command;
mod control;
pub mod decide;
mod doctor;
mod export;
pub mod history;
pub mod live;
pub mod loops;
pub mod ports;
mod query;
pub mod registration;
mod replica;
mod scaling;
mod series;
mod setup;
mod start;
mod state;
pub mod views;

pub use control::Control;
pub use export::{Export, ExportQuery};
pub use live::{LiveFrame, LiveStream};
pub use loops::LoopStatus;
pub use query::LiveStatus;
pub use replica::{Heard, Leadership};
pub use setup::{Fenced, INSTANCES_MAX, InstanceSetup, PoolSetup, Ports, RegistrySetup, ReplicaSetup, Setup, WorkloadSetup};
pub use start::{Running, StartError, initial_plans};
