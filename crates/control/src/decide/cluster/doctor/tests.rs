//! Each finding with a document that shows it and one that must not, and what becomes of the text.

use model::{
    Severity,
    cluster::{DoctorAnswer, FindingCode},
};

use super::{examine, read::read};

use FindingCode::{
    DirectionDisabled, Flaps, InvalidObject, InverseMetric, LatencyAveraged, MemoryTarget, MinIsMax, NotChecked, OutdatedApi,
    PolicyCannotAct, ReplicasSet, RequestMissing, SelectorMissing, TargetNotFound, TargetOutOfReach, TwoHpas, UnknownField, VpaConflict,
};

/// An HPA of `web` with these fields of `spec` beside its target.
fn hpa(spec: &str) -> String {
    named("web", spec)
}

fn named(name: &str, spec: &str) -> String {
    let spec = deeper(spec);
    format!(
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: {name}\nspec:\n  scaleTargetRef:\n    apiVersion: \
         apps/v1\n    kind: Deployment\n    name: web\n{spec}"
    )
}

/// Each line two columns further in.
fn deeper(text: &str) -> String {
    let lines: Vec<_> = text.trim_matches('\n').lines().map(|line| format!("  {line}\n")).collect();
    lines.concat()
}

/// With bounds, and these metrics.
fn metrics(metrics: &str) -> String {
    let metrics = deeper(metrics);
    hpa(&format!("minReplicas: 2\nmaxReplicas: 10\nmetrics:\n{metrics}"))
}

fn behavior(behavior: &str) -> String {
    let behavior = deeper(behavior);
    hpa(&format!("minReplicas: 2\nmaxReplicas: 10\n{CPU}behavior:\n{behavior}"))
}

const CPU: &str = "metrics:
  - type: Resource
    resource:
      name: cpu
      target: {type: Utilization, averageUtilization: 70}
";

fn workload(replicas: &str, resources: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n{replicas}  selector: {{matchLabels: {{app: web}}}}\n  \
         template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n        - name: app # the only one\n          image: \
         web:1\n{resources}"
    )
}

fn vpa(rest: &str) -> String {
    format!(
        "---\napiVersion: autoscaling.k8s.io/v1\nkind: VerticalPodAutoscaler\nmetadata: {{name: web}}\nspec:\n  targetRef: {{apiVersion: apps/v1, \
         kind: Deployment, name: web}}\n{rest}"
    )
}

fn with_cpu(more: &str) -> String {
    hpa(&format!("minReplicas: 2\nmaxReplicas: 10\n{CPU}")) + more
}

const REQUESTS: &str = "          resources: {requests: {cpu: 200m}}\n";

fn codes(answer: &DoctorAnswer) -> Vec<FindingCode> {
    answer.documents.iter().flat_map(|d| &d.findings).map(|f| f.code).collect()
}

