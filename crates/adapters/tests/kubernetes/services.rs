//! The endpoints of Services as members of pools.

use std::sync::Arc;

use adapters::kubernetes::{Kubernetes, ServicePool, Services};
use control::ports::{Workloads as _, cluster::Cluster as _};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::{
    Api,
    api::{DeleteParams, ListParams},
};
use model::{PoolId, ProcessObservation, ProcessState, WorkloadId, WorkloadObservation};
use serde_json::json;
use testkit::{
    contract,
    fault_proxy::{Fault, Rule},
    kubernetes::{self, Order},
    wait_until,
};

use crate::scene::{SOON, Scene, until_down, until_read};

/// Their own numbers are not those of the pods.
const SERVICE: &str = "\
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 81, targetPort: 9090}, {name: dns, port: 53, protocol: UDP}]
";

fn pool(scene: &Scene<'_>, name: &str, service: &str, port: Option<&str>) -> ServicePool {
    ServicePool {
        pool: PoolId::new(name).unwrap(),
        namespace: scene.namespace.name().to_owned(),
        service: service.to_owned(),
        port: port.map(str::to_owned),
    }
}

/// What its members are, in the order of their names; an empty list where nothing can be said.
async fn members(services: &Services, pool: &str) -> Vec<ProcessObservation> {
    let seen = services.observe().await.unwrap_or_default();
    let of_pool = seen.into_iter().find(|w| w.pool.as_str() == pool);
    of_pool.map(|w| w.processes).unwrap_or_default()
}

async fn until(what: &str, services: &Services, pool: &str, holds: impl Fn(&[ProcessObservation]) -> bool) -> Vec<ProcessObservation> {
    let mut last = Vec::new();
    wait_until(what, SOON, async || {
        last = members(services, pool).await;
        holds(&last)
    })
    .await;
    last
}

fn all(count: usize, state: impl Fn(&ProcessState) -> bool) -> impl Fn(&[ProcessObservation]) -> bool {
    move |members| members.len() == count && members.iter().all(|m| state(&m.state))
}

fn runs(state: &ProcessState) -> bool {
    *state == ProcessState::Running
}

