//! `cargo test`: pure rules, parsers, contract suites and tests over real servers, all of them.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use super::tally::Tally;
use crate::{failure::Failure, steps::step, workspace::Workspace};

pub(super) fn run(workspace: &Workspace, environment: &[(&str, String)]) -> Result<Tally, Failure> {
    step("unit and real-server tests", || {
        let mut tests = workspace
            .cargo()
            .args(["test", "--quiet", "--workspace", "--exclude", "frontend", "--no-fail-fast"]);
        for (name, value) in environment {
            tests = tests.env(name, value);
        }
        let mut child = tests.spawn(Stdio::piped(), Stdio::inherit())?;
        let mut tally = Tally::default();
        if let Some(output) = child.stdout.take() {
            for line in BufReader::new(output).lines() {
                let line = line.map_err(Failure::file("read the output of", "cargo test"))?;
                println!("{line}");
                tally += Tally::of_cargo_line(&line);
            }
        }
        tally = tally.without_left_out();
        let status = child.wait().map_err(Failure::file("wait for", "cargo test"))?;
        // Something that did not compile, or a test program that died, printed no result.
        if !status.success() && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(tally)
    })
}
