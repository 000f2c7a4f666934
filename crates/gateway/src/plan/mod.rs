//! The plan as the request path reads it: compiled once, immutable, behind one swap.

mod compile;
mod pool;
mod route;

pub(crate) use compile::{Common, Compiled, compile, replace_pool};
pub(crate) use pool::{MAX_ATTEMPTS, Member, Pool, Tried};
pub(crate) use route::Way;

/// Instances of one pool. A pick looks at each of them at worst, and every one has a checker and a histogram of 25 kB.
pub(crate) const MAX_INSTANCES: usize = 4096;
