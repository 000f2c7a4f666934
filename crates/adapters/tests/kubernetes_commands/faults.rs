use std::time::Duration;

use control::ports::cluster::{Cluster as _, ClusterError};
use model::cluster::ObjectCommand;
use serde_json::json;
use testkit::{
    Cluster, FaultProxy,
    fault_proxy::{Fault, Rule},
    kubernetes, wait_until,
};

use crate::support::{Console, SOON, create, get, hpa, hpas, kubeconfig, max};

/// Writes of the console that reached the proxy and were not a dry run.
fn writes(proxy: &FaultProxy) -> usize {
    let all = proxy.passed();
    all.iter()
        .filter(|call| call.method == "PATCH" && !call.query.contains("dryRun"))
        .count()
}

#[tokio::test]
async fn a_command_without_an_answer_may_be_done_and_is_never_repeated() {
    if !kubernetes::available() {
        return;
    }
    let cluster = Cluster::shared();
    let namespace = cluster.namespace().await;
    let api = hpas(&namespace).await;
    create(&api, "kubectl-create", hpa()).await;
    let all = json!([{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]);
    let token = namespace.token("console", all).await;
    let proxy = FaultProxy::start(cluster.config_of(&token).await).await;
    let file = kubeconfig(proxy.url(), None, &token);
    let console = Console::with(&namespace, file.path(), Duration::from_secs(2)).await;
    let web = console.object("hpa:web");
    let at = "/apis/autoscaling/v2/namespaces/";
    // The fields become ours first, so that an edit is one call.
    console.does("hpa:web", &max(15)).await.unwrap();
    let own = writes(&proxy);

    for (fault, value, is_done) in [(Fault::Hang, 20, false), (Fault::Truncate, 25, true), (Fault::Reset, 30, false)] {
        let tried = console.tries("hpa:web", &max(value)).await.unwrap();
        let before = writes(&proxy);
        let rule = proxy.add(Rule::on("PATCH", at, fault.clone()));
        let command: ObjectCommand = max(value).from_version(&tried.resource_version);
        match console.adapter.carry_out(&web, &command).await.unwrap_err() {
            ClusterError::Unreachable { may_be_done, .. } => assert!(may_be_done, "{fault:?}"),
            other => panic!("{fault:?}: {other:?}"),
        }
        proxy.lift(rule);
        assert_eq!(writes(&proxy) - before, 1, "{fault:?}: sent once");
        if is_done {
            wait_until("it was done all the same", SOON, async || {
                get(&api).await["spec"]["maxReplicas"] == value
            })
            .await;
        } else {
            assert_ne!(get(&api).await["spec"]["maxReplicas"], value);
        }
    }
    assert!(own >= 1);

    // A dry run without an answer has changed nothing; what was never sent neither.
    let rule = proxy.add(Rule::on("PATCH", at, Fault::Reset));
    let dry = console.tries("hpa:web", &max(40)).await.unwrap_err();
    assert!(matches!(dry, ClusterError::Unreachable { may_be_done: false, .. }), "{dry:?}");
    proxy.lift(rule);
    let rule = proxy.add(Rule::on("PATCH", at, Fault::too_many(7)));
    let busy = console.adapter.carry_out(&web, &max(40)).await.unwrap_err();
    assert_eq!(busy, ClusterError::TooManyRequests { retry_after_s: 7 });
    proxy.lift(rule);
    // Written between reading and writing: looked at anew, and then done.
    proxy.add(Rule::on("PATCH", at, Fault::status(409)).times(1));
    console.adapter.carry_out(&web, &max(40)).await.unwrap();
    assert_eq!(get(&api).await["spec"]["maxReplicas"], 40);
}
