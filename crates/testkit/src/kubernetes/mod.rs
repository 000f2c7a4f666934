//! A Kubernetes control plane for tests: the genuine API server and controllers, with machines and sensors that the test plays.
//!
//! The program is `end2end/kubernetes` (its README has everything that can be played); `cargo xtask test` builds it. Tests share one per
//! process and take a namespace each:
//!
//! ```ignore
//! if !kubernetes::available() { return; }
//! let namespace = Cluster::shared().namespace().await;
//! namespace.apply(json!({"apiVersion": "apps/v1", "kind": "Deployment", …})).await;
//! let Some(steering) = namespace.steering() else { return };
//! steering.usage(&Usage::of(namespace.pods("app=web"), "250m", "64Mi")).await;
//! ```
//!
//! `cargo xtask test --kubernetes` runs them in namespaces of somebody's own cluster: what needs steering is left out there, and says so.

mod audit;
mod cluster;
mod kustomize;
mod namespace;
mod options;
mod program;
mod raw;
mod read;
pub mod rules;
mod steering;

pub use kube::Client;

pub use self::{
    audit::Call,
    cluster::Cluster,
    kustomize::kustomize,
    namespace::Namespace,
    options::Options,
    program::{available, can_start},
    raw::{Answer, Raw},
    read::{list, read},
    steering::{About, ApiState, Custom, External, Object, Order, Resources, Steering, Target, Usage},
};
