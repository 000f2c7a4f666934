//! The scenarios: name, HPA, what is played.

use model::cluster::FindingCode;
use serde_json::{Value, json};

use super::scenario::{
    Played::{External, Missing, Object, Pods, PodsOf, Room, Unready, Use, UseIn, UseOf},
    Scenario, at_once, average, behaving, cpu, external, object, pods, resource, scenario, whole,
};

fn up(policies: Value) -> Value {
    behaving(json!({"scaleUp": policies}))
}

fn down(mut rules: Value) -> Value {
    rules["stabilizationWindowSeconds"] = json!(0);
    behaving(json!({"scaleDown": rules}))
}

fn policy(kind: &str, value: u32, period_s: u32) -> Value {
    json!({"type": kind, "value": value, "periodSeconds": period_s})
}

fn several(metrics: &[Value]) -> Value {
    json!({"metrics": metrics, "behavior": at_once()})
}

fn two_containers() -> Value {
    let container = |name: &str| json!({"name": name, "image": "app:1", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}});
    json!({"containers": [container("app"), container("side")]})
}

fn in_container(name: &str, percent: u32) -> Value {
    let target = json!({"type": "Utilization", "averageUtilization": percent});
    json!({"metrics": [{"type": "ContainerResource", "containerResource": {"name": "cpu", "container": name, "target": target}}]})
}

fn of_resource(name: &str, value: &str) -> Value {
    json!({"metrics": [{"type": "Resource", "resource": {"name": name, "target": average(value)}}]})
}

/// What is said of some of them, with the genuine controller's conditions beside it. A scenario that is well has nothing worse than that.
pub(crate) const FINDINGS: &[(&str, FindingCode)] = &[
    ("cpu on target", FindingCode::Healthy),
    ("current is desired is minimum", FindingCode::AtMin),
    ("tolerance up, inside", FindingCode::WithinTolerance),
    ("cpu down is held by the default window", FindingCode::Stabilizing),
    ("up by pods", FindingCode::RateLimited),
    ("up is switched off", FindingCode::DirectionDisabled),
    ("no more than the maximum", FindingCode::AtMax),
    ("no request", FindingCode::RequestMissing),
    ("all missing", FindingCode::PodsWithoutMetrics),
    ("a container that is not there", FindingCode::MetricMissing),
    ("pods metric is missing", FindingCode::MetricMissing),
    ("object is missing", FindingCode::MetricMissing),
    ("external is missing", FindingCode::MetricMissing),
    ("one fails, the other is down", FindingCode::MetricMissing),
    ("switched off", FindingCode::ScalingDisabled),
    ("two HPAs on one target", FindingCode::TwoHpas),
    ("the target is not there", FindingCode::TargetNotFound),
    ("two of four have a node", FindingCode::PodsPending),
];

pub(crate) fn all() -> Vec<Scenario> {
    let mut all = cpu_alone();
    all.extend(pods_that_differ());
    all.extend(other_metrics());
    all.extend(several_metrics());
    all.extend(bounds());
    all.extend(behaviors());
    all
}

fn cpu_alone() -> Vec<Scenario> {
    vec![
        scenario("cpu up", cpu(50), &[Use("100m", "32Mi")]),
        scenario("cpu down is held by the default window", cpu(50), &[Use("10m", "32Mi")]).again(),
        scenario("cpu down at once", behaving(at_once()), &[Use("10m", "32Mi")]),
        scenario("cpu on target", cpu(50), &[Use("50m", "32Mi")]).again(),
        scenario("tolerance up, inside", cpu(50), &[Use("55m", "32Mi")]),
        scenario("tolerance up, outside", cpu(50), &[Use("56m", "32Mi")]),
        scenario("tolerance down, inside", behaving(at_once()), &[Use("45m", "32Mi")]).replicas(10),
        scenario("tolerance down, outside", behaving(at_once()), &[Use("44m", "32Mi")]).replicas(10),
        scenario("own tolerance up, wide", up(json!({"tolerance": "0.2"})), &[Use("59m", "32Mi")]),
        scenario("own tolerance up, none", up(json!({"tolerance": "0"})), &[Use("51m", "32Mi")]),
        scenario("own tolerance down, wide", down(json!({"tolerance": "0.4"})), &[Use("31m", "32Mi")]).replicas(10),
        scenario(
            "own tolerance down, narrow",
            down(json!({"tolerance": "0.05"})),
            &[Use("46m", "32Mi")],
        )
        .replicas(10),
        scenario("without metrics it is cpu at 80 %", json!({}), &[Use("100m", "32Mi")]),
        scenario("cpu by value", of_resource("cpu", "30m"), &[Use("100m", "32Mi")]),
        scenario("nothing is used", behaving(at_once()), &[Use("0", "0")]),
    ]
}

