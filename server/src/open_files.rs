//! Every connection is an open file, and the customary soft limit of 1 024 is below what gateway and console are built for.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the soft limit to the hard one, which an administrator set and needs no permission. Only `select(2)` minds, and nothing here
/// uses it.
pub(crate) fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    let before = limit.current;
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, limit = before, "the limit of open files stays as it was");
    }
}
