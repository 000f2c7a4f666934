//! `deploy/`: what it says is what the program is. Manifests are read as data, and what they start is started.

mod applied;
mod autoscaler;
mod bare;
mod compose;
mod container;
mod files;
mod manifests;
mod network;
mod pods;
mod rights;
mod running;
