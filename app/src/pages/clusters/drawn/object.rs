use leptos::prelude::*;
use model::{
    Role, ViewData,
    cluster::{ObjectView, Trigger},
    scaling::{MetricSpec, ScalingPolicy},
};

use super::{
    button, draw, has, is_harmless,
    made::{HOSTILE, frame, me, object},
};
use crate::{api::Me, pages::clusters::detail::Object, url::use_query};

fn page(path: &'static str, view: ObjectView, me: Me) -> String {
    draw(path, move || {
        let frame = frame(ViewData::Object(Box::new(view)));
        view! { <Object query=use_query() frame=frame me=me /> }
    })
}

#[tokio::test]
async fn one_object_says_why_before_anything_else() {
    let page = page(
        "/clusters/prod/shop/hpa/web",
        object("prod:shop:hpa:web", vec![]),
        me(Role::Viewer, false),
    );
    is_harmless(&page);
    has(
        &page,
        &[
            "data-finding=\"request_missing\"",
            "Not scaling out: ",
            "data-certainty=\"estimated\"",
            "reckoned here from what the cluster shows",
            "Give the container a request",
            "kubectl set resources deployment/web",
            "spec.metrics[0]",
            "82 % of 70 %",
            "ScalingActive",
            "a person (kubectl-scale)",
            "managed by ",
            "href=\"/clusters/prod/shop/deployment/web\"",
            "web-budget",
            "web-service:80",
            "nginx.ingress.kubernetes.io/load-balance",
            "web-vpa, mode Auto",
            "Nothing has been decided yet",
            "2 – 10",
            "id=\"chart-replicas\"",
        ],
    );
    let why = page.find("id=\"why-title\"").unwrap();
    assert!(why < page.find("id=\"chart-replicas\"").unwrap(), "the reasons come first");
}

#[tokio::test]
async fn pods_and_events_are_told_and_a_viewer_evicts_nobody() {
    let hpa = || object("prod:shop:hpa:web", vec![]);
    let pods = page("/clusters/prod/shop/hpa/web?tab=pods", hpa(), me(Role::SystemAdmin, false));
    is_harmless(&pods);
    has(&pods, &["web-abc", "1 of 5", "– / 100 m", "64.0 MB / 128 MB", "pending"]);
    assert!(!button(&pods, "Evict…").contains(" disabled"), "{pods}");
    let looked = page("/clusters/prod/shop/hpa/web?tab=pods", hpa(), me(Role::Viewer, false));
    let evict = button(&looked, "Evict…");
    assert!(evict.contains(" disabled") && evict.contains("Needs the role"), "{evict}");
    let events = page("/clusters/prod/shop/hpa/web?tab=events", hpa(), me(Role::Viewer, false));
    is_harmless(&events);
    has(
        &events,
        &["FailedGetResourceMetric", "horizontal-pod-autoscaler", "data-severity=\"warning\""],
    );
}

#[tokio::test]
async fn an_hpa_is_edited_field_by_field_and_a_workload_of_an_hpa_leads_to_it() {
    let edit = page(
        "/clusters/prod/shop/hpa/web?tab=edit",
        object("prod:shop:hpa:web", vec![]),
        me(Role::SystemAdmin, false),
    );
    has(
        &edit,
        &[
            "name=\"settings[min_replicas]\"",
            "name=\"settings[metrics.0.target]\"",
            "% of the request",
            "name=\"settings[behavior.scale_down.policies.0.value]\"",
        ],
    );
    assert!(!button(&edit, "Review…").contains(" disabled"));

    let why = "the HPA web sets the replicas".to_owned();
    let owned = object("prod:shop:deployment:web", vec![(Trigger::Scale, why.clone())]);
    let scale = page("/clusters/prod/shop/deployment/web?tab=edit", owned, me(Role::SystemAdmin, false));
    has(&scale, &[&why, "It is scaled by ", "href=\"/clusters/prod/shop/hpa/web\""]);
    assert!(button(&scale, "Review…").contains(" disabled"));
    assert!(!button(&scale, "Restart…").contains(" disabled"), "only scaling is refused");

    // Who keeps it in Git is told, and given the patch by the review.
    let kept = object(
        "prod:shop:hpa:web",
        vec![(Trigger::Edit, "Helm keeps it and would undo the change".to_owned())],
    );
    let kept = page("/clusters/prod/shop/hpa/web?tab=edit", kept, me(Role::SystemAdmin, false));
    is_harmless(&kept);
    has(&kept, &["would undo a change from here"]);
    assert!(!button(&kept, "Review…").contains(" disabled"));

    let looked = page(
        "/clusters/prod/shop/deployment/web?tab=edit",
        object("prod:shop:deployment:web", vec![]),
        me(Role::Viewer, false),
    );
    assert!(button(&looked, "Review…").contains(" disabled") && button(&looked, "Restart…").contains(" disabled"));
}

#[tokio::test]
async fn an_hpa_is_replayed_beside_others_and_says_what_is_not_kept_of_it() {
    let mut hpa = object("prod:shop:hpa:web", vec![]);
    hpa.policy = Some(ScalingPolicy::hpa(
        2,
        10,
        vec![MetricSpec::utilization("cpu", 70), MetricSpec::per_pod(HOSTILE, 3_000)],
    ));
    let what_if = page("/clusters/prod/shop/hpa/web?tab=what-if", hpa, me(Role::Viewer, false));
    is_harmless(&what_if);
    has(
        &what_if,
        &[
            "A replay needs scripts",
            "Measured: the last hour",
            "Made up: flash crowd",
            "and of its metrics: cpu.",
            "Not kept over time",
            "id=\"another-title\"",
            "name=\"settings[metrics.0.target]\"",
        ],
    );
    let unread = page(
        "/clusters/prod/shop/hpa/web?tab=what-if",
        object("prod:shop:hpa:web", vec![]),
        me(Role::Viewer, false),
    );
    has(&unread, &["Our engine has not read this HPA yet"]);
    let workload = object("prod:shop:deployment:web", vec![]);
    let workload = page("/clusters/prod/shop/deployment/web?tab=what-if", workload, me(Role::Viewer, false));
    has(&workload, &["Only HPAs can be replayed", "href=\"/clusters/prod/shop/hpa/web\""]);
}
