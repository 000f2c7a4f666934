//! The Rust that compiles for browsers.
//!
//! Usually the toolchain in use, with the wasm32 target from rustup. Where rustup is absent or cannot download, Debian's own Rust with
//! a wasm32 standard library built here from Debian's source package. The two live side by side: Debian's is in /usr and is only
//! called by its full path.

use std::{fmt, fs, path::Path, path::PathBuf, time::Duration};

use super::{debian::Rights, tools::Missing};
use crate::{
    cli::WasmFrom,
    failure::Failure,
    files,
    process::{Cmd, cargo, find_program},
    steps::note,
    workspace::Workspace,
};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A download that has not ended by then hangs; 20 MB take a minute on a slow line.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(300);

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_STD: &str = "/usr/lib/rustlib/wasm32-unknown-unknown";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
/// Beside the standard library we built: which compiler it was built by. Another compiler cannot read it.
const STAMP: &str = ".built-by";

/// Linkers of the packages lld-NN, newest first, then the unversioned one.
const LINKERS: [&str; 5] = ["wasm-ld-21", "wasm-ld-20", "wasm-ld-19", "wasm-ld-18", "wasm-ld"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WasmToolchain {
    /// The one that builds everything else.
    InUse,
    Debian,
}

impl fmt::Display for WasmToolchain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InUse => "the toolchain in use",
            Self::Debian => "Debian's Rust (/usr/bin/rustc)",
        })
    }
}

impl WasmToolchain {
    pub(crate) fn cargo(self) -> Cmd {
        match self {
            Self::InUse => cargo(),
            Self::Debian => debian_cargo(),
        }
    }

    /// Compiler and version, for fingerprints.
    pub(crate) fn version(self) -> Result<String, Failure> {
        rustc(self).arg("-vV").output()
    }

    /// Whether the lints can run for the browser's target.
    pub(crate) fn has_clippy(self) -> bool {
        self.cargo().args(["clippy", "--version"]).output().is_ok()
    }
}

/// What to do so that there is a toolchain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Choice {
    Ready(WasmToolchain),
    BuildForDebian,
}

/// What is there already.
pub(super) fn find(from: WasmFrom) -> Option<WasmToolchain> {
    let may = |toolchain| match from {
        WasmFrom::Auto => true,
        WasmFrom::Rustup => toolchain == WasmToolchain::InUse,
        WasmFrom::Debian => toolchain == WasmToolchain::Debian,
    };
    [WasmToolchain::InUse, WasmToolchain::Debian]
        .into_iter()
        .find(|toolchain| may(*toolchain) && has_target(*toolchain))
}

/// Takes what is there, else asks rustup, else falls back to Debian.
pub(super) fn choose(from: WasmFrom) -> Result<Choice, Failure> {
    if let Some(toolchain) = find(from) {
        return Ok(Choice::Ready(toolchain));
    }
    if from != WasmFrom::Debian {
        note(format!("rustup target add {TARGET}"));
        match Cmd::new("rustup").args(["target", "add", TARGET]).run_within(DOWNLOAD_LIMIT) {
            Ok(()) => return Ok(Choice::Ready(WasmToolchain::InUse)),
            Err(failure) if from == WasmFrom::Rustup => return Err(failure),
            Err(failure) => note(format!("{failure}; taking Debian's Rust instead")),
        }
    }
    Ok(Choice::BuildForDebian)
}

/// Debian packages the fallback needs and does not have.
pub(super) fn missing_packages() -> Vec<Missing> {
    let compiler = Path::new(DEBIAN_CARGO).is_file() && Path::new(DEBIAN_RUSTC).is_file() && Path::new(DEBIAN_SOURCE).is_file();
    let mut missing = Vec::new();
    if !compiler {
        missing.push(Missing {
            name: "Debian's Rust with its source",
            why: "compiles the browser code, because rustup has no wasm32 target here",
            packages: &["rustc-web", "cargo-web", "rust-web-src"],
        });
    }
    if linker().is_none() {
        missing.push(Missing {
            name: "wasm-ld",
            why: "links the browser code",
            packages: &["lld-19"],
        });
    }
    missing
}

pub(super) fn ensure(workspace: &Workspace, choice: Choice) -> Result<WasmToolchain, Failure> {
    match choice {
        Choice::Ready(toolchain) => Ok(toolchain),
        Choice::BuildForDebian => {
            build_standard_library(workspace)?;
            Ok(WasmToolchain::Debian)
        }
    }
}

fn has_target(toolchain: WasmToolchain) -> bool {
    let Ok(folder) = rustc(toolchain).args(["--print", "target-libdir", "--target", TARGET]).output() else {
        return false;
    };
    let folder = PathBuf::from(folder.trim());
    let has_std = files::list(&folder).is_ok_and(|files| files.iter().any(|file| is_rlib_of(file, "std")));
    // In Debian's place the library is ours, and has to be of this very compiler.
    has_std && (!folder.starts_with(DEBIAN_STD) || built_by_this_compiler())
}

fn built_by_this_compiler() -> bool {
    let stamp = files::read_text(&Path::new(DEBIAN_STD).join(STAMP));
    matches!((stamp, WasmToolchain::Debian.version()), (Ok(stamp), Ok(version)) if stamp == version)
}

fn is_rlib_of(file: &Path, krate: &str) -> bool {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let name = stem.strip_prefix("lib").and_then(|name| name.rsplit_once('-'));
    file.extension().is_some_and(|ending| ending == "rlib") && name.is_some_and(|(name, _hash)| name == krate)
}

