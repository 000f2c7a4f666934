//! `cargo xtask check`: what can be said about the code without running it.

mod graph;
mod judge;
mod law;
mod lock;
mod migrations;
mod rust;
mod sources;
mod tidy;
mod types;

use std::process::ExitCode;

use clap::ValueEnum as _;

use crate::{
    cli::{CheckArgs, CheckPart, WasmFrom},
    failure::Failure,
    setup::{self, Part, WasmToolchain},
    steps::{note, step},
    workspace::Workspace,
};

/// What the checks need of the machine.
const NEEDS: &[Part] = &[Part::Build, Part::Node, Part::Browser];

pub(crate) fn command(workspace: &Workspace, args: &CheckArgs) -> Result<ExitCode, Failure> {
    let parts = if args.only.is_empty() {
        CheckPart::value_variants()
    } else {
        &args.only
    };
    let failed = run(workspace, parts, || setup::ensure(workspace, NEEDS, WasmFrom::Auto))?;
    if failed.is_empty() {
        println!("\nEvery check passed.");
        Ok(ExitCode::SUCCESS)
    } else {
        println!("\nFailed: {}", failed.join(", "));
        Ok(ExitCode::FAILURE)
    }
}

/// Runs every part, also after a failure, and returns the names of those that failed. Sets up only when a part needs it.
pub(crate) fn run(
    workspace: &Workspace,
    parts: &[CheckPart],
    set_up: impl Fn() -> Result<WasmToolchain, Failure>,
) -> Result<Vec<&'static str>, Failure> {
    let needs_setup = parts
        .iter()
        .any(|part| matches!(part, CheckPart::Clippy | CheckPart::Wasm | CheckPart::Types));
    let toolchain = if needs_setup { Some(set_up()?) } else { None };

    let mut failed = Vec::new();
    for part in parts {
        let name = part_name(*part);
        let outcome = step(&format!("check: {name}"), || match part {
            CheckPart::Law => law_and_sources(workspace),
            CheckPart::Tidy => tidy::check(workspace),
            CheckPart::Migrations => migrations::check(workspace),
            CheckPart::Lock => lock::check(workspace),
            CheckPart::Fmt => rust::fmt(workspace),
            CheckPart::Clippy => rust::clippy(workspace),
            CheckPart::Wasm => rust::wasm(workspace, toolchain.unwrap_or(WasmToolchain::InUse)),
            CheckPart::Types => types::check(workspace),
        });
        if let Err(failure) = outcome {
            println!("    {failure}");
            failed.push(name);
        }
    }
    Ok(failed)
}

fn law_and_sources(workspace: &Workspace) -> Result<(), Failure> {
    let mut violations = judge::judge(&graph::read(workspace)?);
    violations.extend(sources::check(workspace)?);
    verdict("the import law", violations)
}

/// All violations at once, each a sentence.
fn verdict(what: &'static str, violations: Vec<String>) -> Result<(), Failure> {
    if violations.is_empty() {
        return Ok(());
    }
    for violation in &violations {
        note(violation);
    }
    let count = violations.len();
    Err(Failure::Step {
        what,
        why: format!("{count} {}", if count == 1 { "violation" } else { "violations" }),
    })
}

const fn part_name(part: CheckPart) -> &'static str {
    match part {
        CheckPart::Law => "law",
        CheckPart::Tidy => "tidy",
        CheckPart::Migrations => "migrations",
        CheckPart::Lock => "lock",
        CheckPart::Fmt => "fmt",
        CheckPart::Clippy => "clippy",
        CheckPart::Wasm => "wasm",
        CheckPart::Types => "types",
    }
}
