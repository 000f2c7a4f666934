//! The times of a report, which are by the gateway's clock, on the console's.

use gateway::{GatewayStats, InstanceStats};
use model::{BalancerEvent, BreakerStatus};

use super::SyncRequest;

/// Clocks that differ by less count as the same: what lies between is the way of the report.
const SAME_MS: i64 = 1_000;
/// How long ago an event may have been, and how far away the end of anything may be, ms.
const FAR_MS: i64 = 24 * 3_600_000;

/// By how much a gateway's clock is behind the console's, ms. Kept until it has changed noticeably, so that moments in the past do not
/// move with each report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ClockOffset(i64);

impl ClockOffset {
    pub(super) const fn observe(&mut self, sent_at_ms: i64, now_ms: i64) {
        let offset = now_ms.saturating_sub(sent_at_ms);
        if offset.saturating_sub(self.0).saturating_abs() > SAME_MS {
            self.0 = offset;
        }
    }

    fn past(self, at_ms: i64, now_ms: i64) -> i64 {
        at_ms.saturating_add(self.0).clamp(0, now_ms.max(0))
    }

    fn until(self, at_ms: i64, now_ms: i64) -> i64 {
        let (earliest, latest) = (now_ms.saturating_sub(FAR_MS), now_ms.saturating_add(FAR_MS));
        at_ms.saturating_add(self.0).clamp(earliest, latest)
    }

    pub(super) fn started(self, request: &SyncRequest, now_ms: i64) -> i64 {
        self.past(request.started_at_ms, now_ms)
    }

    /// Puts every time on the console's clock, none of them where it cannot be.
    pub(super) fn apply(self, stats: &mut GatewayStats, now_ms: i64) {
        for BalancerEvent { event, .. } in &mut stats.events {
            event.at_ms = self.past(event.at_ms, now_ms).max(now_ms.saturating_sub(FAR_MS));
        }
        for pool in &mut stats.pools {
            self.apply_to_breaker(&mut pool.breaker, now_ms);
            for instance in &mut pool.instances {
                self.apply_to_instance(instance, now_ms);
            }
        }
    }

    fn apply_to_instance(self, instance: &mut InstanceStats, now_ms: i64) {
        instance.health_since_ms = self.past(instance.health_since_ms, now_ms);
        instance.ejected_until_ms = instance.ejected_until_ms.map(|at| self.until(at, now_ms));
        self.apply_to_breaker(&mut instance.breaker, now_ms);
        if let Some(check) = &mut instance.last_check {
            check.at_ms = self.past(check.at_ms, now_ms);
        }
        if let Some(load) = &mut instance.load {
            load.at_ms = self.past(load.at_ms, now_ms);
        }
    }

    fn apply_to_breaker(self, breaker: &mut BreakerStatus, now_ms: i64) {
        breaker.since_ms = self.past(breaker.since_ms, now_ms);
        breaker.until_ms = breaker.until_ms.map(|at| self.until(at, now_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_767_225_600_000;
    const HOUR_MS: i64 = 3_600_000;

    #[test]
    fn times_of_a_clock_that_is_wrong_are_put_right() {
        for ahead in [0, -HOUR_MS, HOUR_MS, 80 * 365 * 24 * HOUR_MS] {
            let mut offset = ClockOffset::default();
            offset.observe(NOW_MS + ahead, NOW_MS);
            assert_eq!(offset.past(NOW_MS + ahead - 5_000, NOW_MS), NOW_MS - 5_000, "{ahead}");
            assert_eq!(offset.until(NOW_MS + ahead + 5_000, NOW_MS), NOW_MS + 5_000, "{ahead}");
        }
    }

    #[test]
    fn no_time_leaves_the_range_it_can_be_in() {
        for sent in [i64::MIN, 0, NOW_MS, i64::MAX] {
            let mut offset = ClockOffset::default();
            offset.observe(sent, NOW_MS);
            for at in [i64::MIN, 0, NOW_MS, i64::MAX] {
                assert!((0..=NOW_MS).contains(&offset.past(at, NOW_MS)), "{sent} {at}");
                let until = offset.until(at, NOW_MS);
                assert!((NOW_MS - FAR_MS..=NOW_MS + FAR_MS).contains(&until), "{sent} {at}");
            }
        }
    }

    #[test]
    fn a_slow_way_moves_no_moment() {
        let mut offset = ClockOffset::default();
        for way in [0, 700, 20, 999] {
            offset.observe(NOW_MS - HOUR_MS - way, NOW_MS);
            assert_eq!(offset.past(NOW_MS - 2 * HOUR_MS, NOW_MS), NOW_MS - HOUR_MS, "{way} ms");
        }
    }
}
