//! Our gateway beside nginx and HAProxy: same instances, same features, same core, in turn.
//!
//! ```text
//! core 1: wrk ──► core 0: one proxy, one thread ──► core 1: two instances (nginx, 64 bytes)
//! ```
//! Rounds go A B C A B C, so that a machine that gets slower is slower for all three; the figures are medians over rounds. CPU per request
//! is what the kernel booked for the proxy's process, divided by the requests that were answered.

pub(super) mod config;
mod figures;
pub(super) mod peer;
mod wrk;

use std::{fs, path::PathBuf};

use self::{
    figures::{Figures, median},
    peer::{Running, free_port},
};
use crate::{
    cli::{GatewayBenchArgs, WasmFrom},
    failure::Failure,
    files,
    process::{Cmd, find_program},
    run, setup,
    steps::{note, step},
    workspace::Workspace,
};

/// The proxy under test has this core for itself.
const PROXY_CORE: &str = "0";
/// Load and instances share the other one; with one core they share everything.
const LOAD_CORE: &str = "1";
/// Before the first round every proxy opens its connections.
const WARM_UP_SECONDS: u32 = 1;

pub(super) fn run(workspace: &Workspace, args: &GatewayBenchArgs) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_BENCH, WasmFrom::Auto)?;
    run::build_server(workspace, true)?;
    let folder = workspace.target().join("bench-gateway");
    files::remove_dir(&folder)?;
    files::create_dir(&folder)?;

    let bench = Bench {
        folder,
        binary: workspace.server_binary(true),
    };
    let instances = bench.instances()?;
    let proxies = bench.proxies(instances.ports)?;
    let mut measured: Vec<Vec<Figures>> = proxies.iter().map(|_| Vec::new()).collect();

    step(
        &format!("{} rounds of {} s, {} connections", args.rounds, args.seconds, args.connections),
        || {
            for proxy in &proxies {
                wrk::load(proxy.port, args.connections, WARM_UP_SECONDS, LOAD_CORE)?;
            }
            for round in 1..=args.rounds {
                for (proxy, figures) in proxies.iter().zip(&mut measured) {
                    let figure = measure(proxy, args)?;
                    note(format!("round {round}: {:<9} {figure}", proxy.name));
                    figures.push(figure);
                }
            }
            Ok::<_, Failure>(())
        },
    )?;
    report(&proxies, &measured);
    Ok(())
}

struct Bench {
    folder: PathBuf,
    binary: PathBuf,
}

struct Instances {
    ports: [u16; 2],
    /// Held so that they run; stopped when dropped.
    _server: Running,
}

impl Bench {
    fn instances(&self) -> Result<Instances, Failure> {
        let ports = [free_port()?, free_port()?];
        let file = self.write("instances.conf", &config::instances(&self.folder, ports))?;
        let cmd = nginx().arg("-c").arg(file);
        let server = Running::start("instances", pinned(cmd, LOAD_CORE), ports[0], &self.folder)?;
        Ok(Instances { ports, _server: server })
    }

    fn proxies(&self, instances: [u16; 2]) -> Result<Vec<Running>, Failure> {
        let (ours, nginx_port, haproxy_port) = (free_port()?, free_port()?, free_port()?);

        let file = self.write("evenkeel.toml", &config::evenkeel(&self.folder, ours, instances))?;
        let evenkeel = Cmd::new(&self.binary).arg("gateway").arg("--config").arg(file);
        let file = self.write("nginx.conf", &config::nginx(&self.folder, nginx_port, instances))?;
        let nginx = nginx().arg("-c").arg(file);
        let file = self.write("haproxy.cfg", &config::haproxy(haproxy_port, instances))?;
        let haproxy = Cmd::new(find_program("haproxy").unwrap_or_else(|| "haproxy".into()))
            .arg("-db")
            .arg("-f")
            .arg(file);

        [
            ("evenkeel", evenkeel, ours),
            ("nginx", nginx, nginx_port),
            ("haproxy", haproxy, haproxy_port),
        ]
        .into_iter()
        .map(|(name, cmd, port)| Running::start(name, pinned(cmd, PROXY_CORE), port, &self.folder))
        .collect()
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.folder.join(name);
        fs::write(&path, text).map_err(Failure::file("write", &path))?;
        Ok(path)
    }
}

pub(super) fn nginx() -> Cmd {
    Cmd::new(find_program("nginx").unwrap_or_else(|| "nginx".into()))
}

/// The same command on one core. `taskset` becomes the command, so the process id stays the command's.
fn pinned(cmd: Cmd, core: &str) -> Cmd {
    let command = cmd.into_command();
    let only_core = std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    let core = if only_core { PROXY_CORE } else { core };
    Cmd::new("taskset")
        .args(["--cpu-list", core])
        .arg(command.get_program())
        .args(command.get_args())
}

fn measure(proxy: &Running, args: &GatewayBenchArgs) -> Result<Figures, Failure> {
    let before = proxy.cpu_us()?;
    let load = wrk::load(proxy.port, args.connections, args.seconds, LOAD_CORE)?;
    let cpu_us = proxy.cpu_us()? - before;
    Ok(Figures::of(&load, cpu_us))
}

fn report(proxies: &[Running], measured: &[Vec<Figures>]) {
    let medians: Vec<_> = measured.iter().map(|figures| median(figures)).collect();
    println!("\nMedians over rounds; one core and one thread each, two instances, 64-byte answers.");
    println!(
        "{:<10} {:>12} {:>16} {:>10} {:>10} {:>8}",
        "", "requests/s", "us CPU/request", "p50 ms", "p99 ms", "errors"
    );
    for (proxy, figures) in proxies.iter().zip(&medians) {
        println!("{:<10} {}", proxy.name, figures.row());
    }
    if let [ours, peers @ ..] = medians.as_slice() {
        println!();
        for (peer, figures) in proxies.iter().skip(1).zip(peers) {
            println!(
                "evenkeel to {:<8} {:.2} x the requests/s, {:.2} x the CPU per request",
                peer.name,
                ours.requests_per_s / figures.requests_per_s,
                ours.cpu_us_per_request / figures.cpu_us_per_request,
            );
        }
    }
    println!(
        "\nOn in all three: keep-alive on both sides, round robin, x-forwarded-for, x-served-by. Active health checks once a second in"
    );
    println!(
        "evenkeel and HAProxy; nginx has none. Only evenkeel keeps latency histograms per instance; HAProxy keeps averages, nginx none."
    );
}
