use control::ports::cluster::ClusterError;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};
use testkit::{Cluster, kubernetes};

use crate::support::{Console, annotate, api_of, deployment, edit, get, hpa, hpas, ingress, max, restart, scale};

/// Marks as the tools leave them.
fn marks() -> [(&'static str, Value); 3] {
    [
        ("Argo CD", json!({"labels": {"argocd.argoproj.io/instance": "front"}})),
        (
            "Flux",
            json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}),
        ),
        (
            "Helm",
            json!({"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": {"meta.helm.sh/release-name": "web"}}),
        ),
    ]
}

fn marked(mut object: Value, marks: &Value) -> Value {
    for (key, value) in marks.as_object().unwrap() {
        let into = object["metadata"].as_object_mut().unwrap().entry(key.clone()).or_insert(json!({}));
        into.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    }
    object
}

/// What a refused command says is to be merged into the repository, once it is merged there.
#[tokio::test]
async fn what_others_look_after_is_refused_with_a_patch_that_does_what_was_asked() {
    if !kubernetes::available() {
        return;
    }
    for (tool, marks) in marks() {
        let namespace = Cluster::shared().namespace().await;
        for object in [hpa(), ingress()] {
            namespace.apply(marked(object, &marks)).await;
        }
        // Another name, so that the HPA does not own its replicas.
        let mut api = deployment(2);
        api["metadata"]["name"] = json!("api");
        namespace.apply(marked(api, &marks)).await;
        let console = Console::new(&namespace).await;
        let hpas = hpas(&namespace).await;
        let ingresses = api_of(&namespace, "networking.k8s.io", "v1", "Ingress").await;
        let deployments = api_of(&namespace, "apps", "v1", "Deployment").await;
        let targets = edit(model::cluster::HpaEdit {
            metrics: vec![model::cluster::MetricEdit { index: 0, target: 55 }],
            ..model::cluster::HpaEdit::default()
        });
        for (object, command, (objects, name), pointer, expected) in [
            ("hpa:web", max(20), (&hpas, "web"), "/spec/maxReplicas", json!(20)),
            (
                "hpa:web",
                targets,
                (&hpas, "web"),
                "/spec/metrics/0/resource/target/averageUtilization",
                json!(55),
            ),
            ("deployment:api", scale(4), (&deployments, "api"), "/spec/replicas", json!(4)),
            (
                "hpa:web",
                annotate("load-balance", "ewma"),
                (&ingresses, "web"),
                "/metadata/annotations/nginx.ingress.kubernetes.io~1load-balance",
                json!("ewma"),
            ),
        ] {
            let patch = match console.tries(object, &command).await.unwrap_err() {
                ClusterError::Managed { manager, patch } => {
                    assert_eq!(manager.tool, tool);
                    patch
                }
                other => panic!("{tool}: {other:?}"),
            };
            let whole: Value = serde_saphyr::from_str(&patch).unwrap();
            let before = objects.get(name).await.unwrap();
            assert_ne!(serde_json::to_value(&before).unwrap().pointer(pointer), Some(&expected));
            let after = objects.patch(name, &PatchParams::default(), &Patch::Merge(whole)).await.unwrap();
            let after = serde_json::to_value(&after).unwrap();
            assert_eq!(after.pointer(pointer), Some(&expected), "{tool}: {patch}");
        }
        let metrics = get(&hpas).await["spec"]["metrics"].clone();
        assert_eq!(metrics[1], hpa()["spec"]["metrics"][1], "the other metric is as it was");
        let restarted = console.tries("deployment:api", &restart()).await;
        assert!(matches!(restarted, Err(ClusterError::Managed { .. })), "{tool}: {restarted:?}");
    }
}

#[tokio::test]
async fn a_field_that_a_program_keeps_is_not_taken_from_it() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    let api = hpas(&namespace).await;
    let how = PatchParams::apply("shop-operator");
    api.patch("web", &how, &Patch::Apply(hpa())).await.unwrap();
    let console = Console::new(&namespace).await;
    match console.tries("hpa:web", &max(20)).await.unwrap_err() {
        ClusterError::Managed { manager, patch } => {
            assert_eq!(
                (manager.tool.as_str(), manager.seen_by.as_str()),
                ("shop-operator", "field manager of spec.maxReplicas")
            );
            assert!(patch.contains("maxReplicas: 20"), "{patch}");
        }
        other => panic!("{other:?}"),
    }
}
