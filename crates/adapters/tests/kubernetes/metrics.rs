//! What pods use, and what HPAs ask for.

use control::ports::cluster::{Cluster as _, CrossVersionRef, MetricQuestion};
use serde_json::json;
use testkit::{
    kubernetes::{self, About, Custom, External, Usage},
    wait_until,
};

use crate::scene::{SOON, Scene, rules};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_and_the_metrics_that_are_wanted_are_read() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let Some(steering) = scene.namespace.steering() else { return };
    let namespace = scene.namespace.name();
    scene.deploy("web", 2).await;
    scene
        .namespace
        .apply_yaml("apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}")
        .await;
    let pods = scene.namespace.pods("app=web");
    steering.usage(&Usage::of(pods.clone(), "250m", "64Mi")).await;
    steering.custom(&Custom::of(About::Pods(pods), "http_requests", "30")).await;
    let service = About::object(namespace, "v1", "Service", "web");
    steering.custom(&Custom::of(service, "hits", "1500m")).await;
    steering.external(&External::of(namespace, "queue", "7")).await;

    let cluster = scene.connect().await;
    let of_pods = MetricQuestion::Pods {
        namespace: namespace.into(),
        selector: "app=web".into(),
        metric: "http_requests".into(),
        metric_selector: "".into(),
    };
    let of_service = MetricQuestion::Object {
        namespace: namespace.into(),
        described: CrossVersionRef {
            api_version: "v1".into(),
            kind: "Service".into(),
            name: "web".into(),
        },
        metric: "hits".into(),
        metric_selector: "".into(),
    };
    let outside = |metric: &str| MetricQuestion::External {
        namespace: namespace.into(),
        metric: metric.into(),
        metric_selector: "".into(),
    };
    cluster.want(vec![of_pods.clone(), of_service.clone(), outside("queue"), outside("nothing")]);
    wait_until("the figures are there", SOON, async || {
        let look = cluster.look();
        look.figures.is_ok_and(|figures| {
            let own: Vec<_> = figures.iter().filter(|((n, _), _)| &**n == namespace).collect();
            own.len() == 2
                && own
                    .iter()
                    .all(|(_, f)| *f.containers == [("app".into(), 250, 64 << 20)] && f.window_s == 15)
        })
    })
    .await;
    let values = |question: &MetricQuestion| -> Option<Vec<i64>> {
        let answer = cluster.look().custom.get(question)?.clone().ok()?;
        Some(answer.values.iter().map(|(_, milli, ..)| *milli).collect())
    };
    wait_until("the metrics are there", SOON, async || {
        values(&of_pods) == Some(vec![30_000; 2])
            && values(&of_service) == Some(vec![1_500])
            && values(&outside("queue")) == Some(vec![7_000])
            && cluster.look().custom.contains_key(&outside("nothing"))
    })
    .await;
    let nothing = cluster.look().custom[&outside("nothing")].clone();
    assert!(
        nothing.is_err() || nothing.is_ok_and(|v| v.values.is_empty()),
        "no value is made up"
    );

    cluster.want(vec![outside("queue")]);
    wait_until("only what is wanted is kept", SOON, async || cluster.look().custom.len() == 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_right_there_is_a_reason_with_the_rule_and_no_figure() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let without: Vec<_> = rules()
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["apiGroups"] != json!(["metrics.k8s.io"]))
        .cloned()
        .collect();
    let token = scene.namespace.token("blind", without.into()).await;
    std::fs::write(scene.token_file(), token).unwrap();
    let cluster = scene.connect().await;
    let rule = "- apiGroups: [\"metrics.k8s.io\"]\n  resources: [\"pods\"]\n  verbs: [\"get\", \"list\"]\n";
    wait_until("the rule is named", SOON, async || {
        cluster.look().figures.is_err_and(|why| why.ends_with(rule))
    })
    .await;
}
