//! TypeScript: esbuild only strips types, so somebody else has to read them.

use crate::{failure::Failure, process::Cmd, workspace::Workspace};

/// The charts and the browser tests.
const PROJECTS: [&str; 2] = ["app/js", "end2end"];

pub(super) fn check(workspace: &Workspace) -> Result<(), Failure> {
    for project in PROJECTS {
        Cmd::new(workspace.node_tool(project, "tsc"))
            .args(["--noEmit", "--project", project])
            .dir(workspace.root())
            .run()?;
    }
    Ok(())
}
