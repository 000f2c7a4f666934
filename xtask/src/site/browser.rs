//! The browser program: cargo for wasm32, wasm-bindgen, wasm-opt, and the script that loads the result by its hashed name.
//!
//! Two fingerprints: the sources decide whether cargo has to run, the file it leaves decides whether the rest has to.

use std::path::{Path, PathBuf};

use wasm_bindgen_cli_support::Bindgen;

use super::{Mode, bundle, fingerprint::Fingerprint, manifest::Ledger, publish::Publisher};
use crate::{
    failure::Failure,
    files,
    process::Cmd,
    setup::{WASM_TARGET as TARGET, WasmToolchain},
    steps::note,
    workspace::Workspace,
};

/// What rustc and LLVM use by default for wasm32 today; wasm-opt has to be told.
const WASM_FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// The name wasm-bindgen gives the wasm file, which the script asks for until it is told the hashed one.
const WASM_NAME: &str = "app_bg.wasm";

pub(super) fn build(workspace: &Workspace, toolchain: WasmToolchain, mode: Mode, ledger: &mut Ledger) -> Result<(), Failure> {
    let tree = dependencies(workspace)?;
    let compiled = compile(workspace, toolchain, mode, &tree, ledger)?;
    let bindgen = tree.lines().find(|line| line.starts_with("wasm-bindgen v")).unwrap_or_default();
    let inputs = bundle::inputs(workspace)?.file(&compiled)?.text(bindgen);
    ledger.step("browser", inputs, |publisher| link(workspace, &compiled, mode, publisher))
}

/// Runs cargo unless the sources are what they were, and returns the wasm file.
fn compile(workspace: &Workspace, toolchain: WasmToolchain, mode: Mode, tree: &str, ledger: &Ledger) -> Result<PathBuf, Failure> {
    let profile = match mode {
        Mode::Dev => "wasm-dev",
        Mode::Full => "wasm-release",
    };
    let record = format!("browser-{profile}");
    let compiled = workspace.site_build().join(TARGET).join(profile).join("frontend.wasm");
    let sources = sources(workspace, toolchain, tree)?;
    if compiled.is_file() && ledger.is_current(&record, &sources) {
        note("frontend: unchanged");
        return Ok(compiled);
    }
    note(format!("frontend: compiling for the browser ({profile})"));
    toolchain
        .cargo()
        .args([
            "build",
            "--quiet",
            "--package",
            "frontend",
            "--target",
            TARGET,
            "--profile",
            profile,
        ])
        .env("CARGO_TARGET_DIR", workspace.site_build())
        .dir(workspace.root())
        .run()?;
    ledger.mark_current(&record, &sources)?;
    Ok(compiled)
}

/// One line per crate that goes into the wasm file, with its version.
fn dependencies(workspace: &Workspace) -> Result<String, Failure> {
    workspace
        .cargo()
        .args([
            "tree",
            "--package",
            "frontend",
            "--target",
            TARGET,
            "--edges",
            "normal,build",
            "--prefix",
            "none",
        ])
        .output()
}

/// Everything the wasm file is made from: our crates below `frontend`, the versions of all others, the compiler.
fn sources(workspace: &Workspace, toolchain: WasmToolchain, tree: &str) -> Result<String, Failure> {
    let mut fingerprint = Fingerprint::new()
        .text(&toolchain.version()?)
        .text(&std::env::var("RUSTFLAGS").unwrap_or_default())
        .file(&workspace.path("Cargo.toml"))?
        .file(&workspace.path(".cargo/config.toml"))?
        .text(&without_places(tree));
    for folder in own_crates(tree) {
        fingerprint = fingerprint.tree(&folder)?;
    }
    Ok(fingerprint.finish())
}

