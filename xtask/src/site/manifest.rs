//! What each step was made from and what it left: the reason to skip a step, to list an asset, and to remove a file nobody lists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{Mode, fingerprint::Fingerprint, publish::Publisher};
use crate::{failure::Failure, files, steps::note};

/// The code that makes assets is an input of every asset.
const RECIPE: [&str; 4] = [
    include_str!("browser.rs"),
    include_str!("bundle.rs"),
    include_str!("compress.rs"),
    include_str!("publish.rs"),
];

#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Fingerprint of everything the step was made from.
    inputs: String,
    /// Manifest key to URL.
    pub(super) entries: BTreeMap<String, String>,
    /// Files below the site, compressed forms included.
    pub(super) files: BTreeSet<String>,
}

#[derive(Debug)]
pub(crate) struct Ledger {
    site: PathBuf,
    mode: Mode,
    done: Vec<Record>,
}

impl Ledger {
    pub(super) fn open(site: &Path, mode: Mode) -> Result<Self, Failure> {
        files::create_dir(&site.join("pkg"))?;
        Ok(Self {
            site: site.to_path_buf(),
            mode,
            done: Vec::new(),
        })
    }

    /// Does the work unless the inputs are what they were and everything it made is still there.
    pub(super) fn step(
        &mut self,
        name: &str,
        inputs: Fingerprint,
        work: impl FnOnce(&mut Publisher<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let inputs = inputs.text(&RECIPE.concat()).text(&self.mode.to_string()).finish();
        let path = self.record_path(name);
        let record = match read_record(&path) {
            Some(record) if record.inputs == inputs && self.is_complete(&record) => {
                note(format!("{name}: unchanged"));
                record
            }
            _ => {
                let mut record = Record {
                    inputs,
                    ..Record::default()
                };
                work(&mut Publisher::new(&self.site, self.mode, &mut record))?;
                write_record(&path, &record)?;
                record
            }
        };
        self.done.push(record);
        Ok(())
    }

    /// Whether the last work of this name, which left its result elsewhere, was made from these inputs.
    pub(super) fn is_current(&self, name: &str, inputs: &str) -> bool {
        read_record(&self.record_path(name)).is_some_and(|record| record.inputs == inputs)
    }

    pub(super) fn mark_current(&self, name: &str, inputs: &str) -> Result<(), Failure> {
        let record = Record {
            inputs: inputs.to_owned(),
            ..Record::default()
        };
        write_record(&self.record_path(name), &record)
    }

    /// Writes the manifest and removes what no step of this run lists.
    pub(super) fn close(self) -> Result<(), Failure> {
        let entries: BTreeMap<_, _> = self.done.iter().flat_map(|record| &record.entries).collect();
        let text = serde_json::to_string_pretty(&entries).map_err(|error| Failure::Unreadable {
            what: "the manifest".into(),
            why: error.to_string(),
        })?;
        files::write(&self.site.join("manifest.json"), text)?;

        let listed: BTreeSet<_> = self.done.iter().flat_map(|record| &record.files).collect();
        for file in files::list(&self.site.join("pkg"))? {
            let name = format!("pkg/{}", file.file_name().unwrap_or_default().to_string_lossy());
            if !listed.contains(&name) {
                fs::remove_file(&file).map_err(Failure::file("remove", &file))?;
            }
        }
        Ok(())
    }

    fn is_complete(&self, record: &Record) -> bool {
        record.files.iter().all(|file| self.site.join(file).is_file())
    }

    fn record_path(&self, name: &str) -> PathBuf {
        self.site.join(".fingerprints").join(format!("{name}.json"))
    }
}

/// A record that cannot be read is no record: the step runs again.
fn read_record(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn write_record(path: &Path, record: &Record) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(record).map_err(|error| Failure::Unreadable {
        what: path.display().to_string(),
        why: error.to_string(),
    })?;
    files::write(path, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the site's one step over `content` and says whether the work was done.
    fn run(site: &Path, content: &str) -> bool {
        let mut ledger = Ledger::open(site, Mode::Dev).unwrap();
        let mut worked = false;
        ledger
            .step("styles", Fingerprint::new().text(content), |publisher| {
                worked = true;
                publisher.publish("app.css", "app.css", content.repeat(100).as_bytes()).map(|_| ())
            })
            .unwrap();
        ledger.close().unwrap();
        worked
    }

    fn assets(site: &Path) -> Vec<String> {
        let names = files::list(&site.join("pkg")).unwrap();
        names
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_step_runs_once_for_the_same_inputs() {
        let site = tempfile::tempdir().unwrap();
        assert!(run(site.path(), "a{}"));
        assert!(!run(site.path(), "a{}"));
        assert!(run(site.path(), "b{}"));
    }

    #[test]
    fn a_step_runs_again_when_one_of_its_files_is_gone() {
        let site = tempfile::tempdir().unwrap();
        run(site.path(), "a{}");
        let gz = assets(site.path()).into_iter().find(|name| name.ends_with(".css.gz")).unwrap();
        fs::remove_file(site.path().join("pkg").join(gz)).unwrap();
        assert!(run(site.path(), "a{}"));
    }

    #[test]
    fn the_manifest_names_the_new_asset_and_the_old_one_is_removed_with_its_forms() {
        let site = tempfile::tempdir().unwrap();
        run(site.path(), "a{}");
        let old = assets(site.path());
        run(site.path(), "b{}");
        let new = assets(site.path());
        assert_eq!(new.len(), 3, "{new:?}");
        assert!(old.iter().all(|name| !new.contains(name)));

        let manifest: BTreeMap<String, String> = serde_json::from_slice(&fs::read(site.path().join("manifest.json")).unwrap()).unwrap();
        assert_eq!(manifest.keys().collect::<Vec<_>>(), ["app.css"]);
        assert!(site.path().join(manifest["app.css"].trim_start_matches('/')).is_file());
    }

    #[test]
    fn a_broken_record_only_costs_the_work() {
        let site = tempfile::tempdir().unwrap();
        run(site.path(), "a{}");
        fs::write(site.path().join(".fingerprints/styles.json"), "{").unwrap();
        assert!(run(site.path(), "a{}"));
    }
}
