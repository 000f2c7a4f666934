//! A fleet that gets larger and smaller while it runs.

use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use adapters::builtin::{Supervisor, Timing};
use control::ports::{ScaleError, Workloads as _};
use model::{ProcessObservation, ProcessState, WorkloadId};
use rustix::process::Signal;

use crate::{
    DEADLINE, LOOK_EVERY, QUICK, all_running, children, fleet, gone, observe, script, signal, start, stat, until, until_processes,
    who_answers,
};

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    let supervisor = start(&fleet(), 2, QUICK);
    let kill = |process: &ProcessObservation| signal(process.pid.unwrap(), Signal::KILL);
    testkit::contract::workloads(&*supervisor, &WorkloadId::new("samples").unwrap(), kill).await;
    supervisor.stop().await;
    let scaled = supervisor.scale(&WorkloadId::new("samples").unwrap(), 2).await;
    assert!(matches!(scaled, Err(ScaleError::Unreachable { .. })), "{scaled:?}");
}

async fn scale(supervisor: &Supervisor, replicas: u32) {
    supervisor.scale(&WorkloadId::new("samples").unwrap(), replicas).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_drains_while_nobody_looks_is_stopped() {
    let short = Timing {
        drain_within: Duration::from_millis(300),
        ..QUICK
    };
    let supervisor = start(&fleet(), 2, short);
    let seen = until_processes(&supervisor, "two run", all_running).await;
    let (stays, goes) = (seen[0].pid.unwrap(), seen[1].pid.unwrap());
    scale(&supervisor, 1).await;
    // By its pid: asking the supervisor would be looking after it.
    until("it is stopped", || gone(goes));
    assert!(!gone(stays));
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_goes_before_what_serves_and_needs_no_drain() {
    // The second one never comes up: it takes its name as a reason to end.
    let text = format!("case \"$5\" in *-2) exit 3;; esac\nexec {} \"$@\"", fleet().display());
    let (_folder, program) = script(&text);
    let supervisor = start(&program, 3, QUICK);
    let comes_up = |process: &ProcessObservation| (process.state == ProcessState::Running) != process.instance.as_str().ends_with("-2");
    until_processes(&supervisor, "two run and one has failed", |seen| {
        seen.len() == 3 && seen.iter().all(comes_up) && seen[1].restarts > 0
    })
    .await;
    scale(&supervisor, 2).await;
    let left = until_processes(&supervisor, "the one that failed is gone", |seen| seen.len() == 2).await;
    assert!(all_running(&left), "the others serve on: {left:?}");
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_never_ready_is_stopped_at_once() {
    let (_folder, program) = script("exec sleep 1000");
    let supervisor = start(&program, 2, QUICK);
    let seen = until_processes(&supervisor, "both have been started", |seen| seen.iter().all(|p| p.pid.is_some())).await;
    scale(&supervisor, 1).await;
    until_processes(&supervisor, "one is gone", |seen| seen.len() == 1).await;
    assert!(gone(seen[1].pid.unwrap()) && !gone(seen[0].pid.unwrap()));
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_goes_up_and_down_fast_ends_where_it_was_left() {
    let supervisor = start(&fleet(), 2, QUICK);
    let numbers = [5, 0, 7, 1, 3, 3, 0, 6, 2, 4];
    for replicas in numbers {
        scale(&supervisor, replicas).await;
        tokio::task::yield_now().await;
    }
    let samples = WorkloadId::new("samples").unwrap();
    let begun = Instant::now();
    loop {
        let seen = observe(&supervisor).await;
        if seen.len() == 4 && all_running(&seen) {
            break;
        }
        for process in seen.iter().filter(|p| matches!(p.state, ProcessState::Draining { .. })) {
            supervisor.retire(&samples, &process.instance).await.unwrap();
        }
        assert!(begun.elapsed() < DEADLINE, "{seen:?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    for (name, address) in supervisor.instances() {
        assert_eq!(who_answers(address).await, name.as_str());
    }
    supervisor.stop().await;
}

#[test]
fn no_child_survives_a_parent_that_is_killed_while_it_scales_down() {
    let mut parent = Command::new(fleet()).arg("shrink").stdout(Stdio::piped()).spawn().unwrap();
    let pid = parent.id();
    let mut said = BufReader::new(parent.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "four run");
    assert_eq!(said.next().unwrap().unwrap(), "three drain");
    signal(pid, Signal::STOP);
    until("it stands still", || stat(pid).is_some_and(|(state, _)| state == 'T'));
    let orphans = children(pid);
    // One may have been stopped already; the others drain or stop.
    assert!((3..=4).contains(&orphans.len()), "{orphans:?}");
    signal(pid, Signal::KILL);
    parent.wait().unwrap();
    until("all children are gone", || orphans.iter().all(|&child| gone(child)));
}
