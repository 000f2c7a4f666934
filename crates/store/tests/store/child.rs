//! Parts of tests that must run in a process of their own: to be killed, or to have fewer rights.
//!
//! The test binary starts itself again with the part's name in the environment; [`part`] then plays it.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
};

use control::ports::Policies;
use model::PoolPolicy;
use store::{DataDir, OpenError, Store, StoreConfig};
use testkit::build;

use crate::{durability, samples};

const PART: &str = "EVENKEEL_TEST_PART";
const TARGET: &str = "EVENKEEL_TEST_TARGET";

/// Ends the answer of a part; whatever the test harness prints around it is not ours.
const MARK: &str = "answer: ";

/// Started by the tests below; on its own it has no part to play and passes.
#[test]
fn part() {
    let (Ok(part), Ok(target)) = (std::env::var(PART), std::env::var(TARGET)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    match part.as_str() {
        "write for ever" => runtime.block_on(durability::write_for_ever(&target)),
        "measure for ever" => runtime.block_on(samples::measure_for_ever(&target)),
        "open" => {
            let opened = runtime.block_on(Store::open(&StoreConfig::sqlite(target)));
            say(&opened.map_or_else(|e| e.to_string(), |_| "opened".into()));
        }
        "data directory" => say(&DataDir::open(target).map_or_else(|e| e.to_string(), |_| "opened".into())),
        "hold data directory" => {
            let _dir = DataDir::open(target).unwrap();
            say("held");
            // Until the test closes our input.
            std::io::stdin().read_line(&mut String::new()).unwrap();
        }
        other => panic!("no part {other:?}"),
    }
}

/// One line to the test that started this process. A new line first: the harness leaves one half written.
pub(crate) fn say(answer: &str) {
    println!("\n{MARK}{answer}");
}

/// This binary again, playing `part`.
pub(crate) fn command(part: &str, target: &str) -> Command {
    dressed(Command::new(std::env::current_exe().unwrap()), part, target)
}

/// As [`command`], as a user who is bound by file permissions: root loses the capabilities that ignore them.
pub(crate) fn unprivileged(part: &str, target: &str) -> Command {
    let me = std::env::current_exe().unwrap();
    if !testkit::postgres::is_root() {
        return command(part, target);
    }
    let mut setpriv = Command::new("setpriv");
    setpriv.arg("--bounding-set=-dac_override,-dac_read_search").arg(me);
    dressed(setpriv, part, target)
}

fn dressed(mut command: Command, part: &str, target: &str) -> Command {
    command
        .args(["--exact", "child::part", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(TARGET, target)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

/// What a part that ends by itself answers.
pub(crate) fn answer(mut command: Command) -> String {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let answer = said.lines().find_map(|line| line.strip_prefix(MARK));
    answer.unwrap_or_else(|| panic!("no answer: {said}")).to_owned()
}

/// The answers of a part that goes on.
pub(crate) fn answers(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let output: ChildStdout = child.stdout.take().unwrap();
    BufReader::new(output)
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| line.strip_prefix(MARK).map(str::to_owned))
}

#[tokio::test]
async fn a_file_that_may_not_be_read_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = prepared(&dir, 0o000, 0o700).await;
    let said = answer(unprivileged("open", file.to_str().unwrap()));
    let expected = format!(
        "{} cannot be used: permission denied; make it readable and writable for this user, or choose another one",
        file.display()
    );
    assert_eq!(said, expected);
}

#[tokio::test]
async fn a_read_only_file_is_named_and_stays_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let file = prepared(&dir, 0o400, 0o700).await;
    let before = std::fs::read(&file).unwrap();
    let said = answer(unprivileged("open", file.to_str().unwrap()));
    assert!(said.starts_with(&format!("{} is read-only: ", file.display())), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_read_only_directory_is_named() {
    let dir = tempfile::tempdir().unwrap();
    // SQLite needs its write-ahead log beside the file.
    let file = prepared(&dir, 0o600, 0o500).await;
    let said = answer(unprivileged("open", file.to_str().unwrap()));
    assert!(said.starts_with(&file.display().to_string()) && !said.contains("opened"), "{said}");
    let said = answer(unprivileged("open", dir.path().join("new.db").to_str().unwrap()));
    assert!(said.contains("new.db cannot be used: permission denied"), "{said}");
    let said = answer(unprivileged("data directory", dir.path().to_str().unwrap()));
    assert_eq!(
        said,
        format!(
            "{}/ cannot be used: permission denied; make it readable and writable for this user, or choose another one",
            dir.path().display()
        )
    );
    set_mode(dir.path(), 0o700);
}

/// A closed store with one policy in it, then with these permissions.
async fn prepared(dir: &tempfile::TempDir, file_mode: u32, dir_mode: u32) -> PathBuf {
    let file = dir.path().join("evenkeel.db");
    let store = Store::open(&StoreConfig::sqlite(&file)).await.unwrap();
    store
        .ensure(&build::pool("web"), &PoolPolicy::default(), build::NOW_MS)
        .await
        .unwrap();
    store.close().await;
    set_mode(&file, file_mode);
    set_mode(dir.path(), dir_mode);
    file
}

fn set_mode(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_data_directory_is_used_by_one_process_and_free_after_it() {
    let parent = tempfile::tempdir().unwrap();
    let path = parent.path().join("data");
    let mut holder = command("hold data directory", path.to_str().unwrap()).spawn().unwrap();
    let mut said = answers(&mut holder);
    assert_eq!(said.next().as_deref(), Some("held"));
    let refused = DataDir::open(&path).unwrap_err();
    assert_eq!(
        refused,
        OpenError::InUse {
            what: format!("{}/", path.display()),
            holder: Some(format!("process {}", holder.id())),
        }
    );
    assert!(
        refused
            .to_string()
            .starts_with(&format!("another Evenkeel (process {}) already uses ", holder.id()))
    );
    holder.kill().unwrap();
    holder.wait().unwrap();
    let dir = DataDir::open(&path).unwrap();
    assert_eq!(dir.database(), path.join("evenkeel.db"));
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o700, "passwords' hashes are for this user alone");
}
