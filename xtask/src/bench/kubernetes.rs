//! What it costs to keep a large Kubernetes cluster in view, and how long a change takes until a browser shows it. The first program lives
//! with the adapter, the second with the browser tests; each starts the control plane it looks at.

use crate::{
    cli::WasmFrom,
    failure::Failure,
    process::Cmd,
    run,
    setup::{self, TestCluster},
    site::{self, Mode},
    steps::step,
    test::{END2END, SERVER, TEST_CLUSTER},
    workspace::Workspace,
};

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let toolchain = setup::ensure(workspace, setup::TO_TEST, WasmFrom::Auto)?;
    let cluster = match setup::test_cluster(workspace)? {
        TestCluster::Ready(program) => program,
        TestCluster::Absent(why) => {
            return Err(Failure::Step {
                what: "the test cluster",
                why,
            });
        }
    };
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
    })?;
    site::build(workspace, toolchain, Mode::Full)?;
    run::build_server(workspace, true)?;
    step("a change, from the API server to the browser", || {
        Cmd::new(workspace.node_tool(END2END, "playwright"))
            .args(["test", "--config", "bench/playwright.config.ts"])
            .env(SERVER, workspace.server_binary(true))
            .env(TEST_CLUSTER, cluster)
            .dir(workspace.path(END2END))
            .run()
    })
}
