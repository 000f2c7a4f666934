//! esbuild: styles, charts, and the glue that loads the wasm file.

use std::path::Path;

use super::fingerprint::Fingerprint;
use crate::{failure::Failure, files, process::Cmd, workspace::Workspace};

/// Every browser since 2022; the same line as the wasm features in use.
const TARGET: &str = "--target=es2022";

/// What every bundle depends on: the version of the bundler.
pub(super) fn inputs(workspace: &Workspace) -> Result<Fingerprint, Failure> {
    Fingerprint::new().file(&workspace.path("app/js/package-lock.json"))
}

/// `style/main.css` with its imports, and the files they refer to.
pub(super) fn styles(workspace: &Workspace, output: &Path) -> Result<(), Failure> {
    let entry = present(workspace, "style/main.css", "it is the entry of all styles")?;
    files::remove_dir(output)?;
    esbuild(workspace)
        .arg(entry)
        .args(["--bundle", "--minify", "--loader:.svg=file", "--loader:.woff2=file"])
        .args(["--asset-names=[name].[hash]", "--public-path=/pkg"])
        .arg(format!("--outfile={}", output.join("app.css").display()))
        .run()
}

/// The charting library, cut down to what `app/js/charts.ts` uses.
pub(super) fn charts(workspace: &Workspace, output: &Path) -> Result<(), Failure> {
    let entry = present(workspace, "app/js/charts.ts", "it is the entry of the charts bundle")?;
    script(workspace, &entry, output)
}

/// One script with everything it imports, as a module.
pub(super) fn script(workspace: &Workspace, entry: &Path, output: &Path) -> Result<(), Failure> {
    esbuild(workspace)
        .arg(entry)
        .args([
            "--bundle",
            "--format=esm",
            "--minify",
            "--tree-shaking=true",
            "--legal-comments=eof",
            TARGET,
        ])
        .arg("--define:process.env.NODE_ENV=\"production\"")
        .arg(format!("--outfile={}", output.display()))
        .run()
}

fn esbuild(workspace: &Workspace) -> Cmd {
    Cmd::new(workspace.node_tool("app/js", "esbuild"))
        .arg("--log-level=warning")
        .dir(workspace.root())
}

fn present(workspace: &Workspace, below: &str, why: &'static str) -> Result<std::path::PathBuf, Failure> {
    let path = workspace.path(below);
    if path.is_file() {
        Ok(path)
    } else {
        Err(Failure::Absent { path, why })
    }
}
