//! Who may register: whoever holds the registry's token.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter, clock::Clock as _, clock::DefaultClock};
use model::ApiError;

use super::{BearerToken, throttle::place};

/// Calls of one address in a row, right or wrong; a machine full of instances that start together stays below.
const CALLS_BURST: NonZeroU32 = NonZeroU32::new(600).expect("not zero");
/// Then so many a second: 3 000 instances behind one address, each with a heartbeat every 30 s.
const CALLS_PER_S: NonZeroU32 = NonZeroU32::new(100).expect("not zero");
/// Addresses kept; above that the old ones are dropped at once.
const KEYS_MAX: usize = 10_000;

/// Proof that the caller holds the registry's token.
#[derive(Debug, Clone)]
pub struct Registrar {
    from: IpAddr,
}

impl Registrar {
    /// For audit rows.
    pub(crate) const NAME: &'static str = "registry token";

    #[cfg(test)]
    pub(crate) const fn testing(from: IpAddr) -> Self {
        Self { from }
    }

    /// Where the request came from.
    pub const fn from(&self) -> IpAddr {
        self.from
    }
}

/// The door of the registry.
pub(crate) struct Registrars {
    calls: DefaultKeyedRateLimiter<u64>,
}

impl Default for Registrars {
    fn default() -> Self {
        Self {
            calls: RateLimiter::keyed(Quota::per_second(CALLS_PER_S).allow_burst(CALLS_BURST)),
        }
    }
}

impl Registrars {
    /// # Errors
    /// [`ApiError::Refused`] while no token is set, [`ApiError::TooManyRequests`], [`ApiError::WrongToken`].
    pub(crate) fn admit(&self, token: Option<&BearerToken>, presented: Option<&str>, from: IpAddr) -> Result<Registrar, ApiError> {
        let token = token.ok_or_else(ApiError::registry_is_off)?;
        if self.calls.len() > KEYS_MAX {
            self.calls.retain_recent();
        }
        // Before the token is looked at: who guesses is slowed down whether or not a guess is right.
        self.calls.check_key(&place(from)).map_err(|not_until| {
            let wait = not_until.wait_time_from(DefaultClock::default().now());
            ApiError::TooManyRequests {
                retry_after_s: u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).saturating_add(1),
            }
        })?;
        if token.is(presented) {
            Ok(Registrar { from })
        } else {
            Err(ApiError::WrongToken)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn only_the_very_token_opens() {
        let (door, token) = (Registrars::default(), BearerToken::new("correct horse"));
        assert!(door.admit(Some(&token), Some("correct horse"), HERE).is_ok());
        for wrong in [None, Some(""), Some("correct hors"), Some("correct horse "), Some("Correct horse")] {
            assert_eq!(
                door.admit(Some(&token), wrong, HERE).unwrap_err(),
                ApiError::WrongToken,
                "{wrong:?}"
            );
        }
        let off = door.admit(None, Some("correct horse"), HERE).unwrap_err();
        assert!(off.to_string().contains("registry.token"), "{off}");
    }

    #[test]
    fn one_address_runs_out_of_calls_and_another_does_not() {
        let (door, token) = (Registrars::default(), BearerToken::new("t"));
        let calls = (0..CALLS_BURST.get() * 2).map(|_| door.admit(Some(&token), Some("guess"), HERE).unwrap_err());
        assert!(
            calls
                .into_iter()
                .any(|e| matches!(e, ApiError::TooManyRequests { retry_after_s: 1.. }))
        );
        assert!(door.admit(Some(&token), Some("t"), IpAddr::from([127, 0, 0, 2])).is_ok());
    }
}
