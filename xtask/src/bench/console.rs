//! What the console costs: bytes for the browser, time to render a page, clients on the live stream.

use std::collections::BTreeMap;

use crate::{
    cli::WasmFrom,
    failure::Failure,
    files, setup,
    site::{self, Mode},
    steps::{note, step},
    workspace::Workspace,
};

/// The program that renders and streams; it lives with the server, whose insides it measures.
const EXAMPLE: &str = "bench_console";

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let toolchain = setup::ensure(workspace, setup::TO_RUN, WasmFrom::Auto)?;
    site::build(workspace, toolchain, Mode::Full)?;
    step("what the browser loads", || sizes(workspace))?;
    step("server rendering and live stream", || {
        let source = workspace.path("server/examples").join(format!("{EXAMPLE}.rs"));
        if !source.is_file() {
            return Err(Failure::Absent {
                path: source,
                why: "it measures rendering and the live stream, so neither is measured",
            });
        }
        workspace
            .cargo()
            .args(["run", "--quiet", "--release", "--package", "server", "--example", EXAMPLE])
            .run()
    })
}

fn sizes(workspace: &Workspace) -> Result<(), Failure> {
    let path = workspace.site().join("manifest.json");
    let manifest: BTreeMap<String, String> = serde_json::from_slice(&files::read(&path)?).map_err(|error| Failure::Unreadable {
        what: path.display().to_string(),
        why: error.to_string(),
    })?;
    let mut total = 0;
    note(format!("{:<16} {:>12} {:>12}", "asset", "bytes", "brotli"));
    for (name, url) in &manifest {
        let file = workspace.site().join(url.trim_start_matches('/'));
        let size = |file: &std::path::Path| std::fs::metadata(file).map(|metadata| metadata.len());
        let plain = size(&file).map_err(Failure::file("measure", &file))?;
        // Without a compressed form it is sent as it is.
        let packed = size(&file.with_file_name(format!("{}.br", file.file_name().unwrap_or_default().to_string_lossy()))).unwrap_or(plain);
        total += packed;
        note(format!("{name:<16} {plain:>12} {packed:>12}"));
    }
    note(format!("{:<16} {:>12} {total:>12}", "whole page", ""));
    Ok(())
}
