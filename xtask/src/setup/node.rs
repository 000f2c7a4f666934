//! `npm ci` in the folders that hold node packages, only when the lock file is not what is installed.

use super::tools::Part;
use crate::{failure::Failure, files, process::Cmd, site::fingerprint::Fingerprint, steps::note, workspace::Workspace};

pub(super) struct Folder {
    pub(super) path: &'static str,
    /// Which command needs it.
    part: Part,
}

pub(super) const FOLDERS: [Folder; 2] = [
    Folder {
        path: "app/js",
        part: Part::Node,
    },
    Folder {
        path: "end2end",
        part: Part::Browser,
    },
];

/// Written by us after a complete install; npm's own record also exists after an interrupted one.
const STAMP: &str = "node_modules/.evenkeel-lock";

pub(super) fn ensure(workspace: &Workspace, parts: &[Part]) -> Result<(), Failure> {
    for folder in FOLDERS.iter().filter(|folder| parts.contains(&folder.part)) {
        if up_to_date(workspace, folder.path) {
            continue;
        }
        let lock = locked(workspace, folder.path)?;
        note(format!("npm ci in {}", folder.path));
        Cmd::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            // The tests drive the system's Chromium; Playwright's own download is not wanted.
            .env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")
            .dir(workspace.path(folder.path))
            .run()?;
        files::write(&workspace.path(folder.path).join(STAMP), lock)?;
    }
    Ok(())
}

pub(super) fn up_to_date(workspace: &Workspace, folder: &str) -> bool {
    let stamp = files::read_text(&workspace.path(folder).join(STAMP));
    matches!((stamp, locked(workspace, folder)), (Ok(stamp), Ok(lock)) if stamp == lock)
}

fn locked(workspace: &Workspace, folder: &str) -> Result<String, Failure> {
    let folder = workspace.path(folder);
    Ok(Fingerprint::new()
        .file(&folder.join("package.json"))?
        .file(&folder.join("package-lock.json"))?
        .finish())
}
