//! How long to wait before the next start. Pure.

use std::time::Duration;

/// Share of the pause that chance decides, so that processes that died together do not start together.
const JITTER: f64 = 0.4;

/// The pause after `failures` starts in a row that did not last; `chance` is from 0 to 1.
pub(super) fn pause(failures: u32, min: Duration, max: Duration, chance: f64) -> Duration {
    let doubled = min.saturating_mul(2_u32.saturating_pow(failures)).min(max);
    doubled.mul_f64(1.0 - JITTER * chance.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MIN: Duration = Duration::from_millis(250);
    const MAX: Duration = Duration::from_secs(30);

    #[test]
    fn it_doubles_up_to_the_most() {
        let pauses: Vec<u128> = (0..9).map(|failures| pause(failures, MIN, MAX, 0.0).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
    }

    proptest! {
        #[test]
        fn chance_shortens_it_by_less_than_half(failures: u32, chance in 0.0..1.0_f64) {
            let longest = pause(failures, MIN, MAX, 0.0);
            let found = pause(failures, MIN, MAX, chance);
            prop_assert!(found <= longest && found * 2 > longest);
        }
    }
}
