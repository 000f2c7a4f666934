//! Where things are. `CARGO_TARGET_DIR` is honoured everywhere, because cargo is asked and not guessed.

use std::path::{Path, PathBuf};

use cargo_metadata::MetadataCommand;

use crate::{
    failure::Failure,
    process::{Cmd, cargo},
};

#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    pub(crate) fn locate() -> Result<Self, Failure> {
        let metadata = MetadataCommand::new().no_deps().exec().map_err(|error| Failure::Unreadable {
            what: "the workspace (cargo metadata)".into(),
            why: error.to_string(),
        })?;
        Ok(Self {
            root: metadata.workspace_root.into_std_path_buf(),
            target: metadata.target_directory.into_std_path_buf(),
        })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the root, written as in the documentation: `app/js`.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// What the server serves; it finds this folder from its own place.
    pub(crate) fn site(&self) -> PathBuf {
        self.target.join("site")
    }

    /// A target folder of its own: browser and server want different features of the same crates.
    pub(crate) fn site_build(&self) -> PathBuf {
        self.target.join("site-build")
    }

    pub(crate) fn server_binary(&self, release: bool) -> PathBuf {
        self.target.join(if release { "release" } else { "debug" }).join("evenkeel")
    }

    /// A program of the site's node packages.
    pub(crate) fn node_tool(&self, folder: &str, name: &str) -> PathBuf {
        self.root.join(folder).join("node_modules/.bin").join(name)
    }

    /// Cargo in the root, on the one target folder, whatever folder this was called from.
    pub(crate) fn cargo(&self) -> Cmd {
        cargo().dir(&self.root).env("CARGO_TARGET_DIR", &self.target)
    }
}
