//! Our gateway, as it comes and with everything on, beside nginx, HAProxy and Pingora alone: same instances, same core, in turn.
//!
//! ```text
//! core 1: wrk ──► core 0: one proxy, one thread ──► core 1: two instances (nginx, 64 bytes)
//! ```
//! Rounds go A B C A B C, so that a machine that gets slower is slower for all; the figures are medians over rounds. CPU per request is
//! what the kernel booked for the proxy's process, divided by the requests that were answered. Then all get the same steady rate, and then
//! connections that ask once and stay.

pub(super) mod config;
mod figures;
mod idle;
pub(super) mod peer;
mod steady;
mod wrk;

use std::{
    fs,
    path::{Path, PathBuf},
};

use self::{
    config::Features,
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
/// The first ones are ours.
const OWN: usize = 2;
/// Before the first round every proxy opens its connections.
const WARM_UP_SECONDS: u32 = 1;

pub(super) fn run(workspace: &Workspace, args: &GatewayBenchArgs) -> Result<(), Failure> {
    setup::ensure(workspace, setup::TO_BENCH, WasmFrom::Auto)?;
    run::build_server(workspace, true)?;
    step("bare proxy (release)", || {
        let build = ["build", "--release", "--package", "gateway", "--example", "bare_proxy"];
        workspace.cargo().args(build).run()
    })?;
    let folder = workspace.target().join("bench-gateway");
    files::remove_dir(&folder)?;
    files::create_dir(&folder)?;

    let bench = Bench {
        folder,
        bare: workspace.target().join("release/examples/bare_proxy"),
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
    let medians: Vec<_> = measured.iter().map(|figures| median(figures)).collect();
    report(&proxies, &medians);
    steady_rate(&proxies, &medians, args, &bench.folder)?;
    idle_connections(&proxies)
}

/// Of what ours does at most; the others get the same rate.
const STEADY_SHARE: f64 = 0.7;

fn steady_rate(proxies: &[Running], medians: &[Figures], args: &GatewayBenchArgs, folder: &Path) -> Result<(), Failure> {
    let Some(ours) = medians.first() else { return Ok(()) };
    let per_s = ours.requests_per_s * STEADY_SHARE;
    let mut measured = vec![Vec::new(); proxies.len()];
    step(&format!("{} rounds at {per_s:.0} requests/s", args.rounds), || {
        for _ in 0..args.rounds {
            for (proxy, measured) in proxies.iter().zip(&mut measured) {
                measured.push(steady::load(proxy, per_s, args.connections, args.seconds, folder)?);
            }
        }
        Ok::<_, Failure>(())
    })?;
    println!("\nAt a steady rate, 70 % of what evenkeel does at most; medians over rounds.");
    println!("{:<13} {:>12} {:>10} {:>10} {:>8}", "", "requests/s", "p50 ms", "p99 ms", "failed");
    for (proxy, rounds) in proxies.iter().zip(&measured) {
        let of = |figure: fn(&steady::Steady) -> f64| figures::middle(rounds.iter().map(figure).collect());
        println!(
            "{:<13} {:>12.0} {:>10.3} {:>10.3} {:>8}",
            proxy.name,
            of(|s| s.requests_per_s),
            of(|s| s.p50_ms),
            of(|s| s.p99_ms),
            rounds.iter().map(|s| s.failed).sum::<usize>()
        );
    }
    Ok(())
}

fn idle_connections(proxies: &[Running]) -> Result<(), Failure> {
    println!(
        "\nMemory of a connection that waits for its next request, over {} of them.",
        idle::CONNECTIONS
    );
    for proxy in proxies {
        println!("{:<13} {:>8.1} KiB", proxy.name, idle::kib_per_connection(proxy)?);
    }
    Ok(())
}

struct Bench {
    bare: PathBuf,
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
        let (ours, all_port, bare_port) = (free_port()?, free_port()?, free_port()?);
        let (nginx_port, haproxy_port) = (free_port()?, free_port()?);

        let evenkeel = |name: &str, port, features| {
            let folder = self.folder.join(name);
            files::create_dir(&folder)?;
            let file = self.write(&format!("{name}.toml"), &config::evenkeel(&folder, port, instances, features))?;
            Ok::<_, Failure>(Cmd::new(&self.binary).arg("gateway").arg("--config").arg(file))
        };
        let own = [ours, all_port].into_iter().zip([Features::Default, Features::All]);
        let [default, all] = own
            .map(|(port, features)| evenkeel(&format!("evenkeel-{features:?}").to_lowercase(), port, features))
            .collect::<Result<Vec<_>, _>>()?
            .try_into()
            .expect("two");
        let address = |port: u16| format!("127.0.0.1:{port}");
        let bare = Cmd::new(&self.bare).arg(address(bare_port)).args(instances.map(address));
        let file = self.write("nginx.conf", &config::nginx(&self.folder, nginx_port, instances))?;
        let nginx = nginx().arg("-c").arg(file);
        let file = self.write("haproxy.cfg", &config::haproxy(haproxy_port, instances))?;
        let haproxy = Cmd::new(find_program("haproxy").unwrap_or_else(|| "haproxy".into()))
            .arg("-db")
            .arg("-f")
            .arg(file);

        [
            ("evenkeel", default, ours),
            ("evenkeel, all", all, all_port),
            ("pingora", bare, bare_port),
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

fn report(proxies: &[Running], medians: &[Figures]) {
    println!("\nMedians over rounds; one core and one thread each, two instances, 64-byte answers.");
    println!(
        "{:<13} {:>12} {:>16} {:>10} {:>10} {:>8}",
        "", "requests/s", "us CPU/request", "p50 ms", "p99 ms", "errors"
    );
    for (proxy, figures) in proxies.iter().zip(medians) {
        println!("{:<13} {}", proxy.name, figures.row());
    }
    println!();
    let (own, peers) = medians.split_at(OWN.min(medians.len()));
    for (ours, figures) in proxies.iter().zip(own) {
        for (peer, theirs) in proxies.iter().skip(OWN).zip(peers) {
            println!(
                "{:<13} to {:<8} {:.2} x the requests/s, {:.2} x the CPU per request",
                ours.name,
                peer.name,
                figures.requests_per_s / theirs.requests_per_s,
                figures.cpu_us_per_request / theirs.cpu_us_per_request,
            );
        }
    }
    println!("\nOn in all: keep-alive on both sides, round robin, x-forwarded-for, x-served-by. Active health checks once a second in");
    println!(
        "evenkeel and HAProxy; nginx has none. Only evenkeel keeps latency histograms per instance; HAProxy keeps averages, nginx none."
    );
}
