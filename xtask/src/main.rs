//! The build tool. Everything the README's two commands do is here, and nothing else builds, sets up or tests Evenkeel.
//!
//! ```text
//! run   = setup (what it needs) -> site -> server -> become the server
//! build = the same, without becoming the server
//! test  = setup -> check -> cargo test -> site -> browser tests -> "N passed, N failed"
//! ```
//!
//! It never changes a machine without saying so, and where it may not install it prints what is missing and stops with code 2.

mod bench;
mod check;
mod cli;
mod failure;
mod files;
mod process;
mod run;
mod setup;
mod site;
mod steps;
mod test;
mod workspace;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    cli::{Cli, Task},
    failure::Failure,
    workspace::Workspace,
};

fn main() -> ExitCode {
    match dispatch(Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::from(failure.exit_code())
        }
    }
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let workspace = Workspace::locate()?;
    match cli.task {
        Task::Setup(args) => setup::command(&workspace, &args),
        Task::Site(args) => site::command(&workspace, &args).map(|()| ExitCode::SUCCESS),
        Task::Run(args) => run::command(&workspace, &args),
        Task::Build(args) => run::build(&workspace, &args).map(|_| ExitCode::SUCCESS),
        Task::Test(args) => test::command(&workspace, &args),
        Task::Check(args) => check::command(&workspace, &args),
        Task::Bench(args) => bench::command(&workspace, &args).map(|()| ExitCode::SUCCESS),
    }
}
