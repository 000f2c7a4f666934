//! Values with sensible defaults.

use std::{collections::BTreeMap, net::SocketAddr};

use control::ports::{AuditEntry, NewSession, NewUser, PasswordHash, PutPolicy, TokenHash};
use model::{
    Actor, AdminState, Algorithm, BalancerId, BalancerObservation, Counters, EventKind, FieldDiff, Health, InstanceId, InstanceObservation,
    NewEvent, PoolId, PoolObservation, PoolPolicy, ProcessObservation, ProcessState, Refusals, Registration, Retries, Role, Severity,
    SourceId, UserId, UserName, Weight, Window,
};

/// 2026-01-01T00:00:00Z: the moment at which things happen unless a test says otherwise.
pub const NOW_MS: i64 = 1_767_225_600_000;

pub fn pool(name: &str) -> PoolId {
    PoolId::new(name).unwrap()
}

pub fn instance(name: &str) -> InstanceId {
    InstanceId::new(name).unwrap()
}

pub fn source(name: &str) -> SourceId {
    SourceId::new(name).unwrap()
}

pub fn user_name(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

/// The default policy with another algorithm.
pub fn policy(algorithm: Algorithm) -> PoolPolicy {
    PoolPolicy {
        algorithm,
        ..PoolPolicy::default()
    }
}

pub fn event(summary: &str) -> NewEvent {
    NewEvent {
        at_ms: NOW_MS,
        kind: EventKind::ConsoleStarted,
        severity: Severity::Info,
        pool: None,
        instance: None,
        summary: summary.to_owned(),
        cause: String::new(),
        actor: Actor::system("console"),
    }
}

pub fn audit(who: &str, action: &str, target: &str) -> AuditEntry {
    AuditEntry {
        at_ms: NOW_MS,
        who: who.to_owned(),
        from: "127.0.0.1".to_owned(),
        action: action.to_owned(),
        target: target.to_owned(),
        diff: vec![],
    }
}

/// A change by `alice` with one line of difference.
pub fn put(pool: &PoolId, expected_version: u64, policy: &PoolPolicy) -> PutPolicy {
    let mut audit = audit("alice", "pool.change", pool.as_str());
    audit.diff = vec![FieldDiff {
        field: "algorithm".to_owned(),
        before: "before".to_owned(),
        after: policy.algorithm.to_string(),
    }];
    PutPolicy {
        pool: pool.clone(),
        expected_version,
        policy: policy.clone(),
        audit,
    }
}

/// The password hash is no real one: nobody can sign in with it.
pub fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        name: user_name(name),
        role,
        password: PasswordHash(format!("hash of {name}")),
    }
}

/// Different for every `n`.
pub fn token(n: u64) -> TokenHash {
    let mut hash = [0xA5; 32];
    hash[..8].copy_from_slice(&n.to_be_bytes());
    TokenHash(hash)
}

/// One hour from [`NOW_MS`].
pub fn session(n: u64, user: UserId) -> NewSession {
    NewSession {
        token: token(n),
        user,
        created_at_ms: NOW_MS,
        expires_at_ms: NOW_MS + 3_600_000,
        from: "127.0.0.1".to_owned(),
    }
}

/// An instance that is up and has served nothing.
pub fn instance_observation(name: &str, port: u16) -> InstanceObservation {
    InstanceObservation {
        id: instance(name),
        address: SocketAddr::from(([127, 0, 0, 1], port)),
        weight: Weight::ONE,
        admin: AdminState::Ready,
        health: Health::Up,
        health_since_ms: NOW_MS,
        ejected_until_ms: None,
        breaker: None,
        pinned: None,
        in_flight: 0,
        counters: Counters::default(),
        window: Window::default(),
        last_check: None,
        load: None,
    }
}

/// A process that has just been started.
pub fn process(name: &str, port: u16) -> ProcessObservation {
    ProcessObservation {
        instance: instance(name),
        address: SocketAddr::from(([127, 0, 0, 1], port)),
        state: ProcessState::Starting,
        pid: Some(port.into()),
        restarts: 0,
        started_at_ms: NOW_MS,
        ready_at_ms: None,
        was_ready: false,
        last_exit: None,
    }
}

/// A pool at version 1 with instances on the ports 9001, 9002, …
pub fn pool_observation(name: &str, instances: &[&str]) -> PoolObservation {
    PoolObservation {
        pool: pool(name),
        version: 1,
        algorithm: Algorithm::default(),
        in_flight: 0,
        counters: Counters::default(),
        unserved: 0,
        refusals: Refusals::default(),
        retries: Retries::default(),
        reused: model::Reused::default(),
        breaker: None,
        is_panicking: false,
        degraded: None,
        window: Window::default(),
        instances: instances
            .iter()
            .zip(9001..)
            .map(|(name, port)| instance_observation(name, port))
            .collect(),
    }
}

pub fn balancer_observation(pools: Vec<PoolObservation>) -> BalancerObservation {
    BalancerObservation {
        balancer: BalancerId::new("gateway").unwrap(),
        unrouted: 0,
        window: Window::default(),
        pools,
        events: vec![],
        gateways: vec![],
        late: vec![],
    }
}

/// An instance that has registered at [`NOW_MS`] and said nothing else of itself.
pub fn registration(pool_name: &str, name: &str) -> Registration {
    Registration {
        pool: pool(pool_name),
        id: instance(name),
        address: SocketAddr::from(([10, 0, 0, 7], 9000)),
        check: None,
        weight: Weight::ONE,
        zone: None,
        capabilities: vec![],
        tags: vec![],
        metadata: BTreeMap::new(),
        registered_at_ms: NOW_MS,
    }
}