fn pods_that_differ() -> Vec<Scenario> {
    let restartable = json!({"name": "side", "image": "side:1", "restartPolicy": "Always", "resources": {"requests": {"cpu": "100m"}}});
    let app = json!({"name": "app", "image": "app:1", "resources": {"requests": {"cpu": "100m"}}});
    vec![
        scenario("one unready, up", cpu(50), &[Use("100m", "32Mi"), Unready("web-2")]).named().ready(2),
        scenario("one unready, down", behaving(at_once()), &[Use("10m", "32Mi"), Unready("web-2")]).named().ready(2),
        scenario("two unready, up stays", cpu(50), &[Use("60m", "32Mi"), Unready("web-1"), Unready("web-2")]).named().ready(1),
        scenario("all unready", cpu(50), &[Use("100m", "32Mi"), Unready("web-0"), Unready("web-1"), Unready("web-2")]).named().ready(0),
        scenario("one missing, up", cpu(50), &[Use("100m", "32Mi"), Missing("web-2")]).named(),
        scenario("one missing, little up stays", cpu(50), &[Use("60m", "32Mi"), Missing("web-2")]).named(),
        scenario("one missing, down", behaving(at_once()), &[Use("10m", "32Mi"), Missing("web-2")]).named(),
        scenario("one missing, down to less", behaving(at_once()), &[Use("5m", "32Mi"), Missing("web-2")]).named().replicas(6),
        scenario("all missing", cpu(50), &[Missing("web-0"), Missing("web-1"), Missing("web-2")]).named(),
        scenario("missing and unready, up", cpu(50), &[Use("200m", "32Mi"), Missing("web-0"), Unready("web-1")]).named().ready(3).replicas(4).ready(3),
        scenario("unequal pods", cpu(50), &[Use("20m", "32Mi"), UseOf("web-1", "190m")]).named(),
        scenario("two of four have a node", cpu(50), &[Use("100m", "32Mi"), Room(2)]).replicas(4).ready(2),
        scenario("no request", cpu(50), &[Use("100m", "32Mi")]).pod(json!({"containers": [{"name": "app", "image": "app:1"}]})),
        scenario("two containers", cpu(50), &[Use("40m", "32Mi"), UseIn("side", "120m")]).pod(two_containers()),
        scenario("a container of its own", in_container("app", 50), &[Use("40m", "32Mi"), UseIn("app", "120m")]).pod(two_containers()),
        scenario("the other container", in_container("side", 50), &[Use("45m", "32Mi"), UseIn("app", "120m")]).pod(two_containers()),
        scenario("a container that is not there", in_container("gone", 50), &[Use("40m", "32Mi")]),
        scenario("a sidecar keeps running", cpu(50), &[Use("60m", "32Mi")]).pod(json!({"initContainers": [restartable], "containers": [app]})),
        scenario("requests of the pod as a whole", cpu(50), &[Use("100m", "32Mi")]).pod(
            json!({"resources": {"requests": {"cpu": "400m"}}, "containers": [{"name": "app", "image": "app:1"}, {"name": "b", "image": "b:1"}]}),
        ),
    ]
}

