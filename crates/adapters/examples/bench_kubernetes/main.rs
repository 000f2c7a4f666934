//! What it costs to keep a large cluster in view: `cargo xtask bench kubernetes`. Without arguments it starts a real control plane and runs
//! itself for each part, so that each way of keeping has a process of its own.
//!
//! ```text
//!  fill  <kubeconfig> <hpas> <pods>       creates them, with a Deployment for each HPA
//!  pruned <kubeconfig> <hpas> <pods>      our adapter: memory, time to the first whole look, delay of changes, CPU under changes
//!  churn <kubeconfig> <hpas> <pods>       200 changes a second, for `pruned`
//!  full  <kubeconfig> <hpas> <pods>       the same kinds as whole objects, in kube's reflector stores: the usual way
//! ```

mod drive;
mod fill;
mod full;
mod measure;
mod pruned;

use std::path::PathBuf;

use kube::config::{KubeConfigOptions, Kubeconfig};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What is in the cluster.
#[derive(Debug, Clone, Copy)]
struct Size {
    hpas: usize,
    pods: usize,
}

impl Size {
    /// Namespaces over which it is spread.
    const fn namespaces(self) -> usize {
        if self.hpas < 50 { 1 } else { 50 }
    }
}

fn namespace(n: usize) -> String {
    format!("bench-{n}")
}

async fn client(kubeconfig: &PathBuf) -> Result<kube::Client, Failure> {
    let config = Kubeconfig::read_from(kubeconfig)?;
    let config = kube::Config::from_custom_kubeconfig(config, &KubeConfigOptions::default()).await?;
    Ok(kube::Client::try_from(config)?)
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        return drive::run(Size { hpas: 5_000, pods: 20_000 }).await;
    }
    let [verb, kubeconfig, hpas, pods] = arguments.as_slice() else {
        return Err("usage: bench_kubernetes fill|pruned|full <kubeconfig> <hpas> <pods>".into());
    };
    let (kubeconfig, size) = (
        PathBuf::from(kubeconfig),
        Size {
            hpas: hpas.parse()?,
            pods: pods.parse()?,
        },
    );
    let answer = match verb.as_str() {
        "fill" => fill::run(&client(&kubeconfig).await?, size).await?,
        "pruned" => pruned::run(&kubeconfig, size).await?,
        "full" => full::run(&client(&kubeconfig).await?, size).await?,
        "churn" => pruned::change(&client(&kubeconfig).await?, size).await?,
        other => return Err(format!("unknown: {other}").into()),
    };
    println!("{answer}");
    Ok(())
}
