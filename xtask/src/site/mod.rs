//! `cargo xtask site`: what the browser loads, in `target/site`, ready to be served for ever under hashed names.
//!
//! ```text
//! style/main.css ── esbuild ──────────────────────────┐
//! app/js/charts.ts ── esbuild ────────────────────────┤ hash the name, compress twice
//! public/* ───────────────────────────────────────────┼──► target/site/pkg/*  +  manifest.json
//! frontend ── cargo ── wasm-bindgen ── wasm-opt ──────┘
//! ```
//! A step is skipped when the content of its inputs is what it was; times of files do not count, so a fresh checkout with an old target
//! folder does nothing. The quick steps come first: a mistake in a style sheet shows before a minute of compiling.

mod browser;
mod bundle;
mod compress;
pub(crate) mod fingerprint;
mod manifest;
mod publish;

use std::fmt;

use self::{fingerprint::Fingerprint, manifest::Ledger};
use crate::{
    cli::SiteArgs,
    failure::Failure,
    files,
    setup::{self, WasmToolchain},
    steps::{note, step},
    workspace::Workspace,
};

/// How much work goes into small files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// `--dev`: quick to build, large.
    Dev,
    /// What people load.
    Full,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dev => "dev",
            Self::Full => "full",
        })
    }
}

impl SiteArgs {
    pub(crate) const fn mode(&self) -> Mode {
        if self.dev { Mode::Dev } else { Mode::Full }
    }
}

pub(crate) fn command(workspace: &Workspace, args: &SiteArgs) -> Result<(), Failure> {
    let toolchain = setup::ensure(workspace, setup::TO_RUN, args.wasm.wasm_from)?;
    build(workspace, toolchain, args.mode())
}

pub(crate) fn build(workspace: &Workspace, toolchain: WasmToolchain, mode: Mode) -> Result<(), Failure> {
    step(&format!("site ({mode})"), || {
        let mut ledger = Ledger::open(&workspace.site(), mode)?;
        styles(workspace, &mut ledger)?;
        charts(workspace, &mut ledger)?;
        public(workspace, &mut ledger)?;
        browser::build(workspace, toolchain, mode, &mut ledger)?;
        ledger.close()?;
        note(format!("{}", workspace.site().join("manifest.json").display()));
        Ok(())
    })
}

fn styles(workspace: &Workspace, ledger: &mut Ledger) -> Result<(), Failure> {
    let inputs = bundle::inputs(workspace)?.tree(&workspace.path("style"))?;
    ledger.step("styles", inputs, |publisher| {
        let output = workspace.site_build().join("styles");
        bundle::styles(workspace, &output)?;
        let sheet = output.join("app.css");
        for file in files::list(&output)? {
            if file == sheet {
                publisher.publish_file(&file)?;
            } else {
                publisher.publish_named(&file)?;
            }
        }
        Ok(())
    })
}

fn charts(workspace: &Workspace, ledger: &mut Ledger) -> Result<(), Failure> {
    let inputs = bundle::inputs(workspace)?.tree(&workspace.path("app/js"))?;
    ledger.step("charts", inputs, |publisher| {
        let output = workspace.site_build().join("charts/charts.js");
        bundle::charts(workspace, &output)?;
        publisher.publish_file(&output)
    })
}

/// Files served as they are. They keep a copy under their own name for clients that ask for it, as browsers do for the icon.
fn public(workspace: &Workspace, ledger: &mut Ledger) -> Result<(), Failure> {
    let folder = workspace.path("public");
    if !folder.is_dir() {
        return Err(Failure::Absent {
            path: folder,
            why: "it holds favicon.svg and other files that are served as they are",
        });
    }
    let inputs = Fingerprint::new().tree(&folder)?;
    ledger.step("public", inputs, |publisher| {
        for file in files::list(&folder)? {
            publisher.publish_file(&file)?;
            publisher.copy_to_root(&file)?;
        }
        Ok(())
    })
}
