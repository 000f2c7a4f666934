//! One client connection: who it is, and until when something must happen on it.
//!
//! Pingora's timeouts count silence, so a client that drips a byte now and then could hold a connection for ever, and a tunnel that is
//! used in one direction only would be cut. The deadline kept here counts the whole head, and both directions of a tunnel as one.
//!
//! Over HTTP/2 each request is a connection of its own in this sense ([`Connection::stream`]), and the one they share rests only while
//! it carries none of them.

use std::{
    future::Future,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::HeaderValue;
use parking_lot::Mutex;

tokio::task_local! {
    static CURRENT: Arc<Connection>;
}

/// How often a deadline is looked at, at the longest. A timer that is moved with every byte would cost more than it saves.
const TICK: Duration = Duration::from_secs(1);
const UNBOUNDED: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct Connection {
    /// An IPv4 client of a dual-stack listener is the IPv4 client it is.
    address: IpAddr,
    /// The same, ready to be sent on.
    client: HeaderValue,
    opened: Instant,
    /// ms after `opened`.
    deadline_ms: AtomicU64,
    /// Over TLS.
    is_secure: bool,
    /// Requests on it right now; counted for HTTP/2 only.
    streams: Mutex<u32>,
    /// Requests that the client has given up, over the connection's life.
    cancelled: Arc<AtomicU32>,
}

/// The connection that this task serves.
pub(crate) fn current() -> Option<Arc<Connection>> {
    CURRENT.try_with(Arc::clone).ok()
}

impl Connection {
    pub(super) fn new(client: IpAddr, header_timeout: Duration, is_secure: bool) -> Self {
        let address = client.to_canonical();
        let connection = Self {
            address,
            client: HeaderValue::try_from(address.to_string()).expect("an address is printable ASCII"),
            opened: Instant::now(),
            deadline_ms: AtomicU64::new(UNBOUNDED),
            is_secure,
            streams: Mutex::new(0),
            cancelled: Arc::default(),
        };
        connection.expect_within(header_timeout);
        connection
    }

    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    pub(crate) fn client(&self) -> &HeaderValue {
        &self.client
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// One request of it, with a clock of its own.
    pub(super) fn stream(&self) -> Self {
        Self {
            address: self.address,
            client: self.client.clone(),
            opened: Instant::now(),
            deadline_ms: AtomicU64::new(UNBOUNDED),
            is_secure: self.is_secure,
            streams: Mutex::new(0),
            cancelled: self.cancelled.clone(),
        }
    }

    /// It carries one more request. When the last one has ended, the next must come within `rest`.
    pub(super) fn begin(self: &Arc<Self>, rest: Duration) -> Busy {
        let mut streams = self.streams.lock();
        *streams += 1;
        self.unbounded();
        Busy {
            connection: self.clone(),
            rest,
        }
    }

    /// The client gave a request up before it was answered in whole.
    pub(crate) fn cancel(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn cancelled(&self) -> u32 {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Something must happen before this time has passed.
    pub(crate) fn expect_within(&self, limit: Duration) {
        let deadline = self.opened.elapsed().saturating_add(limit);
        self.deadline_ms.store(to_ms(deadline), Ordering::Relaxed);
    }

    /// A request is being served; its own timeouts apply.
    pub(crate) fn unbounded(&self) {
        self.deadline_ms.store(UNBOUNDED, Ordering::Relaxed);
    }

    /// Runs `work` as this connection until it ends or the deadline passes; `false` when it was cut.
    pub(super) async fn run(self: Arc<Self>, work: impl Future<Output = ()>) -> bool {
        tokio::select! {
            () = CURRENT.scope(self.clone(), work) => true,
            () = self.expired() => false,
        }
    }

    async fn expired(&self) {
        loop {
            let now = to_ms(self.opened.elapsed());
            let left = self.deadline_ms.load(Ordering::Relaxed).saturating_sub(now);
            if left == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(left).min(TICK)).await;
        }
    }
}

/// A request on a connection that may carry others.
#[derive(Debug)]
pub(super) struct Busy {
    connection: Arc<Connection>,
    rest: Duration,
}

impl Drop for Busy {
    fn drop(&mut self) {
        // Under the lock: a request that begins meanwhile must find its connection unbounded.
        let mut streams = self.connection.streams.lock();
        *streams -= 1;
        if *streams == 0 {
            self.connection.expect_within(self.rest);
        }
    }
}

fn to_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(UNBOUNDED)
}

#[cfg(test)]
mod tests {
    use std::{future, net::Ipv6Addr};

    use super::*;

    fn connection(limit: Duration) -> Arc<Connection> {
        Arc::new(Connection::new(IpAddr::V6(Ipv6Addr::LOCALHOST), limit, false))
    }

    #[tokio::test]
    async fn what_does_not_happen_in_time_is_cut() {
        assert!(!connection(Duration::from_millis(5)).run(future::pending()).await);
    }

    #[tokio::test]
    async fn a_request_being_served_is_not_cut() {
        let connection = connection(Duration::from_millis(20));
        connection.unbounded();
        let work = async {
            assert_eq!(current().unwrap().client(), "::1");
            tokio::time::sleep(Duration::from_millis(40)).await;
        };
        assert!(connection.run(work).await);
    }

    #[test]
    fn it_rests_when_the_last_of_its_requests_has_ended() {
        let connection = connection(Duration::from_secs(10));
        let deadline = || connection.deadline_ms.load(Ordering::Relaxed);
        let slow = connection.begin(Duration::from_secs(70));
        let quick = connection.begin(Duration::from_secs(70));
        drop(quick);
        assert_eq!(deadline(), UNBOUNDED, "another one is on its way");
        drop(slow);
        assert!((60_000..=80_000).contains(&deadline()), "{}", deadline());
        let _next = connection.begin(Duration::from_secs(70));
        assert_eq!(deadline(), UNBOUNDED);
    }

    #[test]
    fn what_one_request_waits_for_is_not_what_all_wait_for() {
        let connection = connection(Duration::from_secs(10));
        connection.unbounded();
        let stream = connection.stream();
        stream.expect_within(Duration::ZERO);
        stream.cancel();
        assert_eq!(
            (connection.deadline_ms.load(Ordering::Relaxed), connection.cancelled()),
            (UNBOUNDED, 1)
        );
    }

    #[test]
    fn a_mapped_address_is_shown_as_ipv4() {
        let mapped = IpAddr::V6("::ffff:10.1.2.3".parse().unwrap());
        assert_eq!(Connection::new(mapped, Duration::ZERO, false).client(), "10.1.2.3");
    }
}
