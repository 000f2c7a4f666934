//! Kubernetes clusters: what is known of them and what is made of it.

mod acting;
mod board;
mod command;
mod inspect;
mod shown;
mod told;

pub(crate) use acting::Acting;
pub(crate) use board::{Board, ClusterBoard, Inspected, source_of};
use inspect::steps;
pub(crate) use inspect::{Inputs, inspect};
pub(crate) use shown::Shown;
