//! What a pick costs. The program lives with the gateway, whose insides it measures.

use crate::{failure::Failure, steps::step, workspace::Workspace};

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    step("picks", || {
        workspace
            .cargo()
            .args([
                "run",
                "--quiet",
                "--release",
                "--package",
                "gateway",
                "--features",
                "bench",
                "--example",
                "bench_pick",
            ])
            .run()
    })
}
