//! What clients see while one of three instances is killed, frozen or slow: our gateway beside nginx and HAProxy, one after the other.
//!
//! Each instance is an nginx of one process. Killed: SIGKILL, started again for the next phase. Frozen: SIGSTOP, so that its kernel accepts
//! connections and nobody answers. Slow: stopped for most of the time, in turns of 50 ms. The load is open-loop: a request is sent when it is due,
//! whether or not those before it were answered, and its latency counts from then.

mod config;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use super::{
    gateway::peer::Running,
    load::{Seen, drive},
    origin::{Origin, signal},
};
use crate::{
    cli::WasmFrom,
    failure::Failure,
    files,
    process::{Cmd, find_program},
    run, setup,
    steps::note,
    workspace::Workspace,
};

const REQUESTS_PER_S: u32 = 400;
const PHASE: Duration = Duration::from_secs(5);
/// Into a phase, until something goes wrong.
const LEAD: Duration = Duration::from_millis(500);
/// Until everybody is well again, whatever the proxy remembers of the phase before: longer than the longest ejection here.
const REST: Duration = Duration::from_secs(12);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Killed,
    Frozen,
    Slow,
}

impl Trouble {
    const ALL: [Self; 4] = [Self::None, Self::Killed, Self::Frozen, Self::Slow];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "healthy",
            Self::Killed => "killed",
            Self::Frozen => "frozen",
            Self::Slow => "slow",
        }
    }
}

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_BENCH, WasmFrom::Auto)?;
    run::build_server(workspace, true)?;
    let folder = workspace.target().join("bench-failover");
    files::remove_dir(&folder)?;
    files::create_dir(&folder)?;
    let origins = Origin::several(&folder, 3)?;
    let ports = [origins[0].port, origins[1].port, origins[2].port];

    let mut rows = Vec::new();
    for (name, cmd, port) in config::proxies(&folder, &workspace.server_binary(true), ports)? {
        let mut instances = origins.iter().map(Origin::start).collect::<Result<Vec<_>, _>>()?;
        let proxy = Running::start(name, cmd, port, &folder)?;
        // Health checks have seen everybody.
        thread::sleep(Duration::from_secs(3));
        for trouble in Trouble::ALL {
            let seen = phase(trouble, proxy.port, &origins[0], &mut instances)?;
            note(format!("{name:<22} {:<8} {seen}", trouble.name()));
            rows.push((name, trouble, seen));
            thread::sleep(REST);
        }
    }
    report(&rows);
    Ok(())
}

fn phase(trouble: Trouble, port: u16, origin: &Origin, instances: &mut [Running]) -> Result<Seen, Failure> {
    let load = thread::spawn(move || drive(port, "/", REQUESTS_PER_S, PHASE, LEAD));
    thread::sleep(LEAD);
    let pid = instances[0].pid();
    let until_it_ends = PHASE.saturating_sub(LEAD);
    match trouble {
        Trouble::None => {}
        Trouble::Killed => signal("KILL", pid)?,
        Trouble::Frozen => signal("STOP", pid)?,
        Trouble::Slow => {
            let over = Arc::new(AtomicBool::new(false));
            let stutter = {
                let over = over.clone();
                thread::spawn(move || stutter(pid, &over))
            };
            thread::sleep(until_it_ends);
            over.store(true, Ordering::Relaxed);
            stutter.join().unwrap_or(Ok(()))?;
        }
    }
    let seen = load.join().map_err(|_| Failure::Step {
        what: "the load",
        why: "a thread of it panicked".to_owned(),
    })?;
    match trouble {
        Trouble::Killed => instances[0] = origin.start()?,
        Trouble::Frozen | Trouble::Slow => signal("CONT", pid)?,
        Trouble::None => {}
    }
    Ok(seen)
}

/// Awake for a fifth of the time.
fn stutter(pid: u32, over: &AtomicBool) -> Result<(), Failure> {
    while !over.load(Ordering::Relaxed) {
        signal("STOP", pid)?;
        thread::sleep(Duration::from_millis(40));
        signal("CONT", pid)?;
        thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

pub(super) fn haproxy() -> Cmd {
    Cmd::new(find_program("haproxy").unwrap_or_else(|| "haproxy".into())).arg("-db")
}

fn report(rows: &[(&str, Trouble, Seen)]) {
    println!(
        "\n{REQUESTS_PER_S} requests/s (GET), three instances; {} s a phase, one instance in trouble after {} ms.",
        PHASE.as_secs(),
        LEAD.as_millis()
    );
    println!(
        "{:<22} {:<8} {:>9} {:>7} {:>9} {:>9} {:>10} {:>16}",
        "", "phase", "requests", "failed", "p50 ms", "p99 ms", "worst ms", "last over 50 ms"
    );
    for (name, trouble, seen) in rows {
        println!("{name:<22} {:<8} {seen}", trouble.name());
    }
    println!(
        "\n\"last over 50 ms\": how long after the trouble began the last request came in that took longer than 50 ms; a dash where none did."
    );
    println!(
        "evenkeel gives up an idempotent GET after 100 ms of silence (retry.per_try_ms); nginx and HAProxy after 2 s, their figures in"
    );
    println!("most guides: a shorter limit of theirs would also cut off the last attempt, which ours waits for.");
}
