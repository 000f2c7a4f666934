//! Our adapter.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use adapters::kubernetes::{Kubernetes, KubernetesConfig};
use control::ports::cluster::{Cluster as _, ClusterLook};
use model::cluster::{ClusterId, KindState};
use serde_json::{Value, json};

use super::{Failure, Size, client, measure, namespace};

const FIRST_WITHIN: Duration = Duration::from_secs(300);
/// Changes whose way is timed, one after another.
const TIMED: usize = 300;
const CHANGES_PER_S: u32 = 200;
const CHANGES_FOR: Duration = Duration::from_secs(20);

pub(super) async fn run(kubeconfig: &Path, size: Size) -> Result<Value, Failure> {
    let (begun, before) = (Instant::now(), measure::resident());
    let mut config = KubernetesConfig::new(ClusterId::new("bench")?);
    config.kubeconfig = Some(kubeconfig.to_owned());
    let cluster = Kubernetes::connect(config).await;
    while !is_whole(&cluster.look(), size) {
        if begun.elapsed() > FIRST_WITHIN {
            return Err(format!("not all are there: {:?}", cluster.look().kinds).into());
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let first = begun.elapsed();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (resident, first_cpu) = (measure::resident(), measure::cpu());

    let client = client(&kubeconfig.to_owned()).await?;
    let mut delays = Vec::with_capacity(TIMED);
    for n in 0..TIMED {
        let hpa = n % size.hpas;
        let mut changes = cluster.changes();
        let version = annotate(&client, size, hpa, n).await?;
        let answered = Instant::now();
        while !shows(&cluster.look(), size, hpa, &version) {
            let _ = tokio::time::timeout(Duration::from_secs(5), changes.changed()).await?;
        }
        delays.push(answered.elapsed().as_secs_f64() * 1_000.0);
    }
    delays.sort_by(f64::total_cmp);

    let (quiet, quiet_from) = (measure::cpu(), Instant::now());
    tokio::time::sleep(Duration::from_secs(10)).await;
    let quiet_percent = 100.0 * measure::cpu().saturating_sub(quiet).as_secs_f64() / quiet_from.elapsed().as_secs_f64();
    let (done, busy_percent) = churn(kubeconfig, size).await?;
    Ok(json!({
        "resident": resident, "before": before, "first_s": first.as_secs_f64(), "cpu_s": first_cpu.as_secs_f64(),
        "delay_p50_ms": measure::per_mille(&delays, 500), "delay_p99_ms": measure::per_mille(&delays, 990),
        "quiet_cpu_percent": quiet_percent, "changes_per_s": done, "busy_cpu_percent": busy_percent,
    }))
}

fn is_whole(look: &ClusterLook, size: Size) -> bool {
    let count = |of: fn(&control::ports::cluster::NamespaceObjects) -> usize| look.namespaces.values().map(|n| of(n)).sum::<usize>();
    look.kinds.iter().all(|kind| !matches!(kind.state, KindState::Waiting))
        && count(|n| n.hpas.len()) >= size.hpas
        && count(|n| n.pods.len()) >= size.pods
}

async fn annotate(client: &kube::Client, size: Size, hpa: usize, n: usize) -> Result<String, Failure> {
    let path = format!(
        "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers/web-{hpa}",
        namespace(hpa % size.namespaces())
    );
    let patch = json!({"metadata": {"labels": {"bench": n.to_string()}}});
    let request = http::Request::patch(path)
        .header("content-type", "application/merge-patch+json")
        .body(serde_json::to_vec(&patch)?)?;
    let changed: Value = client.request(request).await?;
    Ok(changed["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned())
}

fn shows(look: &ClusterLook, size: Size, hpa: usize, version: &str) -> bool {
    let space = look.namespaces.get(namespace(hpa % size.namespaces()).as_str());
    let hpa = space.and_then(|space| space.hpas.get(format!("web-{hpa}").as_str()));
    hpa.is_some_and(|hpa| &*hpa.metadata.resource_version == version)
}

/// Changes a second that another process made, and what part of a core ours took by them.
async fn churn(kubeconfig: &Path, size: Size) -> Result<(f64, f64), Failure> {
    let mut other = tokio::process::Command::new(std::env::current_exe()?)
        .arg("churn")
        .arg(kubeconfig)
        .args([size.hpas.to_string(), size.pods.to_string()])
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (cpu, from) = (measure::cpu(), Instant::now());
    other.wait().await?;
    let used = 100.0 * measure::cpu().saturating_sub(cpu).as_secs_f64() / from.elapsed().as_secs_f64();
    let mut told = String::new();
    if let Some(mut out) = other.stdout.take() {
        tokio::io::AsyncReadExt::read_to_string(&mut out, &mut told).await?;
    }
    let told: Value = serde_json::from_str(told.trim())?;
    Ok((told["changes_per_s"].as_f64().unwrap_or(f64::NAN), used))
}

/// Changes pods at an even pace.
pub(super) async fn change(client: &kube::Client, size: Size) -> Result<Value, Failure> {
    let mut pace = tokio::time::interval(Duration::from_secs(1) / CHANGES_PER_S);
    let (from, mut under_way, mut n) = (Instant::now(), tokio::task::JoinSet::new(), 0_usize);
    while from.elapsed() < CHANGES_FOR {
        pace.tick().await;
        let client = client.clone();
        let hpa = n % size.hpas;
        n += 1;
        under_way.spawn(async move { annotate(&client, size, hpa, n).await.is_ok() });
        while under_way.len() > 64 {
            under_way.join_next().await;
        }
    }
    let took = from.elapsed();
    let good = under_way.join_all().await.into_iter().filter(|good| *good).count();
    let _ = good;
    Ok(json!({"changes_per_s": n as f64 / took.as_secs_f64()}))
}
