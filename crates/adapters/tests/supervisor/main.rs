//! The supervisor over real processes: the example `fleet`, and small shell scripts where a program has to misbehave.
#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod scaling;

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use adapters::builtin::{Companion, StartError, Supervisor, SupervisorConfig, Timing};
use control::ports::Workloads;
use model::{InstanceId, PoolId, ProcessObservation, ProcessState, WorkloadId};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Longer than anything here takes on a busy machine; reached only by a failure.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const QUICK: Timing = Timing {
    backoff_min: Duration::from_millis(20),
    backoff_max: Duration::from_millis(200),
    stable_after: Duration::from_secs(10),
    ready_within: Duration::from_secs(30),
    grace: Duration::from_secs(20),
    drain_within: Duration::from_secs(3_600),
};

/// The example that lies beside this test's own program.
fn fleet() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let fleet = test.ancestors().nth(2).unwrap().join("examples/fleet");
    assert!(fleet.exists(), "{} is built by `cargo test -p adapters`", fleet.display());
    fleet
}

/// An executable shell script in a folder of its own, which must be held. Another process writes it: a file that this one has open for
/// writing while some thread forks cannot be executed until that child has become its own program ("text file busy").
fn script(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("program");
    let written = Command::new("/bin/sh")
        .args(["-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod 755 \"$0\""])
        .arg(&path)
        .arg(text)
        .status();
    assert!(written.unwrap().success());
    (folder, path)
}

fn start(program: &Path, count: u32, timing: Timing) -> Arc<Supervisor> {
    let mut config = SupervisorConfig::new(program, PoolId::new("web").unwrap(), WorkloadId::new("samples").unwrap(), count);
    config.timing = timing;
    Supervisor::start(config).unwrap()
}

async fn observe(supervisor: &Supervisor) -> Vec<ProcessObservation> {
    let [workload] = supervisor.observe().await.unwrap().try_into().unwrap();
    assert_eq!((workload.pool.as_str(), workload.workload.as_str()), ("web", "samples"));
    workload.processes
}

async fn until_processes(supervisor: &Supervisor, what: &str, asked: impl Fn(&[ProcessObservation]) -> bool) -> Vec<ProcessObservation> {
    let begun = Instant::now();
    loop {
        let seen = observe(supervisor).await;
        if asked(&seen) {
            return seen;
        }
        assert!(begun.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}, but {seen:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn until(what: &str, asked: impl Fn() -> bool) {
    let begun = Instant::now();
    while !asked() {
        assert!(begun.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        std::thread::sleep(LOOK_EVERY);
    }
}

fn all_running(seen: &[ProcessObservation]) -> bool {
    seen.iter().all(|process| process.state == ProcessState::Running)
}

fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(pid.try_into().unwrap()).unwrap(), signal).unwrap();
}

/// State and parent of a process (proc(5), `stat`; the name in brackets may hold anything).
fn stat(pid: u32) -> Option<(char, u32)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}

/// Gone, or dead and not yet collected by whoever inherited it.
fn gone(pid: u32) -> bool {
    stat(pid).is_none_or(|(state, _)| matches!(state, 'Z' | 'X'))
}

fn children(parent: u32) -> BTreeSet<u32> {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|&pid| stat(pid).is_some_and(|(state, found)| found == parent && !matches!(state, 'Z' | 'X')))
        .collect()
}

