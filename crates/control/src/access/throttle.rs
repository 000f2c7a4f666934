//! How often somebody may try. By name, so that one account cannot be guessed from many places, and by client address, so that one
//! place cannot guess many accounts.

use std::{net::IpAddr, num::NonZeroU32, time::Duration};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _, clock::DefaultClock};
use model::ApiError;

/// Attempts at one name in a row; then one more every [`NAME_EVERY`].
const NAME_BURST: u32 = 10;
const NAME_EVERY: Duration = Duration::from_secs(6);

/// Attempts from one address in a row (an office may share one); then one more every [`ADDRESS_EVERY`].
const ADDRESS_BURST: u32 = 30;
const ADDRESS_EVERY: Duration = Duration::from_secs(2);

/// Names are cut to this many characters before they become a key, so that keys stay small.
const KEY_CHARS: usize = 64;

/// Keys kept; above that the old ones are dropped at once instead of at the next housekeeping.
const KEYS_MAX: usize = 50_000;

pub(super) struct Throttle {
    names: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<u64>,
}

impl Throttle {
    pub(super) fn new() -> Self {
        let quota = |burst: u32, every: Duration| {
            Quota::with_period(every)
                .expect("the period is not zero")
                .allow_burst(NonZeroU32::new(burst).expect("the burst is not zero"))
        };
        Self {
            names: RateLimiter::keyed(quota(NAME_BURST, NAME_EVERY)),
            addresses: RateLimiter::keyed(quota(ADDRESS_BURST, ADDRESS_EVERY)),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    /// [`ApiError::TooManyRequests`] with the seconds to wait.
    pub(super) fn attempt(&self, name: &str, from: IpAddr) -> Result<(), ApiError> {
        if self.names.len() + self.addresses.len() > KEYS_MAX {
            self.forget_old();
        }
        let now = DefaultClock::default().now();
        let wait = |not_until: governor::NotUntil<_>| {
            let wait: Duration = not_until.wait_time_from(now);
            ApiError::TooManyRequests {
                retry_after_s: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1),
            }
        };
        self.addresses.check_key(&place(from)).map_err(wait)?;
        let name: String = name.trim().to_lowercase().chars().take(KEY_CHARS).collect();
        self.names.check_key(&name).map_err(wait)
    }

    pub(super) fn forget_old(&self) {
        self.names.retain_recent();
        self.addresses.retain_recent();
    }
}

/// One client: an IPv4 address, or an IPv6 /64, because a single host owns all of it.
pub(super) fn place(address: IpAddr) -> u64 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u64::from(v4.to_bits()),
        IpAddr::V6(v6) => u64::try_from(v6.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_an_address_run_out_on_their_own() {
        let (throttle, here, there) = (Throttle::new(), IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        for _ in 0..NAME_BURST {
            assert!(throttle.attempt("ada", here).is_ok());
        }
        let Err(ApiError::TooManyRequests { retry_after_s }) = throttle.attempt(" ADA ", there) else {
            panic!("not throttled")
        };
        assert!((1..=7).contains(&retry_after_s));
        assert!(throttle.attempt("grace", there).is_ok());
        for n in 0..ADDRESS_BURST {
            let _ = throttle.attempt(&format!("n{n}"), here);
        }
        assert!(throttle.attempt("fresh", here).is_err());
    }

    #[test]
    fn an_ipv6_host_cannot_rotate_through_its_own_64_bits() {
        assert_eq!(place("2001:db8::1".parse().unwrap()), place("2001:db8::ffff:1".parse().unwrap()));
        assert_ne!(place("2001:db8::1".parse().unwrap()), place("2001:db8:0:1::1".parse().unwrap()));
    }
}
