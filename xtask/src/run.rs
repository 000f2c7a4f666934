//! `cargo xtask run`: from a checkout to a running console. At the end this process becomes the server, so that Ctrl-C, signals and
//! the exit code are the server's own.

use std::{os::unix::process::CommandExt as _, path::PathBuf, process::ExitCode};

use crate::{
    cli::{BuildArgs, RunArgs},
    failure::Failure,
    process::Cmd,
    setup, site,
    steps::{note, step},
    workspace::Workspace,
};

pub(crate) fn command(workspace: &Workspace, args: &RunArgs) -> Result<ExitCode, Failure> {
    let binary = build(
        workspace,
        &BuildArgs {
            release: args.release,
            site: args.site.clone(),
        },
    )?;
    println!();
    // exec only returns when it fails.
    let error = Cmd::new(&binary).arg("serve").args(&args.args).into_command().exec();
    Err(Failure::Start {
        program: binary.display().to_string(),
        source: error,
    })
}

/// `cargo xtask build`: the site and the server; where the server is.
pub(crate) fn build(workspace: &Workspace, args: &BuildArgs) -> Result<PathBuf, Failure> {
    let toolchain = setup::ensure(workspace, setup::TO_RUN, args.site.wasm.wasm_from)?;
    site::build(workspace, toolchain, args.site.mode())?;
    build_server(workspace, args.release)?;
    let binary = workspace.server_binary(args.release);
    note(format!(
        "the program is {}, its site {}",
        binary.display(),
        workspace.site().display()
    ));
    Ok(binary)
}

/// Selected as the tests are, so that both use the same features of every crate and nothing is compiled twice.
pub(crate) fn build_server(workspace: &Workspace, release: bool) -> Result<(), Failure> {
    let title = if release { "server (release)" } else { "server" };
    step(title, || {
        let build = workspace
            .cargo()
            .args(["build", "--workspace", "--exclude", "frontend", "--bin", "evenkeel"]);
        if release { build.arg("--release") } else { build }.run()
    })
}
