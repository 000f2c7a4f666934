//! How often each client may ask: a token bucket (GCRA) for every client and route, with a bound on how many are remembered.

use std::{
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::Duration,
};

use governor::{
    DefaultDirectRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};
use model::LimitPolicy;
use moka::sync::Cache;

/// Clients remembered at once. One that is forgotten begins with a full bucket.
const CLIENTS_MAX: u64 = 100_000;

#[derive(Debug)]
pub(crate) struct RateLimit {
    quota: Quota,
    clients: Cache<(IpAddr, u32), Arc<DefaultDirectRateLimiter>>,
    clock: DefaultClock,
}

impl RateLimit {
    /// `None` when the policy sets no such limit.
    pub(crate) fn new(policy: &LimitPolicy) -> Option<Self> {
        let requests = NonZeroU32::new(policy.requests)?;
        let period = Duration::from_secs(policy.period_s.into());
        let burst = NonZeroU32::new(policy.burst)?;
        let quota = Quota::with_period(period / requests.get())?.allow_burst(burst);
        Some(Self {
            quota,
            clients: Cache::builder()
                .max_capacity(CLIENTS_MAX)
                // A bucket that nobody has taken from for so long is full: as good as none.
                .time_to_idle(period / requests.get() * burst.get() + Duration::from_secs(1))
                .build(),
            clock: DefaultClock::default(),
        })
    }

    /// Takes one request of `client` on `route`.
    ///
    /// # Errors
    /// How long to wait for the next, when there is none left.
    pub(crate) fn take(&self, client: IpAddr, route: u32) -> Result<(), Duration> {
        let bucket = self.clients.get_with((network(client), route), || {
            Arc::new(DefaultDirectRateLimiter::direct_with_clock(self.quota, self.clock.clone()))
        });
        bucket.check().map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

/// What one subscriber has: an IPv4 address, or an IPv6 network of 64 bits, in which it may take any address it likes.
fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(requests: u32, period_s: u32, burst: u32) -> RateLimit {
        let policy = LimitPolicy {
            requests,
            period_s,
            burst,
            ..LimitPolicy::default()
        };
        RateLimit::new(&policy).unwrap()
    }

    fn taken(limit: &RateLimit, client: &str, route: u32) -> usize {
        let client = client.parse().unwrap();
        (0..1_000).filter(|_| limit.take(client, route).is_ok()).count()
    }

    #[test]
    fn each_client_and_route_has_a_bucket_of_its_own() {
        let limit = limit(1, 3_600, 10);
        assert_eq!(taken(&limit, "10.0.0.1", 0), 10);
        assert_eq!(taken(&limit, "10.0.0.1", 0), 0);
        assert_eq!(taken(&limit, "10.0.0.2", 0), 10);
        assert_eq!(taken(&limit, "10.0.0.1", 1), 10);
    }

    #[test]
    fn the_addresses_of_one_network_are_one_client() {
        let limit = limit(1, 3_600, 10);
        assert_eq!(taken(&limit, "2001:db8::1", 0), 10);
        assert_eq!(taken(&limit, "2001:db8::2", 0), 0);
        assert_eq!(taken(&limit, "2001:db8:0:1::1", 0), 10);
        assert_eq!(taken(&limit, "10.0.0.1", 0), 10);
        assert_eq!(taken(&limit, "::ffff:10.0.0.1", 0), 0);
    }

    #[test]
    fn it_says_how_long_to_wait() {
        let limit = limit(1, 3_600, 1);
        let client = "10.0.0.1".parse().unwrap();
        assert!(limit.take(client, 0).is_ok());
        let wait = limit.take(client, 0).unwrap_err();
        assert!(wait > Duration::from_secs(3_500) && wait <= Duration::from_secs(3_600), "{wait:?}");
    }

    #[test]
    fn none_is_none() {
        assert!(RateLimit::new(&LimitPolicy::default()).is_none());
    }
}
