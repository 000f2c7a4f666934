use serde_json::{Value, json};

use super::*;

const AT: &str = "2026-11-20T10:00:05Z";
const AT_MS: i64 = 1_795_168_805_000;

/// An entry of `managedFields` that owns `spec.replicas`.
fn owner(manager: &str, operation: &str, subresource: &str, time: &str) -> Value {
    json!({"manager": manager, "operation": operation, "subresource": subresource, "apiVersion": "apps/v1", "time": time,
        "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:replicas": {}}}})
}

fn workload(replicas: u32, revision: &str, owners: &[Value]) -> Workload {
    serde_json::from_value(json!({
        "metadata": {"name": "web", "namespace": "shop", "annotations": {REVISION: revision}, "managedFields": owners},
        "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "app"}]}}},
    }))
    .unwrap()
}

fn hpa(desired: u32, last: &str) -> Hpa {
    serde_json::from_value(json!({"metadata": {"name": "web"}, "status": {"desiredReplicas": desired, "lastScaleTime": last}})).unwrap()
}

fn rescale(size: u32, at: &str) -> Event {
    serde_json::from_value(json!({
        "involvedObject": {"kind": "HorizontalPodAutoscaler", "name": "web"}, "reason": "SuccessfulRescale", "type": "Normal",
        "message": format!("New size: {size}; reason: cpu resource utilization (percentage of request) above target"),
        "source": {"component": "horizontal-pod-autoscaler"}, "lastTimestamp": at,
    }))
    .unwrap()
}

/// From 3 to 5 replicas.
fn change(before: &[Value], after: &[Value], revisions: (&str, &str), hpas: &[&Hpa], events: &[&Event]) -> (Attribution, ScalingEvent) {
    let (before, after) = (workload(3, revisions.0, before), workload(5, revisions.1, after));
    let change = ReplicaChange {
        before: &before,
        after: &after,
        hpas,
        events,
        now_ms: AT_MS + 1_000,
    };
    let attribution = attribute(&change);
    let object = "prod:shop:deployment:web".parse().unwrap();
    let event = scaling_event(&object, &change, &attribution, vec![("cpu".to_owned(), "82 %".to_owned())]);
    assert_eq!((event.from, event.to, event.outcome.clone()), (3, 5, ScalingOutcome::Pending));
    (attribution, event)
}

#[test]
fn a_change_is_put_down_to_who_wrote_it() {
    use OwnerKind::{Console, GitOps, Person, Rollout, Unknown};
    // Manager, operation, subresource; whether the template changed too; what it is.
    for (manager, operation, subresource, is_rollout, kind) in [
        ("kubectl-scale", "Update", "scale", false, Person),
        ("kubectl", "Update", "scale", false, Person),
        ("kubectl-edit", "Update", "", false, Person),
        ("kubectl-patch", "Update", "", false, Person),
        ("kubectl-client-side-apply", "Update", "", false, Person),
        ("kubectl-client-side-apply", "Update", "", true, Rollout),
        ("kubectl", "Apply", "", true, Rollout),
        ("Mozilla", "Update", "scale", false, Person),
        ("k9s", "Update", "", false, Person),
        ("oc", "Update", "scale", false, Person),
        ("octopus", "Update", "", false, Unknown),
        ("argocd-controller", "Apply", "", false, GitOps),
        ("argocd-controller", "Update", "", true, GitOps),
        ("argocd-application-controller", "Update", "", false, GitOps),
        ("kustomize-controller", "Apply", "", true, GitOps),
        ("helm-controller", "Update", "", true, GitOps),
        ("helm", "Update", "", false, GitOps),
        ("helm", "Update", "", true, Rollout),
        ("Terraform", "Update", "", false, GitOps),
        ("evenkeel", "Update", "scale", false, Console),
        ("my-operator", "Update", "", false, Unknown),
        ("evenkeel-imposter", "Update", "scale", false, Unknown),
    ] {
        let old = owner("kubectl-create", "Update", "", "2026-11-01T00:00:00Z");
        let after = [old.clone(), owner(manager, operation, subresource, AT)];
        let (said, event) = change(&[old], &after, ("4", if is_rollout { "5" } else { "4" }), &[], &[]);
        assert_eq!(
            (said.kind, said.who.as_str(), said.certainty),
            (kind, manager, Certainty::Observed),
            "{manager}"
        );
        assert!(said.seen_by.contains("2026-11-20T10:00:05"), "{}", said.seen_by);
        assert_eq!(said.seen_by.contains("revision 4 to 5"), kind == Rollout, "{}", said.seen_by);
        assert_eq!(event.at_ms, AT_MS);
        let is_outside = matches!(&event.actor, Actor::Outside(who) if who == manager);
        assert_eq!(is_outside, kind != Console, "{:?}", event.actor);
    }
}

