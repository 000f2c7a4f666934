//! Puts one asset into the site: a name with its content's hash, and compressed forms beside it.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use super::{Mode, compress, fingerprint::Fingerprint, manifest::Record};
use crate::{failure::Failure, files, steps::note};

/// Hex digits of the hash in a name: 64 bits, no two assets of one name meet.
const HASH_DIGITS: usize = 16;

#[derive(Debug)]
pub(super) struct Publisher<'a> {
    site: &'a Path,
    mode: Mode,
    record: &'a mut Record,
}

impl<'a> Publisher<'a> {
    pub(super) const fn new(site: &'a Path, mode: Mode, record: &'a mut Record) -> Self {
        Self { site, mode, record }
    }

    pub(super) fn publish_file(&mut self, file: &Path) -> Result<(), Failure> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.publish(&name, &name, &files::read(file)?).map(|_| ())
    }

    /// Publishes under `<stem>.<hash>.<ending>` and lists it in the manifest under `key`. Returns the hashed name.
    pub(super) fn publish(&mut self, key: &str, name: &str, bytes: &[u8]) -> Result<String, Failure> {
        let hashed = hashed_name(name, bytes);
        let below = self.place(key, &hashed, bytes)?;
        self.record.entries.insert(key.to_owned(), format!("/{below}"));
        Ok(hashed)
    }

    /// Publishes under the name it has: the bundler put a hash into it, and a style sheet refers to it. Not in the manifest.
    pub(super) fn publish_named(&mut self, file: &Path) -> Result<(), Failure> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.place(&name, &name, &files::read(file)?).map(|_| ())
    }

    /// Writes the asset and its compressed forms, and returns its path below the site.
    fn place(&mut self, shown: &str, name: &str, bytes: &[u8]) -> Result<String, Failure> {
        let below = format!("pkg/{name}");
        let path = self.site.join(&below);
        files::write(&path, bytes)?;
        let mut sizes = format!("{} bytes", bytes.len());
        for (ending, packed) in compress::forms(bytes, self.mode).map_err(Failure::file("compress", &path))? {
            let packed_name = format!("{below}.{ending}");
            files::write(&self.site.join(&packed_name), &packed)?;
            // Writing to a String cannot fail.
            let _ = write!(sizes, ", {ending} {}", packed.len());
            self.record.files.insert(packed_name);
        }
        note(format!("{shown}: {sizes}"));
        self.record.files.insert(below.clone());
        Ok(below)
    }

    /// Keeps an unhashed copy at the top of the site.
    pub(super) fn copy_to_root(&mut self, file: &Path) -> Result<(), Failure> {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files::write(&self.site.join(&name), files::read(file)?)?;
        self.record.files.insert(name);
        Ok(())
    }
}

fn hashed_name(name: &str, bytes: &[u8]) -> String {
    let hash = Fingerprint::new().bytes(bytes).finish();
    let hash = &hash[..HASH_DIGITS];
    let path = PathBuf::from(name);
    match (path.file_stem(), path.extension()) {
        (Some(stem), Some(ending)) => format!("{}.{hash}.{}", stem.to_string_lossy(), ending.to_string_lossy()),
        _ => format!("{name}.{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_stands_before_the_ending_and_follows_the_content() {
        let one = hashed_name("app_bg.wasm", b"one");
        let two = hashed_name("app_bg.wasm", b"two");
        let hash = one.strip_prefix("app_bg.").and_then(|rest| rest.strip_suffix(".wasm"));
        assert_eq!(hash.map(str::len), Some(HASH_DIGITS), "{one}");
        assert_ne!(one, two);
        assert_eq!(one, hashed_name("app_bg.wasm", b"one"));
    }
}
