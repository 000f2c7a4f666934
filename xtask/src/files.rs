//! Reading and writing with errors that name the file.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// Folders that hold no source: built, downloaded, or written at run time.
const NOT_SOURCE: [&str; 7] = [
    ".git",
    "target",
    "node_modules",
    "data",
    "test-results",
    "playwright-report",
    "blob-report",
];

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(Failure::file("read", path))
}

pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(Failure::file("read", path))
}

/// Writes beside the file first and then renames, so that nobody ever reads half a file.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        create_dir(folder)?;
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    fs::write(&beside, bytes).map_err(Failure::file("write", &beside))?;
    fs::rename(&beside, path).map_err(Failure::file("write", path))
}

pub(crate) fn create_dir(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(Failure::file("create the folder", path))
}

pub(crate) fn remove_dir(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::file("remove the folder", path)(error)),
        _ => Ok(()),
    }
}

/// The files directly in a folder, sorted.
pub(crate) fn list(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(Failure::file("list", folder))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(Failure::file("list", folder))?.path());
    }
    paths.sort();
    Ok(paths)
}

/// Every source file below a folder, sorted; built and downloaded folders are left out.
pub(crate) fn sources(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for path in list(&folder)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_symlink() || NOT_SOURCE.contains(&name.as_str()) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}