async fn who_answers(address: SocketAddr) -> String {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let instance = answer.lines().find_map(|line| line.strip_prefix("x-instance: "));
    instance.unwrap_or_else(|| panic!("{answer}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_start_answer_and_stop() {
    let supervisor = start(&fleet(), 3, QUICK);
    let seen = until_processes(&supervisor, "three run", all_running).await;
    let instances = supervisor.instances();
    assert_eq!(instances.len(), 3);
    for ((name, address), process) in instances.iter().zip(&seen) {
        assert_eq!(who_answers(*address).await, name.as_str());
        assert_eq!((&process.instance, process.restarts, &process.last_exit), (name, 0, &None));
        assert!(process.started_at_ms > 1_700_000_000_000);
    }
    supervisor.stop().await;
    assert!(seen.iter().all(|process| gone(process.pid.unwrap())));
    assert_eq!(supervisor.observe().await.unwrap_err().to_string(), "the supervisor has stopped");
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_instance_comes_back_at_its_address_and_tells_how_it_ended() {
    let supervisor = start(&fleet(), 2, QUICK);
    let before = until_processes(&supervisor, "two run", all_running).await;
    signal(before[0].pid.unwrap(), Signal::KILL);
    let after = until_processes(&supervisor, "it is back", |seen| seen[0].restarts == 1 && all_running(seen)).await;
    assert_eq!(after[0].last_exit.as_deref(), Some("killed by signal 9 (SIGKILL)"));
    assert_ne!(after[0].pid, before[0].pid);
    assert_eq!(after[1], before[1], "the other one is not touched");
    let (name, address) = &supervisor.instances()[0];
    assert_eq!(who_answers(*address).await, name.as_str());
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_ends_at_once_is_started_ever_more_slowly() {
    let (_folder, program) = script("exit 3");
    let supervisor = start(&program, 1, QUICK);
    let seen = until_processes(&supervisor, "the pause is as long as it gets", |seen| {
        let ProcessState::Backoff { next_start_ms } = seen[0].state else {
            return false;
        };
        seen[0].restarts >= 4 && next_start_ms - seen[0].started_at_ms >= 120
    })
    .await;
    assert_eq!(seen[0].last_exit.as_deref(), Some("exit code 3"));
    assert_eq!(seen[0].pid, None);
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ran_stable_is_forgiven() {
    let forgiving = Timing {
        stable_after: Duration::ZERO,
        backoff_min: Duration::from_millis(1),
        backoff_max: Duration::from_secs(3_600),
        ..QUICK
    };
    let supervisor = start(&fleet(), 1, forgiving);
    // Without forgiveness the twelfth pause alone would be two seconds and the last over half an hour.
    for round in 0..21 {
        let seen = until_processes(&supervisor, "it runs", |seen| seen[0].restarts == round && all_running(seen)).await;
        signal(seen[0].pid.unwrap(), Signal::KILL);
    }
    until_processes(&supervisor, "it is back", |seen| seen[0].restarts == 21).await;
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_never_answers_is_killed_and_counts_as_ended() {
    let (_folder, program) = script("exec sleep 1000");
    let impatient = Timing {
        ready_within: Duration::from_millis(100),
        ..QUICK
    };
    let supervisor = start(&program, 1, impatient);
    let seen = until_processes(&supervisor, "it was given up", |seen| seen[0].restarts >= 1).await;
    let how = seen[0].last_exit.as_deref().unwrap();
    assert_eq!(how, "did not answer within 0.1 s of its start, killed by signal 9 (SIGKILL)");
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_will_not_end_is_killed_after_the_grace_time() {
    let (folder, program) = script("trap '' TERM\ntouch \"$(dirname \"$0\")/deaf\"\nwhile :; do sleep 0.1; done");
    let short = Timing {
        grace: Duration::from_millis(200),
        ..QUICK
    };
    let supervisor = start(&program, 1, short);
    until("it is deaf", || folder.path().join("deaf").exists());
    let pid = observe(&supervisor).await[0].pid.unwrap();
    supervisor.stop().await;
    assert!(gone(pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_is_run_and_restarted_but_not_observed() {
    // Each run adds its lines; the last may be stopped half way.
    let (folder, program) = script("cd \"$(dirname \"$0\")\"; echo \"$@\" >> args; env >> env; echo run >> runs");
    let supervisor = start(&program, 0, QUICK);
    let companion = Companion {
        name: InstanceId::new("traffic").unwrap(),
        args: vec!["traffic".to_owned()],
    };
    supervisor.accompany(companion.clone()).await.unwrap();
    let runs = || fs::read_to_string(folder.path().join("runs")).unwrap_or_default().lines().count();
    until("it was started three times", || runs() >= 3);
    assert_eq!(observe(&supervisor).await, []);
    supervisor.stop().await;
    let args = fs::read_to_string(folder.path().join("args")).unwrap();
    assert_eq!(
        args.lines().next(),
        Some(format!("traffic --parent {}", std::process::id()).as_str())
    );
    let env = fs::read_to_string(folder.path().join("env")).unwrap();
    assert!(
        env.contains("PATH=") && !env.contains("CARGO"),
        "only what is listed is inherited: {env}"
    );
    assert!(supervisor.accompany(companion).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_it_stops_the_children() {
    let supervisor = start(&fleet(), 1, QUICK);
    let seen = until_processes(&supervisor, "it runs", all_running).await;
    drop(supervisor);
    until("it is gone", || gone(seen[0].pid.unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn children_do_not_depend_on_the_thread_that_asked_for_them() {
    let supervisor = std::thread::spawn(|| start(&fleet(), 1, QUICK)).join().unwrap();
    let seen = until_processes(&supervisor, "it runs", all_running).await;
    // The kernel would have killed it when that thread ended, and it would be another one by now.
    assert_eq!((seen[0].restarts, &seen[0].last_exit), (0, &None));
    supervisor.stop().await;
}

#[test]
fn what_cannot_be_started_is_named() {
    let config = |program: &str, count| SupervisorConfig::new(program, PoolId::new("p").unwrap(), WorkloadId::new("w").unwrap(), count);
    let missing = Supervisor::start(config("/nowhere/evenkeel", 1)).unwrap_err().to_string();
    assert!(missing.contains("/nowhere/evenkeel"), "{missing}");
    assert!(matches!(Supervisor::start(config("/bin/true", 65)), Err(StartError::TooMany(65))));
    let mut named = config("/bin/true", 1);
    named.prefix = "<b>".to_owned();
    assert!(matches!(Supervisor::start(named), Err(StartError::Name(_))));
}

#[test]
fn no_child_survives_a_parent_that_is_killed() {
    // Killed as soon as so many children are there: with one, the others are not even started; the youngest has hardly begun.
    for so_many in 1..=4 {
        let mut parent = Command::new(fleet()).arg("supervise").stdout(Stdio::null()).spawn().unwrap();
        let pid = parent.id();
        until("the children are there", || children(pid).len() >= so_many);
        // Stopped first, so that no child is born between the look and the kill.
        signal(pid, Signal::STOP);
        until("it stands still", || stat(pid).is_some_and(|(state, _)| state == 'T'));
        let orphans = children(pid);
        assert!(orphans.len() >= so_many);
        signal(pid, Signal::KILL);
        parent.wait().unwrap();
        until("all children are gone", || orphans.iter().all(|&child| gone(child)));
    }
}

/// The twin of the test above: without the defence a child does survive, so that test can fail.
#[test]
fn a_child_that_was_not_told_its_parent_does_survive() {
    let mut parent = Command::new("/bin/sh")
        .args(["-c", "\"$0\" sample --listen 127.0.0.1:0 --instance free & wait"])
        .arg(fleet())
        .spawn()
        .unwrap();
    until("the child is there", || children(parent.id()).len() == 1);
    let child = children(parent.id()).pop_first().unwrap();
    signal(parent.id(), Signal::KILL);
    parent.wait().unwrap();
    until("it has another parent", || {
        stat(child).is_none_or(|(_, found)| found != parent.id())
    });
    let survived = !gone(child);
    if survived {
        signal(child, Signal::KILL);
    }
    assert!(survived);
}

#[test]
fn a_child_whose_parent_is_gone_already_does_not_start() {
    let child = Command::new(fleet())
        .args(["sample", "--listen", "127.0.0.1:0", "--instance", "late", "--parent", "1"])
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&child.stderr).contains("the process that started this one (1) is gone"));
}
