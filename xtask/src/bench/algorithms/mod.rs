//! Eleven instances, one of them frozen for two seconds: how many requests are still answered within one second, by algorithm alone.
//!
//! The experiment is Linkerd's ("Beyond Round Robin", 2016). Nothing else helps: no ejection, no breaker, no second try in ours; peers with their
//! checks as usual. Before it, with everybody well, how even the algorithm spreads.

mod config;

use std::{thread, time::Duration};

use super::{
    gateway::peer::Running,
    load::{Seen, drive},
    origin::{Origin, signal},
};
use crate::{cli::WasmFrom, failure::Failure, files, run, setup, steps::note, workspace::Workspace};

const INSTANCES: usize = 11;
const REQUESTS_PER_S: u32 = 440;
const PHASE: Duration = Duration::from_secs(5);
const LEAD: Duration = Duration::from_secs(1);
const FROZEN: Duration = Duration::from_secs(2);

pub(super) fn run(workspace: &Workspace) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_BENCH, WasmFrom::Auto)?;
    run::build_server(workspace, true)?;
    let folder = workspace.target().join("bench-algorithms");
    files::remove_dir(&folder)?;
    files::create_dir(&folder)?;
    let origins = Origin::several(&folder, INSTANCES)?;
    let instances = origins.iter().map(Origin::start).collect::<Result<Vec<_>, _>>()?;
    let ports: Vec<u16> = origins.iter().map(|origin| origin.port).collect();

    let mut rows = Vec::new();
    for subject in config::subjects(&folder, &workspace.server_binary(true), &ports)? {
        let proxy = Running::start(subject.proxy, subject.cmd, subject.port, &folder)?;
        // Health checks have seen everybody.
        thread::sleep(Duration::from_secs(3));
        for (name, path) in subject.algorithms {
            let even = drive(proxy.port, &path, REQUESTS_PER_S, PHASE, LEAD);
            let frozen = freeze(proxy.port, &path, instances[0].pid())?;
            note(format!("{name:<32} {:.2} % within 1 s", frozen.within_1s_percent()));
            rows.push((name, even, frozen));
            // What was frozen has caught up.
            thread::sleep(FROZEN);
        }
    }
    report(&rows);
    Ok(())
}

fn freeze(port: u16, path: &str, pid: u32) -> Result<Seen, Failure> {
    let path = path.to_owned();
    let load = thread::spawn(move || drive(port, &path, REQUESTS_PER_S, PHASE, LEAD));
    thread::sleep(LEAD);
    signal("STOP", pid)?;
    thread::sleep(FROZEN);
    signal("CONT", pid)?;
    load.join().map_err(|_| Failure::Step {
        what: "the load",
        why: "a thread of it panicked".to_owned(),
    })
}

fn report(rows: &[(String, Seen, Seen)]) {
    println!(
        "\n{REQUESTS_PER_S} requests/s (GET) over {INSTANCES} equal instances for {} s; the second time one of them is frozen for {} s.",
        PHASE.as_secs(),
        FROZEN.as_secs()
    );
    println!(
        "{:<32} {:>14} {:>14} {:>10} {:>10}",
        "", "most - fewest", "within 1 s %", "p99 ms", "worst ms"
    );
    for (name, even, frozen) in rows {
        let (most, fewest) = even.spread();
        println!(
            "{name:<32} {:>14} {:>14.2} {:>10.1} {:>10.1}",
            format!("{most} - {fewest}"),
            frozen.within_1s_percent(),
            frozen.p99_ms(),
            frozen.worst_ms()
        );
    }
    println!(
        "\nNeither ejection nor breakers nor second tries in evenkeel here: what is seen is the algorithm. Hashing algorithms send one client,"
    );
    println!("or one path, to one instance: their spread here says nothing.");
}
