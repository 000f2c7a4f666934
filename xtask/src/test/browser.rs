//! Playwright on real Chromium, against the server and the site built just now.

use std::{fs, path::Path};

use super::tally::Tally;
use crate::{
    failure::Failure,
    files,
    process::Cmd,
    run,
    setup::WasmToolchain,
    site::{self, Mode},
    steps::step,
    workspace::Workspace,
};

pub(crate) const FOLDER: &str = "end2end";

/// The names of these variables do not start with `EVENKEEL_`: the server reads those as settings and refuses what it does not know.
pub(crate) const BINARY: &str = "E2E_BINARY";
const SCREENSHOTS: &str = "E2E_SCREENSHOTS";

pub(super) fn run(workspace: &Workspace, toolchain: WasmToolchain) -> Result<Tally, Failure> {
    let folder = workspace.path(FOLDER);
    if !has_specs(&folder)? {
        return Err(Failure::Absent {
            path: folder.join("**/*.spec.ts"),
            why: "the browser tests are part of the tests",
        });
    }
    site::build(workspace, toolchain, Mode::Full)?;
    run::build_server(workspace, false)?;

    step("browser tests", || {
        let report = workspace.target().join("playwright.json");
        // A report of the last run must not be taken for one of this run.
        if report.exists() {
            fs::remove_file(&report).map_err(Failure::file("remove", &report))?;
        }
        let outcome = Cmd::new(workspace.node_tool(FOLDER, "playwright"))
            .args(["test", "--reporter=list,json", "--output"])
            .arg(workspace.target().join("playwright"))
            .env("PLAYWRIGHT_JSON_OUTPUT_NAME", &report)
            .env(BINARY, workspace.server_binary(false))
            .env(SCREENSHOTS, workspace.target().join("screenshots"))
            .dir(&folder)
            .run();
        let mut tally = Tally::of_playwright_report(&files::read_text(&report)?).map_err(|why| Failure::Unreadable {
            what: "Playwright's report".into(),
            why,
        })?;
        if outcome.is_err() && tally.failed == 0 {
            tally.failed = 1;
        }
        Ok(tally)
    })
}

fn has_specs(folder: &Path) -> Result<bool, Failure> {
    let files = files::sources(folder)?;
    Ok(files.iter().any(|file| file.to_string_lossy().ends_with(".spec.ts")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn downloaded_specs_are_not_ours() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("node_modules/x")).unwrap();
        fs::write(folder.path().join("node_modules/x/a.spec.ts"), "").unwrap();
        assert!(!has_specs(folder.path()).unwrap());
        fs::create_dir(folder.path().join("tests")).unwrap();
        fs::write(folder.path().join("tests/sign-in.spec.ts"), "").unwrap();
        assert!(has_specs(folder.path()).unwrap());
    }
}