fn other_metrics() -> Vec<Scenario> {
    let one = |metric: Value| json!({ "metrics": [metric] });
    let mut selected = external("queue", average("10"));
    selected["external"]["metric"]["selector"] = json!({"matchLabels": {"q": "a"}});
    vec![
        scenario("memory up", one(resource("memory", 50)), &[Use("10m", "64Mi")]),
        scenario("memory down", several(&[resource("memory", 80)]), &[Use("10m", "16Mi")]),
        scenario("memory by value", of_resource("memory", "40Mi"), &[Use("10m", "64Mi")]),
        scenario(
            "memory does not ask for readiness",
            one(resource("memory", 50)),
            &[Use("10m", "64Mi"), Unready("web-2")],
        )
        .named()
        .ready(2),
        scenario("pods metric up", one(pods("rps", "10")), &[Pods("rps", "25")]),
        scenario("pods metric down", several(&[pods("rps", "100")]), &[Pods("rps", "25")]),
        scenario(
            "pods metric of one pod is missing",
            one(pods("rps", "10")),
            &[PodsOf("web-0", "rps", "40"), PodsOf("web-1", "rps", "40")],
        )
        .named(),
        scenario("pods metric is missing", one(pods("rps", "10")), &[]),
        scenario("object by value", one(object("hits", whole("100"))), &[Object("hits", "250")]),
        scenario(
            "object by value, one unready",
            one(object("hits", whole("100"))),
            &[Object("hits", "250"), Unready("web-2")],
        )
        .named()
        .ready(2),
        scenario("object by average", one(object("hits", average("20"))), &[Object("hits", "150")]),
        scenario("object is missing", one(object("hits", whole("100"))), &[]),
        scenario(
            "external by value",
            one(external("queue", whole("100"))),
            &[External("queue", "a", "160")],
        ),
        scenario(
            "external by average",
            one(external("queue", average("10"))),
            &[External("queue", "a", "75")],
        ),
        scenario(
            "external series are added up",
            one(external("queue", average("10"))),
            &[External("queue", "a", "35"), External("queue", "b", "50500m")],
        ),
        scenario(
            "external with a selector",
            one(selected),
            &[External("queue", "a", "51"), External("queue", "b", "400")],
        ),
        scenario("external is missing", one(external("queue", average("10"))), &[]),
        scenario(
            "external down",
            several(&[external("queue", average("100"))]),
            &[External("queue", "a", "120")],
        ),
        scenario(
            "external average, within tolerance",
            one(external("queue", average("10"))),
            &[External("queue", "a", "32")],
        ),
    ]
}

fn several_metrics() -> Vec<Scenario> {
    let cpu = || resource("cpu", 50);
    let queue = || external("queue", average("10"));
    vec![
        scenario(
            "the largest counts",
            several(&[cpu(), queue()]),
            &[Use("70m", "32Mi"), External("queue", "a", "75")],
        ),
        scenario(
            "the largest counts, the other way round",
            several(&[queue(), cpu()]),
            &[Use("100m", "32Mi"), External("queue", "a", "15")],
        ),
        scenario("one fails, the other is up", several(&[queue(), cpu()]), &[Use("100m", "32Mi")]),
        scenario("one fails, the other is down", several(&[cpu(), queue()]), &[Use("10m", "32Mi")]),
        scenario("one fails, the other keeps", several(&[cpu(), queue()]), &[Use("50m", "32Mi")]),
        scenario("both fail", several(&[queue(), pods("rps", "10")]), &[]),
        scenario(
            "both down",
            several(&[cpu(), queue()]),
            &[Use("10m", "32Mi"), External("queue", "a", "15")],
        ),
    ]
}