async fn connected(scene: &Scene<'_>) -> Arc<Kubernetes> {
    let cluster = Arc::new(scene.connect().await);
    until_read(&cluster).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_keep_the_contract_of_workloads_that_are_scaled_elsewhere() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.namespace.apply_yaml(SERVICE).await;
    scene.deploy("web", 2).await;
    let services = Services::new(connected(&scene).await, vec![pool(&scene, "web", "web", Some("http"))]);
    let set = async |replicas| scene.deploy("web", replicas).await;
    contract::workloads_of_others(&services, &WorkloadId::new("web").unwrap(), set).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_port_is_named_as_the_service_has_it_and_a_service_may_come_later() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.deploy("web", 2).await;
    let asked = [
        ("by-name", Some("admin"), Some(9090)),
        ("by-number", Some("80"), Some(8080)),
        ("by-target", Some("9090"), Some(9090)),
        ("first", None, Some(8080)),
        ("udp", Some("dns"), None),
        ("unknown", Some("grpc"), None),
    ];
    let mut pools = asked.map(|(name, port, _)| pool(&scene, name, "web", port)).to_vec();
    pools.push(pool(&scene, "missing", "nothing", None));
    let services = Services::new(connected(&scene).await, pools);
    let before = services.observe().await.unwrap();
    let nobody = |w: &WorkloadObservation| w.processes.is_empty() && w.desired == 0;
    assert!(before.len() == asked.len() + 1 && before.iter().all(nobody), "{before:?}");

    scene.namespace.apply_yaml(SERVICE).await;
    // The Service and its endpoints come by two watches, in either order: each pool is waited for by itself.
    for (name, port, expected) in asked {
        let has_ports = |members: &[ProcessObservation]| {
            let ports: Vec<u16> = members.iter().map(|p| p.address.port()).collect();
            ports == expected.map_or(vec![], |n| vec![n; 2])
        };
        until(&format!("{name}: {port:?}"), &services, name, has_ports).await;
    }
    until("the Service has its endpoints", &services, "first", all(2, runs)).await;
    let seen = services.observe().await.unwrap();
    for (name, _, expected) in asked {
        let workload = seen.iter().find(|w| w.pool.as_str() == name).unwrap();
        assert_eq!(workload.processes.is_empty(), expected.is_none(), "{name}");
        assert_eq!(workload.reference, format!("Service {}/web", scene.namespace.name()));
    }
    assert!(members(&services, "missing").await.is_empty());
    let pods: Api<Pod> = scene.namespace.api().await;
    let names: Vec<String> = pods
        .list(&ListParams::default())
        .await
        .unwrap()
        .into_iter()
        .filter_map(|p| p.metadata.name)
        .collect();
    let first = members(&services, "first").await;
    assert!(
        first.iter().all(|m| names.iter().any(|name| name == m.instance.as_str())),
        "{first:?}"
    );

    let api: Api<Service> = scene.namespace.api().await;
    api.delete("web", &DeleteParams::default()).await.unwrap();
    until("nobody is left without the Service", &services, "first", <[_]>::is_empty).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_start_serve_pause_and_drain_as_their_pods_do() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    let Some(steering) = scene.namespace.steering() else { return };
    let order = |ready: bool| Order {
        ready: Some(ready),
        hold_deletion: Some(true),
        ..Order::for_pods(scene.namespace.all_pods())
    };
    steering.order(&order(false)).await;
    scene.namespace.apply_yaml(SERVICE).await;
    scene.deploy("web", 2).await;
    let services = Services::new(connected(&scene).await, vec![pool(&scene, "web", "web", Some("http"))]);
    let is_starting = |state: &ProcessState| *state == ProcessState::Starting;
    let starting = until("both are there and not ready", &services, "web", all(2, is_starting)).await;
    assert!(starting.iter().all(|m| !m.was_ready && m.ready_at_ms.is_none()));

    steering.order(&order(true)).await;
    let running = until("both serve", &services, "web", all(2, runs)).await;
    for (before, after) in starting.iter().zip(&running) {
        assert_eq!(
            (&before.instance, before.address, before.started_at_ms),
            (&after.instance, after.address, after.started_at_ms)
        );
        assert!(after.was_ready && after.ready_at_ms.is_some());
    }
    steering.order(&order(false)).await;
    let paused = until("neither serves", &services, "web", all(2, is_starting)).await;
    assert!(paused.iter().all(|m| m.was_ready), "it is known that they have served");
    steering.order(&order(true)).await;
    until("both serve again", &services, "web", all(2, runs)).await;

    scene.deploy("web", 1).await;
    let is_draining = |m: &ProcessObservation| matches!(m.state, ProcessState::Draining { .. });
    let one_drains = |members: &[ProcessObservation]| members.len() == 2 && members.iter().filter(|m| is_draining(m)).count() == 1;
    let seen = until("one drains", &services, "web", one_drains).await;
    assert_eq!(services.observe().await.unwrap()[0].desired, 1, "who drains is not counted");
    let draining = seen.into_iter().find(is_draining).unwrap();
    // Whatever else changes meanwhile, the time it drains since does not.
    scene.deploy("web", 2).await;
    let replaced = |members: &[ProcessObservation]| members.iter().filter(|m| runs(&m.state)).count() == 2;
    let seen = until("another one serves", &services, "web", replaced).await;
    assert_eq!(seen.iter().find(|m| m.instance == draining.instance), Some(&draining));
    steering.release(&scene.namespace.all_pods()).await;
    until("it is gone", &services, "web", all(2, runs)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_endpoints_cannot_be_read_it_is_said_and_nobody_is_said_to_have_left() {
    if !kubernetes::available() {
        return;
    }
    let scene = Scene::new().await;
    scene.namespace.apply_yaml(SERVICE).await;
    scene.deploy("web", 2).await;
    // Until the list has come, no endpoint is known: that is no empty pool.
    let slices = scene.proxy.add(Rule::any("/apis/discovery.k8s.io", Fault::status(503)));
    let cluster = Arc::new(scene.connect().await);
    let services = Services::new(cluster.clone(), vec![pool(&scene, "web", "web", None)]);
    let why = async |expected: &str| {
        wait_until(&format!("it says {expected:?}"), SOON, async || {
            services.observe().await.is_err_and(|why| why.0.contains(expected))
        })
        .await;
    };
    why("endpointslices.discovery.k8s.io cannot be read: 503: ").await;
    scene.proxy.lift(slices);
    let before = until("both serve", &services, "web", all(2, runs)).await;

    scene.proxy.add(Rule::any("/", Fault::Reset));
    scene.proxy.cut_watches("/");
    until_down(&cluster, "the connection broke").await;
    why("the connection broke").await;
    assert_eq!(
        scene.objects(&cluster.look()).endpoint_slices.len(),
        1,
        "the last that was known stays"
    );
    scene.proxy.lift_all();
    let after = until("both are there again", &services, "web", all(2, runs)).await;
    assert_eq!(after, before, "nobody came or went");

    // The right is taken away: said with the rule, and again nobody has left.
    let rules: Vec<_> = crate::scene::rules()
        .as_array()
        .unwrap()
        .iter()
        .filter(|r| r["apiGroups"] != json!(["discovery.k8s.io"]))
        .cloned()
        .collect();
    scene.namespace.token("console", rules.into()).await;
    // A watch that is open goes on: rights are looked at when it begins.
    wait_until("it is asked again", SOON, async || {
        scene.proxy.cut_watches("/apis/discovery.k8s.io");
        services
            .observe()
            .await
            .is_err_and(|why| why.0.contains("resources: [\"endpointslices\"]"))
    })
    .await;
}
