use model::{
    cluster::{ClusterId, ObjectKind, ObjectState},
    scaling::Tolerance,
};
use serde_json::json;

use super::{
    super::fixtures::{NOW_MS, SHOP, Scene, ago},
    *,
};
use crate::decide::cluster::{Case, ControllerSettings, Memory, Round, evaluate, findings};

fn with_case<T>(scene: &Scene, then: impl FnOnce(&Case<'_>, &[model::cluster::Finding]) -> T) -> T {
    let look = scene.look();
    let round = Round::new(&look);
    let space = round.space(SHOP).unwrap();
    let hpa = &space.objects.hpas["web"];
    let mut memory = Memory::default();
    let evaluation = evaluate(space, hpa, &mut memory, NOW_MS);
    let case = Case::of_hpa(space, hpa, Some(&evaluation), &memory, &[], NOW_MS);
    then(&case, &findings(&case))
}

fn state(change: impl FnOnce(&mut Scene)) -> ObjectState {
    let mut scene = Scene::web();
    change(&mut scene);
    let cluster = ClusterId::new("prod").unwrap();
    with_case(&scene, |case, findings| row(&cluster, case, findings, None).unwrap().state)
}

#[test]
fn the_state_is_the_most_important_thing() {
    let load = |s: &mut Scene| (0..3).for_each(|n| s.uses(&format!("web-{n}"), 400));
    let spec = |s: &mut Scene, spec| s.change("hpa", "web", json!({ "spec": spec }));
    let workload = |s: &mut Scene, patch| s.change("deployment", "web", patch);
    assert_eq!(state(|_| {}), ObjectState::Steady);
    let failing = |s: &mut Scene| {
        s.figures_missing = Some("not there");
        s.condition("ScalingActive", "False", "FailedGetResourceMetric", "m");
    };
    assert_eq!(state(failing), ObjectState::Failing);
    assert_eq!(
        state(|s| {
            load(s);
            spec(s, json!({"maxReplicas": 3}));
        }),
        ObjectState::AtMax
    );
    assert_eq!(
        state(|s| workload(s, json!({"status": {"readyReplicas": 2}}))),
        ObjectState::Scaling
    );
    assert_eq!(
        state(|s| spec(s, json!({"minReplicas": 3, "maxReplicas": 3}))),
        ObjectState::Attention
    );
    assert_eq!(state(|s| workload(s, json!({"spec": {"replicas": 0}}))), ObjectState::Off);
    let down = model::SourceState::Down {
        since_ms: 0,
        why: "refused".to_owned(),
    };
    assert_eq!(state(|s| s.state = down), ObjectState::Unknown);
}

#[test]
fn a_row_says_what_kubectl_says() {
    let cluster = ClusterId::new("prod").unwrap();
    with_case(&Scene::web(), |case, findings| {
        let row = row(&cluster, case, findings, None).unwrap();
        assert_eq!(
            (row.object.to_string().as_str(), row.reference.as_str()),
            ("prod:shop:hpa:web", "Deployment/web")
        );
        assert_eq!(
            (row.min_replicas, row.max_replicas, row.desired, row.ready),
            (Some(2), Some(10), 3, 3)
        );
        assert_eq!(
            (row.targets[0].current.as_deref(), row.targets[0].target.as_str()),
            (Some("70 %"), "70 %")
        );
        assert_eq!(row.trouble, None);
        let metrics = metric_rows(case);
        assert_eq!(
            (metrics[0].controller.as_deref(), metrics[0].proposal),
            (Some("70 % (140m)"), Some(3))
        );
        assert_eq!(related(&cluster, case)[0].kind, ObjectKind::Deployment);
        assert_eq!(condition_rows(case)[0].reason, "ReadyForNewScale");
    });
}

#[test]
fn the_pods_that_do_not_work_come_first() {
    let mut scene = Scene::web();
    let crash = json!({"name": "app", "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}});
    let unready = json!({"type": "Ready", "status": "False", "lastTransitionTime": ago(30)});
    scene.change(
        "pod",
        "web-2",
        json!({"status": {"containerStatuses": [crash], "conditions": [unready]}}),
    );
    scene.put(
        "pdb",
        "web",
        json!({"spec": {"selector": {"matchLabels": {"app": "web"}}}, "status": {"disruptionsAllowed": 1}}),
    );
    with_case(&scene, |case, _| {
        let pods = pod_rows(case);
        assert_eq!((pods[0].name.as_str(), pods[0].restarts), ("web-2", 7));
        assert_eq!(pods[0].why.as_deref(), Some("CrashLoopBackOff: app, 7 restarts: back-off"));
        assert_eq!((pods[1].cpu_milli, pods[1].cpu_request_milli), (Some(140), Some(200)));
        assert_eq!(pods[1].memory_request_bytes, Some(128 << 20));
        assert_eq!(budgets(case), [("web".to_owned(), 1)]);
    });
}

#[test]
fn what_leads_to_the_pods_is_found() {
    let mut scene = Scene::web();
    scene.put(
        "service",
        "web",
        json!({"spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "protocol": "TCP"}]}}),
    );
    scene.put("service", "api", json!({"spec": {"selector": {"app": "api"}}}));
    let endpoint = |address: &str, ready: bool| json!({"addresses": [address], "conditions": {"ready": ready}});
    scene.put(
        "endpointslice",
        "web-a",
        json!({"metadata": {"labels": {"kubernetes.io/service-name": "web"}},
        "endpoints": [endpoint("10.0.0.1", true), endpoint("10.0.0.2", false)]}),
    );
    let paths = json!([{"backend": {"service": {"name": "web"}}}]);
    let ingress = |class: &str| {
        json!({"spec": {"ingressClassName": class, "rules": [{"host": "shop.example", "http": {"paths": paths}}]},
        "metadata": {"annotations": {"nginx.ingress.kubernetes.io/load-balance": "ewma", "nginx.ingress.kubernetes.io/x": "1"}}})
    };
    scene.put("ingress", "web", ingress("nginx"));
    scene.put("ingress", "other", ingress("traefik"));
    let whole = |service: &str| json!({"spec": {"ingressClassName": "nginx", "defaultBackend": {"service": {"name": service}}}});
    scene.put("ingress", "whole", whole("web"));
    scene.put("ingress", "whole-of-api", whole("api"));
    let event = |seconds: i64, name: &str| {
        json!({"involvedObject": {"kind": "Pod", "name": name}, "reason": "Killing", "type": "Warning",
        "lastTimestamp": ago(seconds), "source": {"component": "kubelet"}})
    };
    scene.put("event", "a", event(60, "web-1"));
    scene.put("event", "b", event(30, "web-0"));
    scene.put("event", "c", event(10, "api-0"));
    with_case(&scene, |case, _| {
        let services = service_rows(case);
        assert_eq!(services.len(), 1);
        assert_eq!(
            (services[0].ready, services[0].endpoints, services[0].port.as_deref()),
            (1, 2, Some("web:80"))
        );
        let ingresses = ingress_rows(case, |name| name.ends_with("load-balance"), |_| None);
        assert_eq!(ingresses.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["web", "whole"]);
        assert_eq!(
            (ingresses[0].hosts[0].as_str(), ingresses[0].annotations.len()),
            ("shop.example", 1)
        );
        let events = object_events(case);
        let seen: Vec<_> = events.iter().map(|event| event.at_ms).collect();
        assert_eq!(seen, [NOW_MS - 30_000, NOW_MS - 60_000]);
    });
}

#[test]
fn what_the_controller_was_started_with_changes_what_is_decided() {
    // 75 % where 70 % are wanted: within a tolerance of a tenth.
    let decided = |settings: ControllerSettings| {
        let mut scene = Scene::web();
        (0..3).for_each(|n| scene.uses(&format!("web-{n}"), 150));
        scene.controller = settings;
        with_case(&scene, |case, _| case.evaluation.unwrap().as_ref().unwrap().decision.to)
    };
    let usual = ControllerSettings::default();
    assert_eq!(decided(usual), 3);
    let strict = ControllerSettings {
        tolerance: Tolerance {
            scale_up_ppm: 50_000,
            scale_down_ppm: 50_000,
        },
        ..usual
    };
    assert_eq!(decided(strict), 4);
}

#[test]
fn without_a_behavior_the_controllers_own_window_holds_back() {
    let wants = |window_s: u32| {
        let settings = ControllerSettings {
            downscale_stabilization_s: window_s,
            ..ControllerSettings::default()
        };
        let mut scene = Scene::web();
        scene.controller = settings;
        let mut memory = Memory::default();
        let mut decided = Vec::new();
        for (milli, after_s) in [(140, 0), (20, 60)] {
            (0..3).for_each(|n| scene.uses(&format!("web-{n}"), milli));
            let look = scene.look();
            let round = Round::new(&look);
            let space = round.space(SHOP).unwrap();
            let at_ms = NOW_MS + after_s * 1_000;
            decided.push(evaluate(space, &space.objects.hpas["web"], &mut memory, at_ms).unwrap().decision.to);
        }
        decided
    };
    assert_eq!(wants(300), [3, 3], "the window still holds what was asked for a minute ago");
    assert_eq!(wants(30), [3, 2], "a window of 30 s does not");
}
