use std::{path::Path, process::Command};

use serde_json::Value;

use super::program;

/// What `kubectl kustomize FOLDER` makes of a folder: its objects.
///
/// # Panics
/// With kustomize's own sentence when it refuses.
pub fn kustomize(folder: &Path) -> Vec<Value> {
    let program = program::installed().expect("build the test cluster (cargo xtask setup; it needs Go)");
    let output = Command::new(program).arg("kustomize").arg(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", folder.display());
    serde_saphyr::from_slice_multiple(&output.stdout).unwrap()
}
