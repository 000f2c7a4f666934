//! The smallest program with a fleet: `fleet supervise` runs three instances and a traffic generator, which are this same program called
//! as `fleet sample …` and `fleet traffic …`; `fleet shrink` lets four run and then scales them down to one. For trying things out, and for the tests of the supervisor.

use std::{error::Error, net::SocketAddr, process::ExitCode};

use adapters::builtin::{Companion, Supervisor, SupervisorConfig};
use control::ports::Workloads as _;
use model::{InstanceId, PoolId, ProcessState, WorkloadId, WorkloadObservation};
use sample::{SampleConfig, traffic::TrafficConfig};
use tokio::signal::unix::{SignalKind, signal};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().skip_while(|arg| *arg != name).nth(1).cloned();
    match run(args.first().map_or("", String::as_str), value) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}

fn run(role: &str, value: impl Fn(&str) -> Option<String>) -> Outcome {
    // Before anything else, and before there is a second thread.
    if let Some(parent) = value("--parent") {
        sample::die_with_parent(parent.parse()?)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        match role {
            "sample" => {
                let listen: SocketAddr = value("--listen").ok_or("--listen is missing")?.parse()?;
                let config = SampleConfig::new(listen, value("--instance").ok_or("--instance is missing")?);
                Ok(sample::serve(config, terminated()).await?)
            }
            "traffic" => {
                let config = TrafficConfig::new(value("--target").ok_or("--target is missing")?);
                sample::traffic::run(config, terminated()).await?;
                Ok(())
            }
            "supervise" => supervise().await,
            "shrink" => shrink().await,
            _ => Err(
                "use: fleet supervise | shrink | sample --listen ADDRESS --instance NAME | traffic --target URL, each with --parent PID"
                    .into(),
            ),
        }
    })
}

async fn supervise() -> Outcome {
    let config = SupervisorConfig::new(std::env::current_exe()?, PoolId::new("samples")?, WorkloadId::new("samples")?, 3);
    let supervisor = Supervisor::start(config)?;
    let instances = supervisor.instances();
    let companion = Companion {
        name: InstanceId::new("traffic")?,
        args: ["traffic", "--target", &format!("http://{}", instances[0].1)]
            .map(str::to_owned)
            .to_vec(),
    };
    supervisor.accompany(companion).await?;
    for (name, address) in instances {
        println!("{name} http://{address}");
    }
    terminated().await;
    supervisor.stop().await;
    Ok(())
}

/// Is left in the middle of it: one is stopped, two go on draining.
async fn shrink() -> Outcome {
    let samples = WorkloadId::new("samples")?;
    let config = SupervisorConfig::new(std::env::current_exe()?, PoolId::new("samples")?, samples.clone(), 4);
    let supervisor = Supervisor::start(config)?;
    let mut changes = supervisor.changes().ok_or("a supervisor tells changes")?;
    let is_running = |workload: &WorkloadObservation| workload.processes.iter().all(|p| p.state == ProcessState::Running);
    while !supervisor.observe().await?.iter().all(is_running) {
        changes.changed().await?;
    }
    println!("four run");
    supervisor.scale(&samples, 1).await?;
    supervisor.retire(&samples, &InstanceId::new("sample-4")?).await?;
    println!("three drain");
    terminated().await;
    supervisor.stop().await;
    Ok(())
}

async fn terminated() {
    if let Ok(mut asked) = signal(SignalKind::terminate()) {
        asked.recv().await;
    }
}
