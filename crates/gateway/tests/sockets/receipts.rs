//! Receipts: what the gateway knew and decided about one request.

use gateway::{Gateway, GatewayConfig, ReceiptConfig};
use model::{
    AffinityKind, AffinityPolicy, Algorithm, BreakerHold, Guard, InstanceId, LimitPolicy, PickBasis, PoolPlan, Receipt, ReceiptFilter,
    RetryPolicy, Standing,
};

use crate::support::{ClosedPort, Upstream, client, config, eventually, instance, plan, pool, start, url, weight};

const ID: &str = "x-request-id";
const ASK: &str = "x-evenkeel-receipt";

fn by_id(gateway: &Gateway, id: &str) -> Option<Receipt> {
    let filter = ReceiptFilter {
        request_id: Some(id.to_owned()),
        ..ReceiptFilter::default()
    };
    let found = gateway.receipts(&filter, 10);
    assert!(found.items.len() <= 1);
    found.items.into_iter().next()
}

/// Sends a request under that id and returns its receipt with the status.
async fn receipt(gateway: &Gateway, id: &str, path: &str) -> (Receipt, u16) {
    let answer = client()
        .get(url(gateway, path))
        .header(ID, id)
        .header(ASK, "1")
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    assert_eq!(answer.headers()[ID], id, "also on the gateway's own answers");
    answer.bytes().await.unwrap();
    eventually("the receipt is kept", || by_id(gateway, id).is_some()).await;
    (by_id(gateway, id).unwrap(), status)
}

fn trio(algorithm: Algorithm, upstreams: &[Upstream; 3]) -> PoolPlan {
    let mut plan = pool(
        algorithm,
        ["a", "b", "c"]
            .iter()
            .zip(upstreams)
            .map(|(id, u)| instance(id, u.address))
            .collect(),
    );
    plan.instances[1].weight = weight(3);
    plan
}

fn upstreams() -> [Upstream; 3] {
    ["a", "b", "c"].map(Upstream::start)
}

#[tokio::test]
async fn every_algorithm_picks_the_same_again_from_its_receipt() {
    let upstreams = upstreams();
    for algorithm in Algorithm::ALL {
        let gateway = start(trio(algorithm, &upstreams));
        for number in 0..9 {
            let id = format!("{}-{number}", algorithm.id());
            let (receipt, status) = receipt(&gateway, &id, &format!("/who?secret={number}")).await;
            assert_eq!((status, receipt.status, receipt.algorithm), (200, Some(200), Some(algorithm)));
            assert_eq!(receipt.path, "/who", "no query: it may hold secrets");
            let [tried] = receipt.tries.as_slice() else {
                panic!("one try: {receipt:?}");
            };
            assert_eq!(tried.pick.again.as_ref(), Some(&tried.instance), "{algorithm}: {:?}", tried.pick);
            assert_eq!(tried.pick.candidates.len(), 3);
            assert!(tried.connected_us >= Some(tried.picked_us) && tried.head_us >= tried.connected_us);
            let sum: u64 = receipt.phases().iter().map(|phase| phase.took_us).sum();
            assert_eq!(sum, receipt.took_us);
        }
    }
}

#[tokio::test]
async fn a_retry_is_told_with_who_was_out_and_why() {
    let upstream = Upstream::start("good");
    let closed = ClosedPort::new();
    let mut plan = pool(
        Algorithm::RoundRobin,
        vec![
            instance("dead", closed.address),
            instance("good", upstream.address),
            instance("held", upstream.address),
        ],
    );
    plan.instances[2].breaker = BreakerHold::Open { until_ms: None };
    plan.breaker.failures = 5;
    let gateway = start(plan);
    // Round robin begins with the first, unless the first check has found it out already.
    let (receipt, status) = receipt(&gateway, "twice", "/who").await;
    assert_eq!((status, receipt.failure.as_deref()), (200, None));
    assert_eq!(receipt.served_by(), Some(&InstanceId::new("good").unwrap()));
    let last = receipt.tries.last().unwrap();
    let standings: Vec<_> = last.pick.candidates.iter().map(|c| c.standing).collect();
    assert!(matches!(standings[0], Standing::Tried | Standing::Down), "{standings:?}");
    assert_eq!(standings[1..], [Standing::Takes, Standing::BreakerOpen]);
    if receipt.tries.len() == 2 {
        assert!(
            receipt.tries[0].failure.is_some() && receipt.tries[0].connected_us.is_none(),
            "{receipt:?}"
        );
    }
}

#[tokio::test]
async fn who_was_refused_learns_by_what() {
    let upstreams = upstreams();
    let mut plan = trio(Algorithm::RoundRobin, &upstreams);
    plan.limits = LimitPolicy {
        requests: 1,
        period_s: 3_600,
        burst: 1,
        ..LimitPolicy::default()
    };
    plan.retry = RetryPolicy::default();
    let gateway = start(plan);
    let (first, status) = receipt(&gateway, "first", "/who").await;
    assert_eq!(status, 200);
    assert!(first.verdicts.iter().any(|v| v.by == Guard::Rate && v.passed));
    let (second, status) = receipt(&gateway, "second", "/who").await;
    assert_eq!((status, second.tries.len()), (429, 0));
    let refusal = second.verdicts.iter().find(|v| !v.passed).unwrap();
    assert_eq!(refusal.by, Guard::Rate);
    assert!(refusal.detail.starts_with("more than 1 in 3600 s"), "{refusal:?}");
    let troubled = ReceiptFilter {
        troubled: true,
        ..ReceiptFilter::default()
    };
    let ids: Vec<_> = gateway.receipts(&troubled, 10).items.into_iter().map(|r| r.request_id).collect();
    assert_eq!(ids, ["second"]);
}

#[tokio::test]
async fn a_pinned_client_is_not_the_algorithms_choice() {
    let upstreams = upstreams();
    let mut plan = trio(Algorithm::RoundRobin, &upstreams);
    plan.affinity = AffinityPolicy {
        kind: AffinityKind::ClientIp,
        ..AffinityPolicy::default()
    };
    let gateway = start(plan);
    let (first, _) = receipt(&gateway, "first", "/who").await;
    let (second, _) = receipt(&gateway, "second", "/who").await;
    assert_eq!(first.served_by(), second.served_by());
    assert!(matches!(first.tries[0].pick.basis, PickBasis::Turn { .. }));
    assert_eq!(second.tries[0].pick.basis, PickBasis::Pinned);
    assert!(second.verdicts.iter().any(|v| v.by == Guard::Affinity && v.passed));
}

#[tokio::test]
async fn nobody_gets_one_unasked_when_none_are_drawn_and_everybody_when_all_are() {
    let upstreams = upstreams();
    for (sample, expected) in [(0.0, 0), (1.0, 20)] {
        let config = GatewayConfig {
            receipts: ReceiptConfig {
                sample,
                ..ReceiptConfig::default()
            },
            ..config()
        };
        let gateway = Gateway::start(config, plan(trio(Algorithm::RoundRobin, &upstreams))).unwrap();
        let client = client();
        for _ in 0..20 {
            client.get(url(&gateway, "/who")).send().await.unwrap().bytes().await.unwrap();
        }
        let kept = || gateway.receipts(&ReceiptFilter::default(), 100).items.len();
        eventually("all are kept", || kept() == expected).await;
    }
}
