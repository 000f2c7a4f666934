//! A cluster as large as asked for. Deployments are paused, so that the pods are exactly those that are made here; these look like pods of a
//! usual web service.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::{Failure, Size, namespace};

const AT_ONCE: usize = 32;

pub(super) async fn run(client: &kube::Client, size: Size) -> Result<Value, Failure> {
    let begun = std::time::Instant::now();
    let spaces = size.namespaces();
    for n in 0..spaces {
        post(
            client,
            "/api/v1/namespaces",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace(n)}}),
        )
        .await?;
    }
    // Their service accounts come a moment later; until then pods are refused.
    for n in 0..spaces {
        let path = format!("/api/v1/namespaces/{}/serviceaccounts/default", namespace(n));
        while get(client, &path).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }
    let each = size.pods.div_ceil(size.hpas.max(1));
    let made = stream::iter(0..size.hpas).map(|n| async move {
        let (space, name) = (namespace(n % spaces), format!("web-{n}"));
        let apps = format!("/apis/apps/v1/namespaces/{space}/deployments");
        post(client, &apps, deployment(&name, each)).await?;
        let hpas = format!("/apis/autoscaling/v2/namespaces/{space}/horizontalpodautoscalers");
        post(client, &hpas, hpa(&name)).await?;
        for m in 0..each.min(size.pods.saturating_sub(n * each)) {
            let pods = format!("/api/v1/namespaces/{space}/pods");
            post(client, &pods, pod(&name, m)).await?;
        }
        Ok::<(), Failure>(())
    });
    made.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(json!({"hpas": size.hpas, "pods": size.pods, "took_s": begun.elapsed().as_secs_f64()}))
}

async fn get(client: &kube::Client, path: &str) -> Result<Value, Failure> {
    Ok(client.request(http::Request::get(path).body(Vec::new())?).await?)
}

async fn post(client: &kube::Client, path: &str, object: Value) -> Result<(), Failure> {
    let request = http::Request::post(path)
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&object)?)?;
    match client.request::<Value>(request).await {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn template(name: &str) -> Value {
    let environment: Vec<Value> = (0..12)
        .map(|n| json!({"name": format!("SETTING_{n}"), "value": format!("a value of usual length, number {n}")}))
        .collect();
    json!({
        "containers": [{
            "name": "app",
            "image": format!("registry.example.com/shop/{name}:2026.11.20-1"),
            "args": ["serve", "--listen", "0.0.0.0:8080", "--workers", "4"],
            "env": environment,
            "ports": [{"name": "http", "containerPort": 8080}, {"name": "metrics", "containerPort": 9090}],
            "resources": {"requests": {"cpu": "250m", "memory": "256Mi"}, "limits": {"cpu": "1", "memory": "512Mi"}},
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}, "periodSeconds": 5},
            "livenessProbe": {"httpGet": {"path": "/live", "port": "http"}, "periodSeconds": 10},
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]
        }],
        "volumes": [{"name": "tmp", "emptyDir": {}}]
    })
}

fn labels(name: &str) -> Value {
    json!({"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "shop", "app.kubernetes.io/version": "2026.11.20-1"})
}

fn deployment(name: &str, replicas: usize) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels(name)},
        "spec": {"paused": true, "replicas": replicas, "selector": {"matchLabels": {"app.kubernetes.io/name": name}},
                 "template": {"metadata": {"labels": labels(name)}, "spec": template(name)}}
    })
}

fn pod(name: &str, n: usize) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("{name}-6d4cf56db6-{n:05}"), "labels": labels(name)}, "spec": template(name)})
}

fn hpa(name: &str) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name, "labels": labels(name)},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "minReplicas": 2, "maxReplicas": 20,
                 "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}},
                             {"type": "Resource", "resource": {"name": "memory", "target": {"type": "Utilization", "averageUtilization": 80}}}],
                 "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300, "policies": [{"type": "Percent", "value": 20, "periodSeconds": 60}]}}}
    })
}
