//! Clients that come back to the instance that served them before.
//!
//! A cookie carries its pin itself, signed, so that it holds in every gateway with the same key and after a restart. What is remembered
//! here of it is for the operator only. By address, what is remembered is all there is.

mod cookie;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use http::HeaderMap;
use model::{AffinityKind, AffinityPolicy, InstanceId, Pin, Pins, PoolId};
use moka::sync::Cache;

pub use self::cookie::AffinityKey;
use self::cookie::Cookie;
use crate::state::{InstanceState, unix_ms};

/// Clients remembered of one pool. The least recently seen go first.
const CLIENTS_MAX: u64 = 100_000;

/// By what a client is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Client {
    Address(IpAddr),
    Session(u64),
}

#[derive(Debug)]
struct Pinned {
    instance: InstanceId,
    since_ms: i64,
    /// Of the instance's clients: this is one of them for as long as it is remembered.
    count: Arc<AtomicU32>,
}

#[derive(Debug)]
pub(crate) struct Affinity {
    pool: PoolId,
    policy: AffinityPolicy,
    key: AffinityKey,
    clients: Cache<Client, Arc<Pinned>>,
}

/// What is known of a request's client.
#[derive(Debug)]
pub(crate) struct Known {
    client: Client,
    pub(crate) instance: Option<InstanceId>,
    /// The cookie it sent is young enough to last.
    is_fresh: bool,
}

impl Affinity {
    /// `None` when the policy wants none. `previous` keeps its memory when it is of the same kind.
    pub(crate) fn new(pool: &PoolId, policy: &AffinityPolicy, key: &AffinityKey, previous: Option<&Arc<Self>>) -> Option<Arc<Self>> {
        if let Some(previous) = previous.filter(|previous| previous.policy == *policy) {
            return Some(previous.clone());
        }
        if let Some(previous) = previous {
            // Its clients are counted no more.
            previous.clients.invalidate_all();
            previous.tidy();
        }
        if policy.kind == AffinityKind::None {
            return None;
        }
        Some(Arc::new(Self {
            pool: pool.clone(),
            policy: policy.clone(),
            key: key.clone(),
            clients: Cache::builder()
                .max_capacity(CLIENTS_MAX)
                .time_to_idle(Duration::from_secs(policy.ttl_s.into()))
                .eviction_listener(|_, pinned: Arc<Pinned>, _| {
                    pinned.count.fetch_sub(1, Ordering::Relaxed);
                })
                .build(),
        }))
    }

    pub(crate) fn know(&self, headers: &HeaderMap, address: IpAddr) -> Known {
        if self.policy.kind == AffinityKind::ClientIp {
            let client = Client::Address(address);
            return Known {
                client,
                instance: self.clients.get(&client).map(|pinned| pinned.instance.clone()),
                is_fresh: true,
            };
        }
        let now_s = unix_ms() / 1_000;
        match Cookie::find(headers, &self.policy.cookie, &self.pool, &self.key, now_s) {
            Some(cookie) => Known {
                client: Client::Session(cookie.session),
                is_fresh: cookie.expires_s - now_s > i64::from(self.policy.ttl_s) / 2,
                instance: Some(cookie.instance),
            },
            None => Known {
                client: Client::Session(rand::random()),
                instance: None,
                is_fresh: false,
            },
        }
    }

    /// Remembers who served the client. Returns the `Set-Cookie` that tells it, when it does not know yet or not for long.
    pub(crate) fn served(&self, known: &Known, instance: &InstanceState) -> Option<String> {
        let same = self.clients.get(&known.client).is_some_and(|pinned| pinned.instance == instance.id);
        if !same {
            instance.pinned.fetch_add(1, Ordering::Relaxed);
            let pinned = Pinned {
                instance: instance.id.clone(),
                since_ms: unix_ms(),
                count: instance.pinned.clone(),
            };
            self.clients.insert(known.client, Arc::new(pinned));
        }
        let Client::Session(session) = known.client else { return None };
        if known.is_fresh && known.instance.as_ref() == Some(&instance.id) {
            return None;
        }
        let cookie = Cookie {
            instance: instance.id.clone(),
            session,
            expires_s: unix_ms() / 1_000 + i64::from(self.policy.ttl_s),
        };
        Some(cookie.set(&self.policy, &self.pool, &self.key))
    }

    /// Forgets whose time is over. The table does so by itself only while it is used.
    pub(crate) fn tidy(&self) {
        self.clients.run_pending_tasks();
    }

    pub(crate) fn pins(&self) -> Pins {
        self.tidy();
        let mut pins: Vec<_> = self
            .clients
            .iter()
            .map(|(client, pinned)| Pin {
                client: match *client {
                    Client::Address(address) => address.to_string(),
                    // The first digits tell sessions apart, and cannot be used as one.
                    Client::Session(session) => format!("session {:08x}", session >> 32),
                },
                instance: pinned.instance.clone(),
                since_ms: pinned.since_ms,
            })
            .collect();
        pins.sort_by(|a, b| b.since_ms.cmp(&a.since_ms).then_with(|| a.client.cmp(&b.client)));
        let total = pins.len() as u64;
        pins.truncate(Pins::MAX);
        Pins { total, pins }
    }
}

/// The members of a pool by name.
pub(crate) type Index = HashMap<InstanceId, usize>;
