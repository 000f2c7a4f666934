//! What deciding costs, and what a forecast is worth. The program lives with the decisions it measures.

use crate::{cli::WasmFrom, failure::Failure, setup, steps::step, workspace::Workspace};

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_RUN, WasmFrom::Auto)?;
    step("decisions, replays and forecasts", || {
        let run = ["run", "--quiet", "--release", "--package", "control", "--example", "bench_scaling"];
        workspace.cargo().args(run).run()
    })
}
