//! Pingora with nothing around it: keep-alive on both sides, two instances in turn, `x-forwarded-for` and `x-served-by`. What the gateway
//! costs beside it is what its features cost. Run by `cargo xtask bench gateway`, or by hand:
//!
//! ```text
//! cargo run --release -p gateway --example bare_proxy -- 127.0.0.1:8080 127.0.0.1:9001 127.0.0.1:9002
//! ```

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use async_trait::async_trait;
use mimalloc::MiMalloc;
use pingora_core::{
    server::{Server, configuration::ServerConf},
    upstreams::peer::HttpPeer,
};
use pingora_error::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{ProxyHttp, Session, http_proxy_service};

/// As in the server.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Idle connections that are kept, as in the other proxies of the bench.
const KEEPALIVE: usize = 1_000;

struct Bare {
    instances: Vec<SocketAddr>,
    next: AtomicUsize,
}

#[async_trait]
impl ProxyHttp for Bare {
    type CTX = usize;

    fn new_ctx(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed) % self.instances.len()
    }

    async fn upstream_peer(&self, _session: &mut Session, picked: &mut usize) -> Result<Box<HttpPeer>> {
        Ok(Box::new(HttpPeer::new(self.instances[*picked], false, String::new())))
    }

    async fn upstream_request_filter(&self, session: &mut Session, request: &mut RequestHeader, _picked: &mut usize) -> Result<()> {
        let client = session.client_addr().and_then(|address| Some(address.as_inet()?.ip().to_string()));
        request.insert_header("x-forwarded-for", client.unwrap_or_default())
    }

    async fn upstream_response_filter(&self, _session: &mut Session, answer: &mut ResponseHeader, picked: &mut usize) -> Result<()> {
        answer.insert_header("x-served-by", picked.to_string())
    }
}

fn main() -> Result<()> {
    let bad = || {
        Error::explain(
            ErrorType::InternalError,
            "arguments: LISTEN INSTANCE…, each an address with its port",
        )
    };
    let addresses: Result<Vec<SocketAddr>, _> = env::args().skip(1).map(|text| text.parse()).collect();
    let addresses = addresses.map_err(|_| bad())?;
    let [listen, instances @ ..] = addresses.as_slice() else {
        return Err(bad());
    };
    let conf = ServerConf {
        threads: 1,
        upstream_keepalive_pool_size: KEEPALIVE,
        ..ServerConf::default()
    };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let bare = Bare {
        instances: instances.to_vec(),
        next: AtomicUsize::new(0),
    };
    let mut service = http_proxy_service(&Arc::clone(&server.configuration), bare);
    service.add_tcp(&listen.to_string());
    server.add_service(service);
    server.run_forever()
}
