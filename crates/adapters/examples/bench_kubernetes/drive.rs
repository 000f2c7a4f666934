//! One part after the other, each in a process of its own, and the table at the end.

use std::{path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use testkit::kubernetes::{Cluster, Options};

use super::{Failure, Size};

pub(super) async fn run(size: Size) -> Result<(), Failure> {
    // The controller is not what is measured: it stays out of the way.
    let cluster = Cluster::start_with(&Options {
        hpa_sync: Some(Duration::from_secs(3_600)),
        ..Options::default()
    });
    let filled = part("fill", cluster.kubeconfig(), size).await?;
    println!(
        "{} HPAs with Deployments and {} pods made in {:.0} s",
        size.hpas,
        size.pods,
        number(&filled, "took_s")
    );
    let pruned = part("pruned", cluster.kubeconfig(), size).await?;
    let full = part("full", cluster.kubeconfig(), size).await?;
    let mib = |of: &Value| number(of, "resident") / f64::from(1 << 20);
    println!("                         evenkeel   whole objects (kube's reflectors)");
    println!(
        "resident memory, MiB     {:8.1}   {:8.1}    {:.2} x",
        mib(&pruned),
        mib(&full),
        mib(&pruned) / mib(&full)
    );
    println!(
        "first whole look, s      {:8.2}   {:8.2}",
        number(&pruned, "first_s"),
        number(&full, "first_s")
    );
    println!(
        "CPU until then, s        {:8.2}   {:8.2}",
        number(&pruned, "cpu_s"),
        number(&full, "cpu_s")
    );
    println!(
        "a change, from the API server's answer to the look: p50 {:.1} ms, p99 {:.1} ms",
        number(&pruned, "delay_p50_ms"),
        number(&pruned, "delay_p99_ms")
    );
    println!(
        "CPU: {:.1} % of a core while nothing changes, {:.1} % at {:.0} changes/s",
        number(&pruned, "quiet_cpu_percent"),
        number(&pruned, "busy_cpu_percent"),
        number(&pruned, "changes_per_s")
    );
    Ok(())
}

fn number(of: &Value, name: &str) -> f64 {
    of[name].as_f64().unwrap_or(f64::NAN)
}

async fn part(verb: &str, kubeconfig: &Path, size: Size) -> Result<Value, Failure> {
    let told = tokio::process::Command::new(std::env::current_exe()?)
        .arg(verb)
        .arg(kubeconfig)
        .args([size.hpas.to_string(), size.pods.to_string()])
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await?;
    if !told.status.success() {
        return Err(format!("{verb} failed").into());
    }
    Ok(serde_json::from_slice(&told.stdout)?)
}
