//! The content of inputs in one hash: names and bytes, never times.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::{failure::Failure, files};

#[derive(Debug, Clone, Default)]
pub(crate) struct Fingerprint {
    hasher: Sha256,
}

impl Fingerprint {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.add(text.as_bytes());
        self
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.add(bytes);
        self
    }

    pub(crate) fn file(mut self, file: &Path) -> Result<Self, Failure> {
        self.add(&files::read(file)?);
        Ok(self)
    }

    /// Every source file of a folder, with its name below the folder.
    pub(crate) fn tree(mut self, folder: &Path) -> Result<Self, Failure> {
        for file in files::sources(folder)? {
            let name = file.strip_prefix(folder).unwrap_or(&file);
            self.add(name.to_string_lossy().as_bytes());
            self.add(&files::read(&file)?);
        }
        Ok(self)
    }

    pub(crate) fn finish(self) -> String {
        format!("{:x}", self.hasher.finalize())
    }

    /// With its length first, so that moving a byte from one input to the next changes the hash.
    fn add(&mut self, bytes: &[u8]) {
        self.hasher.update((bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn of(folder: &Path) -> String {
        Fingerprint::new().tree(folder).unwrap().finish()
    }

    #[test]
    fn content_and_names_count_and_times_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.css");
        fs::write(&file, "a {}").unwrap();
        let first = of(folder.path());

        fs::File::open(&file).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(of(folder.path()), first, "only the time changed");

        fs::write(&file, "b {}").unwrap();
        assert_ne!(of(folder.path()), first, "the content changed");

        fs::write(&file, "a {}").unwrap();
        assert_eq!(of(folder.path()), first);
        fs::rename(&file, folder.path().join("b.css")).unwrap();
        assert_ne!(of(folder.path()), first, "the name changed");
    }

    #[test]
    fn downloaded_packages_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let before = of(folder.path());
        fs::create_dir(folder.path().join("node_modules")).unwrap();
        fs::write(folder.path().join("node_modules/x.js"), "x").unwrap();
        assert_eq!(of(folder.path()), before);
    }

    #[test]
    fn inputs_do_not_run_into_each_other() {
        assert_ne!(
            Fingerprint::new().text("ab").text("c").finish(),
            Fingerprint::new().text("a").text("bc").finish()
        );
    }
}
