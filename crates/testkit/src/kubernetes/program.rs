use std::{
    env,
    path::{Path, PathBuf},
};

use crate::left_out;

/// The program, or why there is none. The names of these variables do not start with `EVENKEEL_`: the server reads those as settings and
/// refuses what it does not know.
const PROGRAM: &str = "E2E_TEST_CLUSTER";
/// The kubeconfig of a cluster of somebody's own.
const FOREIGN: &str = "E2E_KUBECONFIG";

/// Whether there is a cluster to test on. Where there is none by decision of `cargo xtask test`, it says that the test is left out; where
/// nobody decided, starting one fails and names the way out.
pub fn available() -> bool {
    foreign().is_some() || can_start()
}

/// As [`available`], for tests that need a control plane to themselves: somebody's own does not do.
pub fn can_start() -> bool {
    let named = env::var(PROGRAM).ok();
    let why = named.as_deref().and_then(|value| value.strip_prefix("none: "));
    why.inspect(|why| left_out(why)).is_none()
}

pub(super) fn foreign() -> Option<PathBuf> {
    env::var_os(FOREIGN).filter(|path| !path.is_empty()).map(PathBuf::from)
}

/// What `cargo xtask test` names, else what it built last.
pub(super) fn installed() -> Option<PathBuf> {
    if let Some(named) = env::var_os(PROGRAM).map(PathBuf::from) {
        return Some(named).filter(|program| program.is_file());
    }
    let caches = env::var_os("XDG_CACHE_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")))?;
    Some(caches.join("evenkeel/test-cluster/test-cluster")).filter(|program| program.is_file())
}
