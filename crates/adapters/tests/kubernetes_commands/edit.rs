use control::ports::cluster::{Cluster as _, ClusterError};
use kube::api::{Patch, PatchParams};
use model::{
    cluster::{HpaEdit, MetricEdit},
    scaling::{Behavior, ChangeLimit},
};
use serde_json::json;
use testkit::{Cluster, kubernetes, wait_until};

use crate::support::{Console, SOON, create, edit, get, hpa, hpas, max, patch};

#[tokio::test]
async fn bounds_targets_and_behaviour_are_edited_and_a_dry_run_changes_nothing() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    let api = hpas(&namespace).await;
    create(&api, "kubectl-create", hpa()).await;
    let console = Console::new(&namespace).await;

    let mut behavior = Behavior::default();
    behavior.scale_down.stabilization_window_s = 120;
    behavior.scale_up.policies = vec![ChangeLimit::pods(3, 30)];
    let all = edit(HpaEdit {
        min_replicas: Some(3),
        max_replicas: Some(20),
        metrics: vec![MetricEdit { index: 0, target: 60 }, MetricEdit { index: 1, target: 12_500 }],
        behavior: Some(behavior),
    });
    let before = get(&api).await;
    let tried = console.tries("hpa:web", &all).await.unwrap();
    let now = get(&api).await;
    assert_eq!(now["spec"], before["spec"], "a dry run changes nothing");
    assert!(!now["metadata"]["managedFields"].to_string().contains("evenkeel"));
    let told = |field: &str| {
        let found = tried.diff.iter().find(|d| d.field == field);
        found.map(|d| (d.before.as_str(), d.after.as_str()))
    };
    assert_eq!(told("spec.minReplicas"), Some(("2", "3")));
    assert_eq!(told("spec.maxReplicas"), Some(("10", "20")));
    assert_eq!(told("spec.metrics[0].resource.target.averageUtilization"), Some(("70", "60")));
    assert_eq!(told("spec.metrics[1].external.target.averageValue"), Some(("30", "12500m")));
    assert_eq!(told("spec.behavior.scaleDown.stabilizationWindowSeconds"), Some(("", "120")));
    assert!(
        !tried.after.contains("managedFields") && !tried.after.contains("status:"),
        "{}",
        tried.after
    );
    assert!(
        tried
            .warnings
            .iter()
            .any(|w| w == "spec.maxReplicas was set by kubectl-create and is taken over"),
        "{:?}",
        tried.warnings
    );

    console.does("hpa:web", &all).await.unwrap();
    let spec = get(&api).await["spec"].clone();
    assert_eq!((&spec["minReplicas"], &spec["maxReplicas"]), (&json!(3), &json!(20)));
    assert_eq!(
        spec["metrics"][1]["external"]["metric"],
        hpa()["spec"]["metrics"][1]["external"]["metric"]
    );
    assert_eq!(
        spec["behavior"]["scaleUp"]["policies"],
        json!([{"type": "Pods", "value": 3, "periodSeconds": 30}])
    );

    // What a manager does not apply again, the API server takes away: a later edit of one field keeps the others.
    let done = console.does("hpa:web", &max(30)).await.unwrap();
    assert_eq!(done.diff.iter().map(|d| d.field.as_str()).collect::<Vec<_>>(), ["spec.maxReplicas"]);
    let mut expected = spec;
    expected["maxReplicas"] = json!(30);
    let after = get(&api).await;
    assert_eq!(after["spec"], expected);
    assert_eq!(after["metadata"]["resourceVersion"].as_str().unwrap(), done.resource_version);
    // Nothing to do is nothing.
    assert_eq!(console.tries("hpa:web", &max(30)).await.unwrap().diff, []);
}

#[tokio::test]
async fn what_somebody_else_changed_meanwhile_is_a_conflict_and_a_new_status_is_none() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    let api = hpas(&namespace).await;
    create(&api, "kubectl-create", hpa()).await;
    let console = Console::new(&namespace).await;
    let web = console.object("hpa:web");

    // The controller writes that there is nothing to scale: another version, and nobody has changed anything.
    let tried = console.tries("hpa:web", &max(20)).await.unwrap();
    let told = json!({"status": {"currentReplicas": 1, "desiredReplicas": 1, "conditions": []}});
    api.patch_status("web", &PatchParams::default(), &Patch::Merge(told)).await.unwrap();
    wait_until("there is another version", SOON, async || {
        get(&api).await["metadata"]["resourceVersion"].as_str() != Some(&tried.resource_version)
    })
    .await;
    let command = max(20).from_version(&tried.resource_version);
    console.adapter.carry_out(&web, &command).await.unwrap();

    let tried = console.tries("hpa:web", &max(25)).await.unwrap();
    patch(&api, "kubectl-edit", json!({"spec": {"minReplicas": 5}})).await;
    let command = max(25).from_version(&tried.resource_version);
    let current = get(&api).await;
    match console.adapter.carry_out(&web, &command).await.unwrap_err() {
        ClusterError::Conflict { by, .. } => assert_eq!(by.as_deref(), Some("kubectl-edit")),
        other => panic!("{other:?}"),
    }
    assert_eq!(get(&api).await["spec"], current["spec"], "nothing was changed");
    // A version that the API server has forgotten, or never had, is one that nobody knows.
    for version in ["1", "99999999"] {
        let stale = console.adapter.try_out(&web, &max(25).from_version(version)).await;
        assert!(matches!(stale, Err(ClusterError::Conflict { .. })), "{version}: {stale:?}");
    }
}

#[tokio::test]
async fn what_the_api_server_does_not_take_is_told_in_its_words() {
    if !kubernetes::available() {
        return;
    }
    let namespace = Cluster::shared().namespace().await;
    let api = hpas(&namespace).await;
    create(&api, "kubectl-create", hpa()).await;
    let console = Console::new(&namespace).await;
    let refused = async |given: HpaEdit| match console.tries("hpa:web", &edit(given)).await.unwrap_err() {
        ClusterError::Refused { field, why } => (field, why),
        other => panic!("{other:?}"),
    };
    let (field, why) = refused(HpaEdit {
        max_replicas: Some(1),
        ..HpaEdit::default()
    })
    .await;
    assert_eq!(field.as_deref(), Some("spec.maxReplicas"));
    assert!(why.contains("must be greater than or equal to `minReplicas`"), "{why}");
    let (field, why) = refused(HpaEdit {
        metrics: vec![MetricEdit { index: 0, target: -5 }],
        ..HpaEdit::default()
    })
    .await;
    assert_eq!(field.as_deref(), Some("spec.metrics[0].resource.target.averageUtilization"));
    assert!(why.contains("must be greater than 0"), "{why}");
    let (field, _) = refused(HpaEdit {
        metrics: vec![MetricEdit { index: 7, target: 5 }],
        ..HpaEdit::default()
    })
    .await;
    assert_eq!(field.as_deref(), Some("spec.metrics[7]"));
    let gone = console.tries("hpa:gone", &max(5)).await.unwrap_err();
    assert_eq!(gone, ClusterError::NotFound(console.object("hpa:gone")));
}