/// Builds std from Debian's sources through a throw-away crate and puts it where Debian's compiler looks for it. Under a minute.
fn build_standard_library(workspace: &Workspace) -> Result<(), Failure> {
    note("building the wasm32 standard library for Debian's Rust (once; under a minute)");
    let folder = workspace.target().join("wasm-std");
    files::remove_dir(&folder)?;
    files::write(&folder.join("Cargo.toml"), THROW_AWAY_MANIFEST)?;
    files::write(&folder.join("src/lib.rs"), THROW_AWAY_CODE)?;
    throw_away_build(&folder)
        .args(["-Z", "build-std=std,panic_abort,panic_unwind"])
        // build-std is a nightly feature; the compiler and its sources are of one version here, which is all it needs.
        .env("RUSTC_BOOTSTRAP", "1")
        // Without bitcode, link-time optimisation fails with "Can't find section .llvmbc".
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .run()?;

    let staged = folder.join("staged");
    stage(&folder.join("target").join(TARGET).join("release/deps"), &staged)?;
    install(&staged)?;
    files::remove_dir(&folder.join("target"))?;
    note("checking it: compiling and linking a crate against it");
    throw_away_build(&folder).run()?;
    files::remove_dir(&folder)
}

const THROW_AWAY_MANIFEST: &str = "[package]\nname = \"throw-away\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\ncrate-type = [\"cdylib\"]\n\n[profile.release]\nlto = \"fat\"\npanic = \"abort\"\n\n[workspace]\n";
const THROW_AWAY_CODE: &str = "#[unsafe(no_mangle)]\npub extern \"C\" fn length(n: u32) -> usize {\n    format!(\"{n}\").len()\n}\n";

fn throw_away_build(folder: &Path) -> Cmd {
    debian_cargo()
        .args(["build", "--quiet", "--release", "--target", TARGET])
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .dir(folder)
}

/// The libraries that make up the standard library, without the throw-away crate, and the stamp.
fn stage(built: &Path, staged: &Path) -> Result<(), Failure> {
    let libraries = staged.join("lib");
    files::create_dir(&libraries)?;
    let mut count = 0;
    for file in files::list(built)? {
        if file.extension().is_some_and(|ending| ending == "rlib") && !is_rlib_of(&file, "throw_away") {
            let to = libraries.join(file.file_name().unwrap_or_default());
            fs::copy(&file, &to).map_err(Failure::file("copy", &file))?;
            count += 1;
        }
    }
    if count == 0 {
        return Err(Failure::Absent {
            path: built.join("*.rlib"),
            why: "the build of the standard library left nothing",
        });
    }
    files::write(&staged.join(STAMP), WasmToolchain::Debian.version()?)
}

/// Moves the staged folder into place in one step, so that an interrupted run leaves the old one or the new one.
fn install(staged: &Path) -> Result<(), Failure> {
    let rights = Rights::of_this_user();
    if rights == Rights::None {
        return Err(Failure::MustInstall(format!(
            "the standard library is built, but only root may put it where Debian's Rust looks for it. Run\n  sudo cp -r {} {DEBIAN_STD}\nand repeat the same command.",
            staged.display()
        )));
    }
    let beside = format!("{DEBIAN_STD}.new");
    rights.command("rm").args(["-rf", beside.as_str()]).run()?;
    rights.command("cp").arg("-r").arg(staged).arg(&beside).run()?;
    if Path::new(DEBIAN_STD).join(STAMP).is_file() {
        rights.command("rm").args(["-rf", DEBIAN_STD]).run()?;
    } else if Path::new(DEBIAN_STD).exists() {
        // Somebody else's work: kept, but out of the way, or two standard libraries would be mixed.
        let aside = format!("{DEBIAN_STD}.before-evenkeel");
        note(format!("moving the {DEBIAN_STD} that was there to {aside}"));
        rights
            .command("mv")
            .args(["--no-target-directory", DEBIAN_STD, aside.as_str()])
            .run()?;
    }
    rights.command("mv").args([beside.as_str(), DEBIAN_STD]).run()
}

fn linker() -> Option<&'static str> {
    LINKERS.into_iter().find(|name| find_program(name).is_some())
}

fn rustc(toolchain: WasmToolchain) -> Cmd {
    match toolchain {
        WasmToolchain::InUse => Cmd::new("rustc"),
        WasmToolchain::Debian => Cmd::new(DEBIAN_RUSTC).env_remove("LD_LIBRARY_PATH"),
    }
}

/// Debian's cargo with Debian's compiler: in the PATH rustup's may come first, and its libraries are in `LD_LIBRARY_PATH`.
fn debian_cargo() -> Cmd {
    let cmd = Cmd::new(DEBIAN_CARGO)
        .env("RUSTC", DEBIAN_RUSTC)
        .env_remove("RUSTUP_TOOLCHAIN")
        .env_remove("LD_LIBRARY_PATH");
    match linker() {
        Some(linker) => cmd.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker),
        None => cmd,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn std_is_not_mistaken_for_std_detect() {
        assert!(is_rlib_of(Path::new("/lib/libstd-0a1b.rlib"), "std"));
        assert!(!is_rlib_of(Path::new("/lib/libstd_detect-0a1b.rlib"), "std"));
        assert!(!is_rlib_of(Path::new("/lib/libstd-0a1b.rmeta"), "std"));
    }

    #[test]
    fn the_throw_away_crate_is_not_staged() {
        let folder = tempfile::tempdir().unwrap();
        let built = folder.path().join("deps");
        fs::create_dir_all(&built).unwrap();
        for name in ["libthrow_away-1.rlib", "libthrow_away-1.d"] {
            fs::write(built.join(name), "x").unwrap();
        }
        let error = stage(&built, &folder.path().join("staged")).unwrap_err();
        assert!(matches!(error, Failure::Absent { .. }), "{error}");
    }
}
