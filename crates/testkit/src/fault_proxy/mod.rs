//! Failures on demand between a client and a real API server.
//!
//! Plain HTTP on loopback in front, the server's own HTTPS behind; the client's `Authorization` goes through as it is. Whatever no rule
//! speaks of is the server's real answer, watches included. Rules fail calls before they reach the server; commands fail watches that are
//! open.
//!
//! ```ignore
//! let proxy = FaultProxy::start(cluster.config().await).await;
//! proxy.add(Rule::on("GET", "/apis/metrics.k8s.io", Fault::status(503)).times(3));
//! let client = Client::try_from(proxy.config()).unwrap();
//! …
//! proxy.expire_watches("/api/v1/");
//! ```

mod rule;
mod serve;
mod watches;

use std::{fmt, net::Ipv4Addr, sync::Arc};

use kube::{
    Client, Config,
    config::{AuthInfo, Kubeconfig},
};
use parking_lot::Mutex;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinHandle};

use self::{rule::Rules, watches::Watches};
pub use self::{
    rule::{Fault, Rule, RuleId},
    serve::Passed,
};

/// Ends with this value, with every connection.
pub struct FaultProxy {
    url: String,
    config: Config,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    upstream: Client,
    rules: Mutex<Rules>,
    watches: Watches,
    passed: Mutex<Vec<Passed>>,
}

impl FaultProxy {
    /// In front of the server that this configuration reaches. Its token becomes the client's: see [`FaultProxy::config`].
    ///
    /// # Panics
    /// When the configuration makes no client.
    pub async fn start(config: Config) -> Self {
        let mut upstream = config.clone();
        // The client brings its own; the server shall see no other.
        upstream.auth_info.token = None;
        upstream.auth_info.token_file = None;
        // A fault behind us shall be seen in front of us; and whoever tests repeating switches it on.
        upstream.default_retry = false;
        let shared = Arc::new(Shared {
            upstream: Client::try_from(upstream).unwrap(),
            rules: Mutex::default(),
            watches: Watches::default(),
            passed: Mutex::default(),
        });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut front = Config::new(url.parse().unwrap());
        front.default_namespace.clone_from(&config.default_namespace);
        front.default_retry = false;
        front.auth_info = AuthInfo {
            token: config.auth_info.token.clone(),
            token_file: config.auth_info.token_file.clone(),
            ..AuthInfo::default()
        };
        Self {
            url,
            config: front,
            accepting: tokio::spawn(serve::accept(listener, Arc::clone(&shared))),
            shared,
        }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// For a client that comes through here, as the same user.
    pub fn config(&self) -> Config {
        self.config.clone()
    }

    /// The same as a file's content, with a token.
    ///
    /// # Panics
    /// Never: it is well formed.
    pub fn kubeconfig(&self, token: &str) -> Kubeconfig {
        let config = json!({
            "clusters": [{"name": "proxied", "cluster": {"server": self.url}}],
            "users": [{"name": "proxied", "user": {"token": token}}],
            "contexts": [{"name": "proxied", "context": {"cluster": "proxied", "user": "proxied"}}],
            "current-context": "proxied",
        });
        serde_json::from_value(config).unwrap()
    }

    /// From the next call on. Of several rules that speak of a call the first counts.
    pub fn add(&self, rule: Rule) -> RuleId {
        self.shared.rules.lock().add(rule)
    }

    pub fn lift(&self, rule: RuleId) {
        self.shared.rules.lock().lift(rule);
    }

    /// Lets everything through again, and frozen watches go on. Calls that hang already stay so.
    pub fn lift_all(&self) {
        self.shared.rules.lock().clear();
        self.shared.watches.thaw("/");
    }

    /// What came, in order, faults included.
    pub fn passed(&self) -> Vec<Passed> {
        self.shared.passed.lock().clone()
    }

    /// How many watches whose path begins so are open.
    pub fn open_watches(&self, path: &str) -> usize {
        self.shared.watches.open(path)
    }

    /// Breaks open watches off, in the middle of their stream.
    pub fn cut_watches(&self, path: &str) -> usize {
        self.shared.watches.cut(path)
    }

    /// Tells open watches that their resource version is too old (an `ERROR` event with 410), and ends them.
    pub fn expire_watches(&self, path: &str) -> usize {
        self.shared.watches.expire(path)
    }

    /// Leaves open watches open and lets nothing through any more.
    pub fn freeze_watches(&self, path: &str) -> usize {
        self.shared.watches.freeze(path)
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        // Takes the connections with it.
        self.accepting.abort();
    }
}
