//! Cargo.lock agrees with the manifests.
//!
//! Calling this tool already makes cargo write a fresh lock file, so "is it in sync now" would always be yes. The question that finds
//! a stale committed lock file is: did Cargo.lock change against the commit although no manifest did?

use super::verdict;
use crate::{failure::Failure, process::Cmd, workspace::Workspace};

pub(super) fn check(workspace: &Workspace) -> Result<(), Failure> {
    workspace
        .cargo()
        .args(["metadata", "--locked", "--format-version", "1"])
        .output()
        .map_err(|failure| Failure::Step {
            what: "Cargo.lock",
            why: format!("is not in sync with the manifests: {failure}"),
        })?;
    // Without git (a source archive) there is no committed file to be stale.
    let Ok(changed) = Cmd::new("git").args(["diff", "--name-only", "HEAD"]).dir(workspace.root()).output() else {
        return Ok(());
    };
    verdict("Cargo.lock", stale(&changed))
}

fn stale(changed: &str) -> Vec<String> {
    let lock_changed = changed.lines().any(|file| file == "Cargo.lock");
    let manifest_changed = changed.lines().any(|file| file == "Cargo.toml" || file.ends_with("/Cargo.toml"));
    if lock_changed && !manifest_changed {
        vec!["the committed Cargo.lock did not agree with the manifests; cargo has mended it, commit it".into()]
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_lock_file_that_changed_alone_is_stale() {
        assert_eq!(stale("Cargo.lock\nREADME.md\n").len(), 1);
        assert!(stale("Cargo.lock\ncrates/store/Cargo.toml\n").is_empty());
        assert!(stale("Cargo.toml\n").is_empty());
        assert!(stale("end2end/package-lock.json\n").is_empty());
    }
}
