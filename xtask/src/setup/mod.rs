//! Brings a machine to the point where everything builds: looks first, says what it does, installs only what is missing.
//!
//! Order: the Rust that compiles for browsers (it may ask for Debian packages), Debian packages, that Rust's standard library,
//! node packages, crates, and the control plane for tests where Go is installed. Where it may not install it prints the exact list and stops; nothing is done by halves.

mod cluster;
mod debian;
mod node;
mod tools;
mod wasm;

use std::process::ExitCode;

pub(crate) use self::{
    cluster::{TestCluster, test_cluster},
    tools::Part,
    wasm::{TARGET as WASM_TARGET, WasmToolchain},
};
use crate::{
    cli::{SetupArgs, WasmFrom},
    failure::Failure,
    steps::{note, step},
    workspace::Workspace,
};

/// What `site` and `run` need.
pub(crate) const TO_RUN: &[Part] = &[Part::Build, Part::Node];
/// What `test` needs.
pub(crate) const TO_TEST: &[Part] = &[Part::Build, Part::Node, Part::Browser, Part::Database];
/// What `bench` needs.
pub(crate) const TO_BENCH: &[Part] = &[Part::Build, Part::Node, Part::Peers];

pub(crate) fn command(workspace: &Workspace, args: &SetupArgs) -> Result<ExitCode, Failure> {
    if args.check {
        return Ok(report(workspace, args.wasm.wasm_from));
    }
    ensure(workspace, Part::ALL, args.wasm.wasm_from)?;
    match step("test cluster", || test_cluster(workspace))? {
        TestCluster::Ready(_) => println!("\nEverything that building, testing and measuring need is here."),
        TestCluster::Absent(why) => println!("\nEverything is here but the control plane of the tests over Kubernetes: {why}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Installs what is missing of these parts and returns the Rust that compiles for browsers.
pub(crate) fn ensure(workspace: &Workspace, parts: &[Part], from: WasmFrom) -> Result<WasmToolchain, Failure> {
    step("setup", || {
        let choice = wasm::choose(from)?;
        let mut missing = tools::missing(parts);
        if matches!(choice, wasm::Choice::BuildForDebian) {
            missing.extend(wasm::missing_packages());
        }
        debian::install(&missing)?;
        let toolchain = wasm::ensure(workspace, choice)?;
        note(format!("browser code is compiled by {toolchain}"));
        node::ensure(workspace, parts)?;
        workspace.cargo().args(["fetch", "--quiet"]).run()?;
        Ok(toolchain)
    })
}

/// As [`ensure`], changing nothing.
fn report(workspace: &Workspace, from: WasmFrom) -> ExitCode {
    let mut complete = true;
    let mut line = |there: bool, what: &str, detail: &str| {
        complete &= there;
        println!("{}  {what:<34} {detail}", if there { "ok     " } else { "MISSING" });
    };
    for tool in tools::all() {
        line(tool.present(), tool.name, &format!("{} ({})", tool.why, tool.packages.join(", ")));
    }
    match wasm::find(from) {
        Some(toolchain) => line(true, "wasm32 standard library", &toolchain.to_string()),
        None => line(
            false,
            "wasm32 standard library",
            "rustup target add wasm32-unknown-unknown, or Debian's Rust",
        ),
    }
    let cluster = cluster::find(workspace);
    line(
        cluster.is_some(),
        "test cluster",
        "the control plane of the tests over Kubernetes (built with Go)",
    );
    for folder in node::FOLDERS {
        line(
            node::up_to_date(workspace, folder.path),
            folder.path,
            "node packages as locked (npm ci)",
        );
    }
    if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