/// Folders of our own crates in `cargo tree --prefix none`: lines such as `app v0.1.0 (/src/app)`.
fn own_crates(tree: &str) -> Vec<PathBuf> {
    let mut folders: Vec<_> = tree.lines().filter_map(place).map(PathBuf::from).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// The same lines without the folder of the checkout, so that another checkout has the same fingerprint.
fn without_places(tree: &str) -> String {
    let lines = tree.lines().map(|line| match place(line) {
        Some(place) => line.replace(place, ""),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn place(line: &str) -> Option<&str> {
    let inner = line.split('(').nth(1)?.split(')').next()?;
    inner.starts_with('/').then_some(inner)
}

/// wasm-bindgen, wasm-opt, and the script.
fn link(workspace: &Workspace, compiled: &Path, mode: Mode, publisher: &mut Publisher<'_>) -> Result<(), Failure> {
    let folder = workspace.site_build().join("bindgen");
    files::remove_dir(&folder)?;
    bindgen(compiled, &folder, mode)?;

    let wasm = folder.join(WASM_NAME);
    if mode == Mode::Full {
        optimise(workspace, &wasm)?;
    }
    let wasm_name = publisher.publish("app.wasm", WASM_NAME, &files::read(&wasm)?)?;

    let script = folder.join("bundled/app.js");
    bundle::script(workspace, &folder.join("app.js"), &script)?;
    let script = load_by_name(&files::read_text(&script)?, &wasm_name)?;
    publisher.publish("app.js", "app.js", script.as_bytes()).map(|_| ())
}

fn bindgen(compiled: &Path, folder: &Path, mode: Mode) -> Result<(), Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Step {
        what: "wasm-bindgen",
        why: format!("{error:#}"),
    };
    Bindgen::new()
        .input_path(compiled)
        .out_name("app")
        .typescript(false)
        .remove_name_section(mode == Mode::Full)
        .remove_producers_section(true)
        // The script knows its wasm file, so that `import(app.js).default()` is all a page needs.
        .omit_default_module_path(false)
        .web(true)
        .and_then(|bindgen| bindgen.generate(folder))
        .map_err(|error| failed(&error))
}

/// Smaller by a third. npm's binaryen, in the version of the lock file: Debian's (108) writes the wrong table index for wasm-bindgen's
/// `externref` table, and a browser then refuses to start the program.
fn optimise(workspace: &Workspace, wasm: &Path) -> Result<(), Failure> {
    Cmd::new(workspace.node_tool("app/js", "wasm-opt"))
        .args(["-Oz", "--strip-producers"])
        .args(WASM_FEATURES)
        .arg(wasm)
        .arg("-o")
        .arg(wasm)
        .run()
}

/// The script's default place for the wasm file, with the hashed name.
fn load_by_name(script: &str, wasm_name: &str) -> Result<String, Failure> {
    if script.contains(WASM_NAME) {
        Ok(script.replace(WASM_NAME, wasm_name))
    } else {
        Err(Failure::Step {
            what: "wasm-bindgen",
            why: format!("its script does not name {WASM_NAME}, so it would load nothing"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "frontend v0.1.0 (/src/crates/frontend)\napp v0.1.0 (/src/app)\nleptos v0.8.23\nserde_derive v1.0.1 (proc-macro)\napp v0.1.0 (/src/app) (*)\n";

    #[test]
    fn our_crates_are_those_with_a_folder() {
        assert_eq!(own_crates(TREE), ["/src/app", "/src/crates/frontend"].map(PathBuf::from));
    }

    #[test]
    fn two_checkouts_have_the_same_tree() {
        assert_eq!(
            without_places(TREE),
            without_places(&TREE.replace("/src/", "/elsewhere/")).replace("/elsewhere", "/src")
        );
        assert!(!without_places(TREE).contains("/src"));
        assert!(without_places(TREE).contains("leptos v0.8.23"));
    }

    #[test]
    fn the_script_loads_the_hashed_file() {
        let script = "u=new URL('app_bg.wasm',import.meta.url)";
        assert_eq!(
            load_by_name(script, "app_bg.1a.wasm").unwrap(),
            "u=new URL('app_bg.1a.wasm',import.meta.url)"
        );
        assert!(load_by_name("nothing here", "app_bg.1a.wasm").is_err());
    }
}
