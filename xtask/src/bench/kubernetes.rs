//! What it costs to keep a large Kubernetes cluster in view. The program lives with the adapter; it starts the control plane it looks at.

use crate::{cli::WasmFrom, failure::Failure, setup, steps::step, workspace::Workspace};

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_RUN, WasmFrom::Auto)?;
    setup::test_cluster(workspace)?;
    step("memory, first look, changes", || {
        let run = [
            "run",
            "--quiet",
            "--release",
            "--package",
            "adapters",
            "--example",
            "bench_kubernetes",
        ];
        workspace.cargo().args(run).run()
    })
}
