//! `cargo xtask test`: every test there is, and one closing line: `N passed, N failed`.
//!
//! A part that fails does not stop the next one, so that one run shows everything. A failed check, a build that fails and a missing
//! browser suite count as one failure each: nothing is skipped in silence. The tests over Kubernetes need Go, which is not asked of
//! everybody: without it they are left out, counted, and the last lines say why.

mod browser;
mod cluster;
mod tally;
mod unit;

use std::process::ExitCode;

use clap::ValueEnum as _;

pub(crate) use self::{
    browser::{BINARY as SERVER, FOLDER as END2END},
    cluster::PROGRAM as TEST_CLUSTER,
};

use self::tally::Tally;
use crate::{
    check,
    cli::{CheckPart, TestArgs, TestPart},
    failure::Failure,
    setup,
    workspace::Workspace,
};

pub(crate) fn command(workspace: &Workspace, args: &TestArgs) -> Result<ExitCode, Failure> {
    let parts = if args.only.is_empty() {
        TestPart::value_variants()
    } else {
        &args.only
    };
    let toolchain = setup::ensure(workspace, setup::TO_TEST, args.wasm.wasm_from)?;

    let mut total = Tally::default();
    let mut left_out = None;
    for part in parts {
        let outcome = match part {
            TestPart::Check => {
                check::run(workspace, CheckPart::value_variants(), || Ok(toolchain)).map(|failed| Tally::failures(failed.len()))
            }
            TestPart::Unit => cluster::prepare(workspace, args).and_then(|kubernetes| {
                left_out.clone_from(&kubernetes.left_out);
                unit::run(workspace, &kubernetes.environment)
            }),
            TestPart::Browser => browser::run(workspace, toolchain),
        };
        total += outcome.unwrap_or_else(|failure| {
            println!("    {failure}");
            Tally::failures(1)
        });
    }
    if let Some(why) = left_out {
        println!("\nTests over Kubernetes LEFT OUT: {why}");
    }
    if total.skipped > 0 {
        println!("\n{} skipped", total.skipped);
    }
    println!("\n{total}");
    Ok(if total.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