/// What is found, where, in what must show it; what must not; and whether it is mended.
fn table() -> Vec<(FindingCode, &'static str, String, String, bool)> {
    let external = |name: &str, target: &str, more: &str| {
        metrics(&format!(
            "- type: External\n  external:\n    metric:\n      name: {name}\n{more}    target: {target}"
        ))
    };
    let chosen = "      selector: {matchLabels: {queue: a}}\n";
    let cpu = |percent: &str| {
        metrics(&format!(
            "- type: Resource\n  resource:\n    name: cpu\n    target: {{type: Utilization, averageUtilization: {percent}}}"
        ))
    };
    let two = |first: &str| {
        metrics(&format!(
            "# by the failures\n- type: Pods\n  pods:\n    metric: {{name: {first}}}\n    target: {{type: AverageValue, averageValue: \"0.95\"}}\n- type: \
             Resource\n  resource:\n    name: cpu\n    target: {{type: Utilization, averageUtilization: 70}}"
        ))
    };
    vec![
        (InverseMetric, "spec.metrics[0]", two("success_rate"), two("failure_rate"), true),
        (
            InverseMetric,
            "spec.metrics[0]",
            metrics("- type: Pods\n  pods:\n    metric: {name: success_rate}\n    target: {type: AverageValue, averageValue: \"0.95\"}"),
            metrics(
                "- type: Pods\n  pods:\n    metric: {name: requests_per_second}\n    target: {type: AverageValue, averageValue: \"95\"}",
            ),
            false,
        ),
        (
            LatencyAveraged,
            "spec.metrics[0].external.target",
            external("p95_latency", "{type: AverageValue, averageValue: \"0.5\"}", chosen),
            external("p95_latency", "{type: Value, value: \"0.5\"}", chosen),
            true,
        ),
        (
            VpaConflict,
            "spec.updatePolicy.updateMode",
            with_cpu(&vpa("")),
            with_cpu(&vpa(
                "  resourcePolicy: {containerPolicies: [{containerName: '*', controlledResources: [memory]}]}\n",
            )),
            true,
        ),
        (
            VpaConflict,
            "spec.updatePolicy.updateMode",
            with_cpu(&vpa("  updatePolicy:\n    updateMode: Auto # for now\n")),
            with_cpu(&vpa("  updatePolicy:\n    updateMode: \"Off\"\n")),
            true,
        ),
        (
            RequestMissing,
            "spec.template.spec.containers[0].resources.requests.cpu",
            with_cpu(&workload("", "")),
            with_cpu(&workload("", REQUESTS)),
            true,
        ),
        (
            RequestMissing,
            "spec.template.spec.containers[0].resources.requests.cpu",
            with_cpu(&workload("", "          resources: {}\n")),
            with_cpu(&workload("", "          resources: {limits: {cpu: 2}}\n")),
            true,
        ),
        (
            RequestMissing,
            "spec.template.spec.containers[0].resources.requests.cpu",
            with_cpu(&workload(
                "",
                "          resources:\n            requests:\n              memory: 64Mi\n",
            )),
            with_cpu(&workload("", REQUESTS)),
            true,
        ),
        (
            ReplicasSet,
            "spec.replicas",
            with_cpu(&workload("  replicas: 3 # as always\n", REQUESTS)),
            with_cpu(&workload("", REQUESTS)),
            true,
        ),
        (
            TargetOutOfReach,
            "spec.metrics[0]",
            cpu("95") + &workload("", "          resources: {limits: {cpu: 1}}\n"),
            cpu("95") + &workload("", "          resources: {requests: {cpu: 500m}, limits: {cpu: 1}}\n"),
            false,
        ),
        (
            MinIsMax,
            "spec.maxReplicas",
            hpa("minReplicas: 4\nmaxReplicas: 4"),
            hpa("minReplicas: 4\nmaxReplicas: 5"),
            false,
        ),
        (
            InvalidObject,
            "spec.maxReplicas",
            hpa("minReplicas: 9\nmaxReplicas: 4"),
            hpa("minReplicas: 4\nmaxReplicas: 9"),
            true,
        ),
        (
            InvalidObject,
            "spec.maxReplicas",
            hpa("minReplicas: 0\nmaxReplicas: 0"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            InvalidObject,
            "spec.minReplicas",
            hpa("minReplicas: 0\nmaxReplicas: 9"),
            hpa("minReplicas: 1\nmaxReplicas: 9"),
            true,
        ),
        (
            InvalidObject,
            "spec.maxReplicas",
            hpa("maxReplicas: \"9\""),
            hpa("maxReplicas: 9"),
            true,
        ),
        (
            InvalidObject,
            "spec.maxReplicas",
            hpa("maxReplicas: -9"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            InvalidObject,
            "spec.maxReplicas",
            hpa("minReplicas: 9"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            InvalidObject,
            "spec.metrics",
            hpa("maxReplicas: 9\nmetrics: cpu"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            InvalidObject,
            "spec.maxReplicas",
            hpa("maxReplicas: 8\nmaxReplicas: 9"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            UnknownField,
            "spec.minReplica",
            hpa("minReplica: 2\nmaxReplicas: 9"),
            hpa("minReplicas: 2\nmaxReplicas: 9"),
            true,
        ),
        (
            UnknownField,
            "spec.colour",
            hpa("colour: red\nmaxReplicas: 9"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            InvalidObject,
            "spec.metrics[0].resource.target.averageUtilization",
            cpu("0"),
            cpu("70"),
            false,
        ),
        (
            InvalidObject,
            "spec.metrics[0].resource.target.averageUtilization",
            cpu("70%"),
            cpu("70"),
            true,
        ),
        (
            InvalidObject,
            "spec.metrics[0].resource.target",
            metrics("- type: Resource\n  resource:\n    name: cpu\n    target: {type: Utilization, averageValue: 500m}"),
            metrics("- type: Resource\n  resource:\n    name: cpu\n    target: {type: AverageValue, averageValue: 500m}"),
            true,
        ),
        (InvalidObject, "spec.metrics[0]", metrics("- type: Pods"), cpu("70"), false),
        (
            InvalidObject,
            "spec.metrics[0].type",
            metrics("- type: resource\n  resource:\n    name: cpu\n    target: {type: Utilization, averageUtilization: 70}"),
            cpu("70"),
            true,
        ),
        (
            SelectorMissing,
            "spec.metrics[0].external.metric",
            external("queue_length", "{type: AverageValue, averageValue: \"30\"}", ""),
            external("queue_length", "{type: AverageValue, averageValue: \"30\"}", chosen),
            false,
        ),
        (
            MemoryTarget,
            "spec.metrics[0].resource",
            metrics("- type: Resource\n  resource:\n    name: memory\n    target: {type: Utilization, averageUtilization: 70}"),
            metrics("- type: Resource\n  resource:\n    name: memory\n    target: {type: AverageValue, averageValue: 500Mi}"),
            false,
        ),
        (
            DirectionDisabled,
            "spec.behavior.scaleUp.selectPolicy",
            behavior("scaleUp:\n  selectPolicy: Disabled"),
            behavior("scaleDown:\n  selectPolicy: Disabled"),
            true,
        ),
        (
            InvalidObject,
            "spec.behavior.scaleUp.selectPolicy",
            behavior("scaleUp:\n  selectPolicy: max"),
            behavior("scaleUp:\n  selectPolicy: Max"),
            true,
        ),
        (
            InvalidObject,
            "spec.behavior.scaleUp.policies[0].periodSeconds",
            behavior("scaleUp:\n  policies: [{type: Pods, value: 4, periodSeconds: 3600}]"),
            behavior("scaleUp:\n  policies: [{type: Pods, value: 4, periodSeconds: 1800}]"),
            true,
        ),
        (
            InvalidObject,
            "spec.behavior.scaleDown.stabilizationWindowSeconds",
            behavior("scaleDown:\n  stabilizationWindowSeconds: 7200"),
            behavior("scaleDown:\n  stabilizationWindowSeconds: 3600"),
            true,
        ),
        (
            PolicyCannotAct,
            "spec.behavior.scaleUp.policies[0].value",
            behavior("scaleUp:\n  policies: [{type: Percent, value: 0, periodSeconds: 60}]"),
            behavior("scaleUp:\n  policies: [{type: Percent, value: 10, periodSeconds: 60}]"),
            true,
        ),
        (
            PolicyCannotAct,
            "spec.behavior.scaleUp.policies",
            behavior("scaleUp:\n  policies: []"),
            behavior("scaleUp:\n  policies: [{type: Pods, value: 1, periodSeconds: 60}]"),
            false,
        ),
        (
            PolicyCannotAct,
            "spec.behavior.scaleUp.policies[0]",
            behavior("scaleUp:\n  policies: [{type: Pods, value: 1, periodSeconds: 60}, {type: Percent, value: 100, periodSeconds: 60}]"),
            behavior("scaleUp:\n  policies: [{type: Pods, value: 4, periodSeconds: 60}, {type: Percent, value: 100, periodSeconds: 60}]"),
            false,
        ),
        (
            Flaps,
            "spec.behavior.scaleDown.stabilizationWindowSeconds",
            behavior("scaleDown:\n  stabilizationWindowSeconds: 5"),
            behavior("scaleDown:\n  stabilizationWindowSeconds: 300"),
            true,
        ),
        (
            Flaps,
            "spec.behavior.scaleUp.tolerance",
            behavior("scaleUp:\n  tolerance: 0"),
            behavior("scaleUp:\n  tolerance: \"0.05\""),
            true,
        ),
        (
            TwoHpas,
            "spec.scaleTargetRef",
            hpa("maxReplicas: 9") + "---\n" + &named("web-too", "maxReplicas: 9"),
            hpa("maxReplicas: 9") + "---\n" + &named("api", "maxReplicas: 9").replace("name: web", "name: api"),
            false,
        ),
        (
            TargetNotFound,
            "spec.scaleTargetRef.apiVersion",
            hpa("maxReplicas: 9").replace("apps/v1", "extensions/v1beta1"),
            hpa("maxReplicas: 9"),
            true,
        ),
        (
            TargetNotFound,
            "spec.scaleTargetRef.apiVersion",
            hpa("maxReplicas: 9").replace("    apiVersion: apps/v1\n", ""),
            hpa("maxReplicas: 9"),
            true,
        ),
        (
            TargetNotFound,
            "spec.scaleTargetRef.kind",
            hpa("maxReplicas: 9").replace("kind: Deployment", "kind: DaemonSet"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            TargetNotFound,
            "spec.metrics[0].containerResource.container",
            metrics(
                "- type: ContainerResource\n  containerResource:\n    name: cpu\n    container: ap\n    target: {type: Utilization, averageUtilization: 70}",
            ) + &workload("", REQUESTS),
            metrics(
                "- type: ContainerResource\n  containerResource:\n    name: cpu\n    container: app\n    target: {type: Utilization, averageUtilization: 70}",
            ) + &workload("", REQUESTS),
            false,
        ),
        (
            OutdatedApi,
            "apiVersion",
            hpa("minReplicas: 2 # two\nmaxReplicas: 9\ntargetCPUUtilizationPercentage: 60 # sixty")
                .replace("autoscaling/v2", "autoscaling/v1"),
            hpa("maxReplicas: 9"),
            true,
        ),
        (
            OutdatedApi,
            "apiVersion",
            cpu("70").replace("autoscaling/v2", "autoscaling/v2beta2"),
            cpu("70"),
            true,
        ),
        (
            OutdatedApi,
            "apiVersion",
            hpa("maxReplicas: 9").replace("autoscaling/v2", "autoscaling/v2beta1"),
            hpa("maxReplicas: 9"),
            false,
        ),
        (
            NotChecked,
            "spec",
            "apiVersion: keda.sh/v1alpha1\nkind: ScaledObject\nmetadata: {name: web}\nspec: {scaleTargetRef: {name: web}}\n".to_owned(),
            "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {}\n".to_owned(),
            false,
        ),
        (
            InvalidObject,
            "kind",
            hpa("maxReplicas: 9").replace("PodAutoscaler", "PodAutoScalar"),
            hpa("maxReplicas: 9"),
            true,
        ),
        (InvalidObject, "kind", "replicas: 3\n".to_owned(), hpa("maxReplicas: 9"), false),
    ]
}

#[test]
fn every_finding_is_shown_by_one_document_and_not_by_another() {
    for (code, field, bad, good, is_mended) in table() {
        let answer = examine(&bad);
        let all: Vec<_> = answer.documents.iter().flat_map(|d| &d.findings).collect();
        let found = all.iter().find(|f| f.code == code && f.field.as_deref() == Some(field));
        let found = found.unwrap_or_else(|| panic!("{code:?} at {field} is not found in\n{bad}\n{all:#?}"));
        assert!(!found.fixes.is_empty(), "{code:?} has no way out");
        assert!(found.why.starts_with("Line "), "{}", found.why);
        let clean = examine(&good);
        assert!(
            !codes(&clean).contains(&code),
            "{code:?} is found in\n{good}\n{:#?}",
            clean.documents
        );
        let fixed = answer.fixed.as_deref();
        let is_gone = fixed.is_some_and(|fixed| {
            let again = examine(fixed);
            !again
                .documents
                .iter()
                .flat_map(|d| &d.findings)
                .any(|f| f.code == code && f.field.as_deref() == Some(field))
        });
        assert_eq!(
            is_gone,
            is_mended,
            "{code:?} of\n{bad}\nwas mended to\n{}",
            fixed.unwrap_or("nothing")
        );
    }
}

#[test]
fn mending_twice_is_mending_once_and_leaves_everything_else() {
    for (code, _, bad, ..) in table() {
        let Some(fixed) = examine(&bad).fixed else { continue };
        assert_eq!(examine(&fixed).fixed, None, "{code:?}: mended again from\n{fixed}");
        assert!(read(&fixed).iter().all(Result::is_ok), "{code:?}: no YAML any more\n{fixed}");
        assert_eq!(read(&fixed).len(), read(&bad).len());
        // Comments stay, and a mend touches a few lines at most.
        for comment in bad.lines().filter_map(|line| line.split_once(" # ").map(|(_, c)| c)) {
            assert!(fixed.contains(comment), "{code:?}: {comment:?} is gone from\n{fixed}");
        }
        let kept = bad.lines().filter(|line| fixed.lines().any(|l| l == *line)).count();
        assert!(kept + 5 >= bad.lines().count(), "{code:?}: most of it is gone:\n{fixed}");
    }
}

#[test]
fn the_text_is_mended_in_place() {
    let mended = |text: &str| examine(text).fixed.unwrap_or_default();
    let v1 =
        hpa("minReplicas: 2 # two\nmaxReplicas: 9\ntargetCPUUtilizationPercentage: 60 # sixty").replace("autoscaling/v2", "autoscaling/v1");
    assert_eq!(
        mended(&v1),
        "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata:\n  name: web\nspec:\n  scaleTargetRef:\n    apiVersion: apps/v1\n    \
         kind: Deployment\n    name: web\n  minReplicas: 2 # two\n  maxReplicas: 9\n  metrics:\n    - type: Resource\n      resource:\n        \
         name: cpu\n        target:\n          type: Utilization\n          averageUtilization: 60 # sixty\n"
    );
    let bare = with_cpu(&workload("  replicas: 3 # as always\n", ""));
    let fixed = mended(&bare);
    assert!(
        fixed.contains("\n  # Taken out: the HPA sets the replicas, and every apply of a number here turns it back.\n  # replicas: 3 # as always\n  selector:"),
        "{fixed}"
    );
    assert!(
        fixed.ends_with("        - name: app # the only one\n          image: web:1\n          resources:\n            requests:\n              cpu: 100m\n"),
        "{fixed}"
    );
    // The same on lines that end as Windows ends them.
    assert_eq!(mended(&bare.replace('\n', "\r\n")), fixed.replace('\n', "\r\n"));
}

#[test]
fn json_and_lists_are_mended_as_they_are_written() {
    let json = r#"{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "web", "namespace": "shop"},
   "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplica": 2, "maxReplicas": "10"}},
  {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
   "spec": {"selector": {}, "template": {"spec": {"containers": [{"name": "app"}]}}}}
]}"#;
    let answer = examine(json);
    let names: Vec<_> = answer.documents.iter().map(|d| (d.what.as_str(), d.line)).collect();
    assert_eq!(names, [("HorizontalPodAutoscaler shop/web", 2), ("Deployment shop/web", 4)]);
    assert_eq!(answer.worst, Some(Severity::Critical));
    let fixed: serde_json::Value = serde_json::from_str(&answer.fixed.unwrap()).expect("JSON stays JSON");
    assert_eq!(fixed["items"][0]["spec"]["minReplicas"], 2);
    assert_eq!(fixed["items"][0]["spec"]["maxReplicas"], 10);
    assert_eq!(fixed["items"][0]["spec"]["scaleTargetRef"]["apiVersion"], "apps/v1");
    assert_eq!(
        fixed["items"][1]["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"],
        "100m"
    );
}

#[test]
fn what_a_vpa_found_out_is_the_request() {
    let status =
        "status:\n  recommendation:\n    containerRecommendations:\n      - containerName: app\n        target: {cpu: 350m, memory: 1Gi}\n";
    let text = with_cpu(&(workload("", "") + &vpa("  updatePolicy: {updateMode: \"Off\"}\n") + status));
    let fixed = examine(&text).fixed.unwrap();
    assert!(fixed.contains("              cpu: 350m\n"), "{fixed}");
}

#[test]
fn a_shared_part_is_read_and_never_mended() {
    let text = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec: &spec\n  scaleTargetRef: {apiVersion: \
                apps/v1, kind: Deployment, name: web}\n  minReplicas: 9\n  maxReplicas: 4\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";
    let answer = examine(text);
    assert!(codes(&answer).contains(&InvalidObject));
    assert_eq!(answer.fixed, None);
    let merged = "base: &base\n  maxReplicas: 9\nspec:\n  <<: *base\n  minReplicas: 2\n";
    let node = read(merged).pop().unwrap().unwrap();
    assert!(node.find("spec.maxReplicas").is_some_and(|max| max.is_shared));
    assert!(node.find("spec.minReplicas").is_some_and(|min| !min.is_shared));
}

#[test]
fn a_broken_document_does_not_hide_the_others() {
    let text = "a: [1\n---\n".to_owned() + &hpa("minReplicas: 9\nmaxReplicas: 4");
    let answer = examine(&text);
    assert!(
        answer.documents[0].findings[0].title.contains("cannot be read"),
        "{:#?}",
        answer.documents
    );
    let template = examine("spec:\n  maxReplicas: {{ .Values.max }}\n");
    assert!(template.documents[0].findings[0].why.contains("rendered first") || template.documents[0].findings[0].why.contains("template"));
    assert_eq!(examine("").documents, []);
    assert_eq!(examine("# nothing\n---\n---\n").documents, []);
}

#[test]
fn a_sound_set_has_no_findings() {
    let text = with_cpu(&workload("", "          resources: {requests: {cpu: 200m}, limits: {cpu: 1}}\n"));
    let answer = examine(&text);
    assert_eq!(codes(&answer), [], "{:#?}", answer.documents);
    assert_eq!((answer.fixed, answer.worst), (None, None));
}
