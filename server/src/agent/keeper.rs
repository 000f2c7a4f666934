//! The plan file: the orders that were followed last, for a start without the console.
//!
//! Written whole or not at all (a new file, flushed to the disk, renamed over the old one), readable by its owner alone because the
//! orders hold the affinity key, and believed only when its digest is right.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use adapters::builtin::fleet::OrdersText;
use serde::{Deserialize, Serialize};

const FILE: &str = "gateway-plan.json";
const FORMAT: u32 = 1;
/// Far more than the orders of a full console.
const FILE_MAX_BYTES: u64 = 32 * 1024 * 1024;

pub(super) struct PlanFile {
    dir: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    format: u32,
    /// SHA-256 of `orders`.
    digest: String,
    orders: OrdersText,
}

impl PlanFile {
    pub(super) fn in_dir(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.dir.join(FILE)
    }

    /// `None` when there is none.
    ///
    /// # Errors
    /// Why what is there cannot be believed, in words.
    pub(super) fn load(&self) -> Result<Option<OrdersText>, String> {
        let file = match File::open(self.path()) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let mut text = Vec::new();
        file.take(FILE_MAX_BYTES + 1).read_to_end(&mut text).map_err(|e| e.to_string())?;
        if text.len() as u64 > FILE_MAX_BYTES {
            return Err(format!("it has more than {FILE_MAX_BYTES} bytes"));
        }
        // What is wrong inside is not shown: it may be a piece of the key.
        let kept: Kept = serde_json::from_slice(&text).map_err(|_| "it is not a whole plan file".to_owned())?;
        if kept.format != FORMAT {
            return Err(format!("it has format {}; this version reads {FORMAT}", kept.format));
        }
        if kept.orders.digest() != kept.digest {
            return Err("its digest is wrong: somebody or something changed it".to_owned());
        }
        Ok(Some(kept.orders))
    }

    /// # Errors
    /// What the file system said; the file is then as it was.
    pub(super) fn store(&self, orders: &OrdersText) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let kept = Kept {
            format: FORMAT,
            digest: orders.digest(),
            orders: orders.clone(),
        };
        let new = self.dir.join(format!(".{FILE}.{}", std::process::id()));
        // One that was left behind by a crash, or planted.
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let written = Self::write(&new, &kept).and_then(|()| fs::rename(&new, self.path()));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written?;
        File::open(&self.dir)?.sync_all()
    }

    fn write(path: &Path, kept: &Kept) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn orders(text: &str) -> OrdersText {
        OrdersText(text.to_owned())
    }

    #[test]
    fn what_was_stored_is_loaded_and_only_its_owner_may_read_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = PlanFile::in_dir(&dir.path().join("data"));
        assert_eq!(file.load(), Ok(None));
        for text in ["{}", "{\"plan\":1}"] {
            file.store(&orders(text)).unwrap();
            assert_eq!(file.load(), Ok(Some(orders(text))));
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file.path()), mode(&dir.path().join("data"))), (0o600, 0o700));
        assert_eq!(fs::read_dir(dir.path().join("data")).unwrap().count(), 1, "nothing is left behind");
    }

    #[test]
    fn what_was_cut_or_changed_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let file = PlanFile::in_dir(dir.path());
        file.store(&orders("{\"weight\":1}")).unwrap();
        let good = fs::read_to_string(file.path()).unwrap();
        let changed = good.replace("weight\\\":1", "weight\\\":2");
        assert_ne!(changed, good);
        for bad in [
            "",
            "null",
            &good[..good.len() / 2],
            &changed,
            &good.replace("\"format\":1", "\"format\":2"),
        ] {
            fs::write(file.path(), bad).unwrap();
            assert!(file.load().is_err(), "{bad}");
        }
        fs::remove_file(file.path()).unwrap();
        fs::create_dir(file.path()).unwrap();
        assert!(file.load().is_err() && file.store(&orders("{}")).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