fn bounds() -> Vec<Scenario> {
    let with = |mut hpa: Value, min: u32, max: u32| {
        (hpa["minReplicas"], hpa["maxReplicas"]) = (json!(min), json!(max));
        hpa
    };
    let queue = || several(&[external("queue", average("10"))]);
    let twin = Scenario {
        twin: true,
        ..scenario("two HPAs on one target", cpu(50), &[Use("100m", "32Mi")])
    };
    let lost = Scenario {
        lost: true,
        ..scenario("the target is not there", cpu(50), &[Use("100m", "32Mi")])
    };
    vec![
        scenario("no more than the maximum", with(cpu(50), 1, 4), &[Use("100m", "32Mi")]).again(),
        scenario("no fewer than the minimum", with(behaving(at_once()), 2, 4), &[Use("1m", "32Mi")]).again(),
        scenario("current is desired is minimum", with(cpu(50), 3, 4), &[Use("1m", "32Mi")]).again(),
        scenario("at the minimum at once", with(behaving(at_once()), 3, 4), &[Use("1m", "32Mi")]).again(),
        scenario("above the maximum", with(cpu(50), 1, 2), &[Use("100m", "32Mi")]),
        scenario("below the minimum", with(cpu(50), 5, 8), &[Use("1m", "32Mi")]).again(),
        scenario("switched off", cpu(50), &[Use("100m", "32Mi")]).replicas(0),
        scenario("at zero by somebody else", with(queue(), 0, 10), &[External("queue", "a", "25")]).replicas(0),
        scenario(
            "at zero by somebody else, nothing to do",
            with(queue(), 0, 10),
            &[External("queue", "a", "0")],
        )
        .replicas(0),
        scenario(
            "down to zero, and stays there",
            with(queue(), 0, 10),
            &[External("queue", "a", "0")],
        )
        .again(),
        scenario("a StatefulSet", cpu(50), &[Use("100m", "32Mi")]).named(),
        twin,
        lost,
    ]
}

fn behaviors() -> Vec<Scenario> {
    vec![
        scenario("without behavior it doubles", cpu(50), &[Use("900m", "32Mi")]),
        scenario("without behavior one becomes four", cpu(10), &[Use("900m", "32Mi")]).replicas(1),
        scenario("default limits with behavior", up(json!({})), &[Use("900m", "32Mi")]),
        scenario(
            "up by pods",
            up(json!({"policies": [policy("Pods", 1, 300)]})),
            &[Use("900m", "32Mi")],
        )
        .again(),
        scenario(
            "up by per cent",
            up(json!({"policies": [policy("Percent", 40, 300)]})),
            &[Use("900m", "32Mi")],
        )
        .again(),
        scenario(
            "up by the smaller",
            up(json!({"selectPolicy": "Min", "policies": [policy("Pods", 4, 300), policy("Percent", 50, 300)]})),
            &[Use("900m", "32Mi")],
        )
        .again(),
        scenario(
            "up by the larger",
            up(json!({"selectPolicy": "Max", "policies": [policy("Pods", 3, 300), policy("Percent", 50, 300)]})),
            &[Use("900m", "32Mi")],
        ),
        scenario(
            "up is switched off",
            up(json!({"selectPolicy": "Disabled"})),
            &[Use("900m", "32Mi")],
        )
        .again(),
        scenario(
            "up is stabilised",
            up(json!({"stabilizationWindowSeconds": 300})),
            &[Use("100m", "32Mi")],
        )
        .again(),
        scenario(
            "down by pods",
            down(json!({"policies": [policy("Pods", 2, 300)]})),
            &[Use("1m", "32Mi")],
        )
        .replicas(8)
        .again(),
        scenario(
            "down by per cent",
            down(json!({"policies": [policy("Percent", 30, 300)]})),
            &[Use("1m", "32Mi")],
        )
        .replicas(7)
        .again(),
        scenario(
            "down by the smaller",
            down(json!({"selectPolicy": "Min", "policies": [policy("Pods", 1, 300), policy("Percent", 50, 300)]})),
            &[Use("1m", "32Mi")],
        )
        .replicas(8)
        .again(),
        scenario(
            "down by the larger",
            down(json!({"policies": [policy("Pods", 1, 300), policy("Percent", 50, 300)]})),
            &[Use("1m", "32Mi")],
        )
        .replicas(8),
        scenario(
            "down is switched off",
            down(json!({"selectPolicy": "Disabled"})),
            &[Use("1m", "32Mi")],
        )
        .again(),
        scenario(
            "down is stabilised for a minute",
            behaving(json!({"scaleDown": {"stabilizationWindowSeconds": 60}})),
            &[Use("1m", "32Mi")],
        ),
    ]
}
