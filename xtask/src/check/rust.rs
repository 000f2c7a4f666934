//! rustfmt and Clippy. `-D warnings` stands on Clippy's own command line: in RUSTFLAGS it would build everything a second time.

use crate::{
    failure::Failure,
    setup::{WASM_TARGET, WasmToolchain},
    steps::note,
    workspace::Workspace,
};

pub(super) fn fmt(workspace: &Workspace) -> Result<(), Failure> {
    workspace.cargo().args(["fmt", "--all", "--check"]).run()
}

/// Everything but the browser crate: in one build its features and the server's would unify.
pub(super) fn clippy(workspace: &Workspace) -> Result<(), Failure> {
    workspace
        .cargo()
        .args([
            "clippy",
            "--quiet",
            "--workspace",
            "--exclude",
            "frontend",
            "--all-targets",
            // The measuring programs too.
            "--features",
            "gateway/bench",
            "--",
            "-D",
            "warnings",
        ])
        .run()
}

/// `frontend` and with it `app` as the browser gets it.
pub(super) fn wasm(workspace: &Workspace, toolchain: WasmToolchain) -> Result<(), Failure> {
    let lints = toolchain.has_clippy();
    if !lints {
        note(format!("{toolchain} has no Clippy: only compiling"));
    }
    let cmd = toolchain
        .cargo()
        .arg(if lints { "clippy" } else { "check" })
        .args(["--quiet", "--package", "frontend", "--target", WASM_TARGET])
        .env("CARGO_TARGET_DIR", workspace.site_build())
        .dir(workspace.root());
    if lints { cmd.args(["--", "-D", "warnings"]) } else { cmd }.run()
}
