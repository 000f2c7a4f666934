//! What keeping measured values costs. The program lives with the store; it starts the Prometheus beside which it is measured.

use crate::{cli::WasmFrom, failure::Failure, setup, steps::step, workspace::Workspace};

const EXAMPLE: &str = "bench_samples";

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_BENCH, WasmFrom::Auto)?;
    step("bytes and CPU per sample, panels of a month", || {
        workspace
            .cargo()
            .args(["run", "--quiet", "--release", "--package", "store", "--example", EXAMPLE])
            .run()
    })
}
