//! The control plane that tests run against (`end2end/kubernetes`): built once from Go modules, kept in the user's cache folder under the
//! hash of its source and its compiler.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::{
    failure::Failure,
    files,
    process::{Cmd, find_program},
    site::fingerprint::Fingerprint,
    steps::note,
    workspace::Workspace,
};

const SOURCE: &str = "end2end/kubernetes";
const PROGRAM: &str = "test-cluster";
/// Of Kubernetes; it says so itself, as upstream's release builds do.
const VERSION_OF: &str = "k8s.io/kubernetes ";
const VERSION_PACKAGE: &str = "k8s.io/component-base/version";

/// Kubernetes 1.36 asks for it.
const GO: (u32, u32) = (1, 26);
/// Where the archives from go.dev are unpacked; often not on the PATH.
const GO_BESIDE_PATH: &str = "/usr/local/go/bin/go";

/// 200 MB of modules and a thousand packages: minutes on two cores; more hangs.
const BUILD_LIMIT: Duration = Duration::from_secs(45 * 60);

#[derive(Debug)]
pub(crate) enum TestCluster {
    Ready(PathBuf),
    /// The tests over Kubernetes are left out; this says why, and the way out.
    Absent(String),
}

/// Builds it where it is not built yet. That Go or its modules are missing is no failure of the code.
pub(crate) fn test_cluster(workspace: &Workspace) -> Result<TestCluster, Failure> {
    let absent = |why: String| {
        note(format!("NOT BUILT: {why}"));
        note("the tests over Kubernetes are left out");
        Ok(TestCluster::Absent(why))
    };
    let Some(go) = go() else {
        return absent(format!(
            "no Go {}.{} or newer; install it from https://go.dev/dl and repeat the same command",
            GO.0, GO.1
        ));
    };
    let Some(place) = place(workspace, &go)? else {
        return absent("no cache folder: neither XDG_CACHE_HOME nor HOME is set".to_owned());
    };
    let program = place.join(PROGRAM);
    if !program.is_file() {
        note(format!("building {PROGRAM} into {}; the first time takes minutes", place.display()));
        if let Err(failure) = build(workspace, &go, &place) {
            return absent(format!(
                "{failure}; Go fetches its modules from {}",
                env::var("GOPROXY").unwrap_or_else(|_| "proxy.golang.org".to_owned())
            ));
        }
    }
    link(&place)?;
    note(program.display().to_string());
    Ok(TestCluster::Ready(program))
}

/// As [`test_cluster`], changing nothing.
pub(super) fn find(workspace: &Workspace) -> Option<PathBuf> {
    let program = place(workspace, &go()?).ok()??.join(PROGRAM);
    program.is_file().then_some(program)
}

fn build(workspace: &Workspace, go: &Path, place: &Path) -> Result<(), Failure> {
    files::create_dir(place)?;
    let source = workspace.path(SOURCE);
    let version = version_in(&files::read_text(&source.join("go.mod"))?)?;
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let flags = format!(
        "-s -w -X {VERSION_PACKAGE}.gitVersion={version} -X {VERSION_PACKAGE}.gitMajor={major} -X {VERSION_PACKAGE}.gitMinor={minor}"
    );
    // Two that build at once do not write into each other's file.
    let unfinished = place.join(format!("{PROGRAM}.{}", std::process::id()));
    go_command(go)
        .args(["build", "-trimpath", "-buildvcs=false", "-ldflags", &flags, "-o"])
        .arg(&unfinished)
        .arg(".")
        .dir(source)
        .run_within(BUILD_LIMIT)?;
    let program = place.join(PROGRAM);
    fs::rename(&unfinished, &program).map_err(Failure::file("write", program))
}

/// The Go that is here, with the flags of this build and no others.
fn go_command(go: &Path) -> Cmd {
    Cmd::new(go).env("GOTOOLCHAIN", "local").env("GOFLAGS", "-mod=readonly")
}

fn go() -> Option<PathBuf> {
    let found = find_program("go").or_else(|| Some(PathBuf::from(GO_BESIDE_PATH)).filter(|path| path.is_file()))?;
    let said = go_command(&found).args(["env", "GOVERSION"]).output().ok()?;
    (version_of(&said)? >= GO).then_some(found)
}

/// `go1.26.8` is (1, 26).
fn version_of(said: &str) -> Option<(u32, u32)> {
    let mut numbers = said.trim().strip_prefix("go")?.split(['.', ' ', 'r', 'b']);
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn version_in(go_mod: &str) -> Result<String, Failure> {
    let line = go_mod.lines().find_map(|line| line.trim().strip_prefix(VERSION_OF));
    line.map(|version| version.trim().to_owned()).ok_or_else(|| Failure::Unreadable {
        what: format!("{SOURCE}/go.mod"),
        why: "it requires no k8s.io/kubernetes".to_owned(),
    })
}

fn place(workspace: &Workspace, go: &Path) -> Result<Option<PathBuf>, Failure> {
    let Some(caches) = caches() else { return Ok(None) };
    let compiler = go_command(go).args(["env", "GOVERSION", "GOOS", "GOARCH"]).output()?;
    let mut of = Fingerprint::new().text(&compiler);
    for file in files::sources(&workspace.path(SOURCE))? {
        let ending = file.extension().unwrap_or_default();
        // What is written about it does not change it.
        if ending != "md" {
            of = of.text(&file.file_name().unwrap_or_default().to_string_lossy()).file(&file)?;
        }
    }
    let hash = of.finish();
    Ok(Some(caches.join(format!("{PROGRAM}-{}", &hash[..16]))))
}

fn caches() -> Option<PathBuf> {
    let named = env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let caches = named.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cache")))?;
    Some(caches.join("evenkeel"))
}

/// Where `cargo test` by hand finds what was built last.
fn link(place: &Path) -> Result<(), Failure> {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return Ok(());
    };
    let link = folder.join(PROGRAM);
    if fs::read_link(&link).is_ok_and(|to| to == Path::new(name)) {
        return Ok(());
    }
    let beside = folder.join(format!("{PROGRAM}.{}", std::process::id()));
    symlink(name, &beside).map_err(Failure::file("link", &beside))?;
    fs::rename(&beside, &link).map_err(Failure::file("link", link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_that_of_the_module() {
        let go_mod = "require (\n\tgo.etcd.io/etcd/server/v3 v3.6.8\n\tk8s.io/kubernetes v1.36.3\n)\n";
        assert_eq!(version_in(go_mod).unwrap(), "v1.36.3");
        assert!(version_in("module x\n").is_err());
    }

    #[test]
    fn an_old_go_is_none() {
        assert_eq!(version_of("go1.26.8\n"), Some((1, 26)));
        assert_eq!(version_of("go1.27rc1\n"), Some((1, 27)));
        assert!(version_of("go1.19\n").unwrap() < GO);
        assert_eq!(version_of("devel +abc"), None);
    }
}