#[test]
fn an_hpa_is_known_by_the_controllers_scale_and_its_event() {
    let (web, event) = (hpa(5, AT), rescale(5, AT));
    let after = [owner("kube-controller-manager", "Update", "scale", AT)];
    let (said, kept) = change(&[], &after, ("4", "4"), &[&web], &[&event]);
    assert_eq!(
        (said.kind, said.who.as_str(), said.certainty),
        (OwnerKind::Hpa, "HPA web", Certainty::Observed)
    );
    assert!(
        said.seen_by.contains("event SuccessfulRescale: cpu resource utilization"),
        "{}",
        said.seen_by
    );
    assert_eq!(kept.cause, "cpu resource utilization (percentage of request) above target");
    assert_eq!(
        (kept.leading.as_deref(), &kept.actor),
        (Some("cpu"), &Actor::Outside("HPA web".to_owned()))
    );

    // The event has been lost, or is about another size.
    let other = rescale(9, AT);
    let (said, kept) = change(&[], &after, ("4", "4"), &[&web], &[&other]);
    assert_eq!(
        (said.kind, said.who.as_str(), said.certainty),
        (OwnerKind::Hpa, "HPA web", Certainty::Observed)
    );
    assert_eq!((kept.cause.as_str(), kept.leading), ("its metrics", None));

    // The HPA has been deleted meanwhile.
    let (said, _) = change(&[], &after, ("4", "4"), &[], &[]);
    assert_eq!((said.kind, said.certainty), (OwnerKind::Hpa, Certainty::Estimated));
}

#[test]
fn a_manager_that_wrote_again_is_the_one_and_one_that_did_not_is_not() {
    let early = "2026-11-20T09:00:00Z";
    let by = |manager: &str, at: &str| owner(manager, "Update", "scale", at);
    let before = [by("kube-controller-manager", early), by("kubectl", early)];
    let (said, _) = change(
        &before,
        &[by("kube-controller-manager", early), by("kubectl", AT)],
        ("4", "4"),
        &[],
        &[],
    );
    assert_eq!((said.kind, said.who.as_str()), (OwnerKind::Person, "kubectl"));

    // Within one second nobody can tell who was first.
    let (said, _) = change(
        &before,
        &[by("kube-controller-manager", AT), by("kubectl", AT)],
        ("4", "4"),
        &[],
        &[],
    );
    assert_eq!(said.certainty, Certainty::Estimated);
}

#[test]
fn the_only_owner_wrote_it_again_though_its_time_stays() {
    // A manager that changes the value of a field it owns already keeps its time.
    let owned = [owner("kube-controller-manager", "Update", "scale", AT)];
    let web = hpa(5, AT);
    let (said, kept) = change(&owned, &owned, ("4", "4"), &[&web], &[]);
    assert_eq!((said.kind, said.certainty), (OwnerKind::Hpa, Certainty::Observed), "{said:?}");
    assert!(said.seen_by.contains("which nobody else owns"), "{}", said.seen_by);
    assert_ne!(kept.at_ms, 0);
    let two = [owned[0].clone(), owner("kubectl", "Update", "", AT)];
    let (said, _) = change(&two, &two, ("4", "4"), &[], &[]);
    assert_eq!(said.kind, OwnerKind::Unknown, "who of the two it was is not told");
}

#[test]
fn without_managed_fields_the_event_tells_then_the_status_then_nothing() {
    let (web, event) = (hpa(5, AT), rescale(5, AT));
    let (said, _) = change(&[], &[], ("4", "4"), &[&web], &[&event]);
    assert_eq!((said.kind, said.certainty), (OwnerKind::Hpa, Certainty::Observed));
    let (said, _) = change(&[], &[], ("4", "4"), &[&web], &[]);
    assert_eq!((said.kind, said.certainty), (OwnerKind::Hpa, Certainty::Estimated));
    let (old, stale) = (hpa(5, "2026-11-20T08:00:00Z"), rescale(5, "2026-11-20T08:00:00Z"));
    let (said, kept) = change(&[], &[], ("4", "4"), &[&old], &[&stale]);
    assert_eq!((said.kind, said.certainty), (OwnerKind::Unknown, Certainty::Unknown));
    assert_eq!(kept.at_ms, AT_MS + 1_000, "nobody tells when: when it was seen");
}

#[test]
fn a_managers_name_is_kept_on_one_line() {
    let after = [owner(&format!("a\nb{}", "x".repeat(500)), "Update", "", AT)];
    let (said, _) = change(&[], &after, ("4", "4"), &[], &[]);
    assert!(!said.who.contains('\n') && said.who.chars().count() == 128);
}
