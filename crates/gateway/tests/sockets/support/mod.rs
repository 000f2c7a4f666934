//! Upstreams, plans and waiting.

mod raw;
pub(crate) mod tls;
mod upstream;

pub(crate) use raw::{Raw, raw_upstream, read_head, read_to_close, talk};
pub(crate) use upstream::Upstream;

use std::{
    io,
    net::SocketAddr,
    time::{Duration, Instant},
};

use gateway::{Gateway, GatewayConfig, GatewayStats, InstanceStats, PoolStats};
use model::{
    AdminState, Algorithm, BreakerHold, BreakerPolicy, GatewayPlan, HealthCheck, InstanceId, InstancePlan, OutlierEjection, PathPrefix,
    PoolId, PoolPlan, Route, Weight,
};
use tokio::net::TcpSocket;

/// How long a condition may take to come true before a test fails; long, because machines are busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

/// Returns when `condition` holds; fails the test when it does not in time.
#[track_caller]
pub(crate) fn eventually(what: &str, condition: impl FnMut() -> bool) -> impl Future<Output = ()> {
    let caller = std::panic::Location::caller();
    let mut condition = condition;
    async move {
        let started = Instant::now();
        while !condition() {
            assert!(started.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?} ({caller})");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// A port that refuses connections and that nobody else is given: tests run side by side, and a port that is merely free may be another
/// test's next gateway.
pub(crate) struct ClosedPort {
    pub(crate) address: SocketAddr,
    /// Bound, not listening.
    _held: TcpSocket,
}

impl ClosedPort {
    pub(crate) fn new() -> Self {
        Self::at(([127, 0, 0, 1], 0).into()).unwrap()
    }

    fn at(address: SocketAddr) -> io::Result<Self> {
        let held = TcpSocket::new_v4()?;
        held.set_reuseaddr(true)?;
        held.bind(address)?;
        Ok(Self {
            address: held.local_addr()?,
            _held: held,
        })
    }
}

/// Checks so seldom that none but the first happens within a test.
pub(crate) fn rare_checks() -> HealthCheck {
    HealthCheck {
        interval_ms: 600_000,
        slow_start_ms: 0,
        ..HealthCheck::default()
    }
}

/// For tests whose subject are failing instances themselves.
pub(crate) fn never_ejected() -> OutlierEjection {
    OutlierEjection {
        failures: 0,
        ..OutlierEjection::default()
    }
}

pub(crate) fn never_open() -> BreakerPolicy {
    BreakerPolicy {
        failures: 0,
        ..BreakerPolicy::default()
    }
}

pub(crate) fn quick_checks() -> HealthCheck {
    HealthCheck {
        interval_ms: 100,
        timeout_ms: 1_000,
        slow_start_ms: 0,
        ..HealthCheck::default()
    }
}

pub(crate) fn instance(id: &str, address: SocketAddr) -> InstancePlan {
    InstancePlan {
        id: InstanceId::new(id).unwrap(),
        address,
        weight: Weight::ONE,
        admin: AdminState::Ready,
        breaker: BreakerHold::Auto,
        check: None,
    }
}

pub(crate) fn weight(weight: u16) -> Weight {
    Weight::new(weight).unwrap()
}

/// A pool named `p` with rare checks.
pub(crate) fn pool(algorithm: Algorithm, instances: Vec<InstancePlan>) -> PoolPlan {
    PoolPlan {
        health_check: rare_checks(),
        outlier: never_ejected(),
        breaker: never_open(),
        ..PoolPlan::new(PoolId::new("p").unwrap(), 1, algorithm, instances)
    }
}

pub(crate) fn route(path: &str, pool: &str) -> Route {
    Route {
        host: None,
        path: PathPrefix::new(path).unwrap(),
        pool: PoolId::new(pool).unwrap(),
        priority: model::Priority::Normal,
        reuse: model::ReusePolicy::default(),
    }
}

/// Everything goes to that pool.
pub(crate) fn plan(pool: PoolPlan) -> GatewayPlan {
    GatewayPlan {
        routes: vec![route("/", pool.pool.as_str())],
        pools: vec![pool],
    }
}

/// On a free port.
pub(crate) fn config() -> GatewayConfig {
    GatewayConfig {
        listen: vec![([127, 0, 0, 1], 0).into()],
        threads: 2,
        ..GatewayConfig::default()
    }
}

pub(crate) fn start(pool: PoolPlan) -> Gateway {
    Gateway::start(config(), plan(pool)).unwrap()
}

pub(crate) fn address(gateway: &Gateway) -> SocketAddr {
    gateway.local_addrs()[0]
}

pub(crate) fn url(gateway: &Gateway, path: &str) -> String {
    format!("http://{}{path}", address(gateway))
}

/// A client that keeps its connections and gives up in time.
pub(crate) fn client() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap()
}

/// Who answered, or the status of a refusal.
pub(crate) async fn who(client: &reqwest::Client, gateway: &Gateway) -> String {
    let answer = client.get(url(gateway, "/who")).send().await.unwrap();
    if answer.status() == 200 {
        answer.text().await.unwrap()
    } else {
        answer.status().as_u16().to_string()
    }
}

pub(crate) fn only_pool(stats: &GatewayStats) -> &PoolStats {
    assert_eq!(stats.pools.len(), 1);
    &stats.pools[0]
}

pub(crate) fn instance_stats(gateway: &Gateway, id: &str) -> InstanceStats {
    let stats = gateway.observe();
    let found = stats.pools.iter().flat_map(|pool| &pool.instances).find(|i| i.id.as_str() == id);
    found.unwrap_or_else(|| panic!("no instance {id}")).clone()
}

/// No request is in flight, in the pool and in each instance.
pub(crate) fn is_idle(gateway: &Gateway) -> bool {
    let stats = gateway.observe();
    stats
        .pools
        .iter()
        .all(|pool| pool.in_flight == 0 && pool.instances.iter().all(|i| i.in_flight == 0))
}
