//! Which bounds the calendar sets now.

use std::str::FromStr;

use croner::Cron;
use jiff::{
    SignedDuration, Timestamp, Zoned,
    tz::{TimeZone, TimeZoneDatabase},
};
use model::{
    InvalidValue,
    scaling::{SCHEDULE_RULES_MAX, ScalingPolicy, ScheduleRule, ScheduledBounds},
};

const FIELDS: usize = 5;

/// Rules whose times can be computed.
#[derive(Debug, Clone, Default)]
pub struct Schedule {
    rules: Vec<(ScheduleRule, Cron, TimeZone)>,
}

impl Schedule {
    /// # Errors
    /// The first field that is wrong, such as `schedule[2].cron`.
    pub fn parse(rules: &[ScheduleRule]) -> Result<Self, InvalidValue> {
        if rules.len() > SCHEDULE_RULES_MAX {
            return Err(InvalidValue::new("schedule", format!("has at most {SCHEDULE_RULES_MAX} rules")));
        }
        // The time zones that were built in: the same answer on every machine.
        let zones = TimeZoneDatabase::bundled();
        let parse = |(n, rule): (usize, &ScheduleRule)| {
            let at = |invalid: InvalidValue| InvalidValue::new(format!("schedule[{n}].{}", invalid.field), invalid.reason);
            rule.validate().map_err(at)?;
            let zone = zones
                .get(&rule.time_zone)
                .map_err(|_| at(InvalidValue::new("time_zone", "is not a known time zone, such as Europe/Berlin")))?;
            let cron = parse_cron(&rule.cron, &zone).map_err(|why| at(InvalidValue::new("cron", why)))?;
            Ok((rule.clone(), cron, zone))
        };
        let rules = rules.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
        Ok(Self { rules })
    }

    /// The bounds at this time (Unix, ms). Where rules overlap, the highest minimum and the lowest maximum count; a minimum above the
    /// maximum raises it: enough is more important than few.
    pub fn bounds(&self, policy: &ScalingPolicy, now_ms: i64) -> ScheduledBounds {
        let active: Vec<_> = (0..self.rules.len()).filter(|n| self.is_active(*n, now_ms)).collect();
        let rules = || active.iter().map(|n| &self.rules[*n].0);
        let min_replicas = rules().filter_map(|rule| rule.min_replicas).max().unwrap_or(policy.min_replicas);
        let max_replicas = rules().filter_map(|rule| rule.max_replicas).min().unwrap_or(policy.max_replicas);
        // A maximum below the policy's own minimum is meant.
        let sets_min = rules().any(|rule| rule.min_replicas.is_some());
        let min_replicas = if sets_min { min_replicas } else { min_replicas.min(max_replicas) };
        ScheduledBounds {
            min_replicas,
            max_replicas: max_replicas.max(min_replicas),
            rules: active,
        }
    }

    fn is_active(&self, n: usize, now_ms: i64) -> bool {
        let (rule, cron, zone) = &self.rules[n];
        let Ok(now) = Timestamp::from_millisecond(now_ms) else {
            return false;
        };
        let started = cron.find_previous_occurrence::<Zoned>(&now.to_zoned(zone.clone()), true);
        started.is_ok_and(|started| now.duration_since(started.timestamp()) < SignedDuration::from_secs(rule.duration_s.into()))
    }
}

/// In words why not.
fn parse_cron(text: &str, zone: &TimeZone) -> Result<Cron, String> {
    if text.split_whitespace().count() != FIELDS {
        return Err("has five fields: minute, hour, day, month, weekday".to_owned());
    }
    let cron = Cron::from_str(text).map_err(|error| error.to_string())?;
    // The 30th of February would be looked for again at every decision.
    cron.find_next_occurrence(&Timestamp::UNIX_EPOCH.to_zoned(zone.clone()), true)
        .map_err(|_| "never comes".to_owned())?;
    Ok(cron)
}

#[cfg(test)]
mod tests {
    use model::scaling::MetricSpec;

    use super::*;

    fn rule(cron: &str, hours: u32, min_replicas: Option<u32>, max_replicas: Option<u32>) -> ScheduleRule {
        ScheduleRule {
            name: "office hours".to_owned(),
            cron: cron.to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            duration_s: hours * 3_600,
            min_replicas,
            max_replicas,
        }
    }

    fn bounds(rules: &[ScheduleRule], at: &str) -> (u32, u32) {
        let policy = ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]);
        let at: Timestamp = at.parse().unwrap();
        let bounds = Schedule::parse(rules).unwrap().bounds(&policy, at.as_millisecond());
        (bounds.min_replicas, bounds.max_replicas)
    }

    #[test]
    fn a_rule_follows_the_clock_on_the_wall_through_summer_and_winter() {
        let office = [rule("0 8 * * MON-FRI", 10, Some(6), None)];
        // Monday, 12 January: 08:00 is 07:00 UTC. Monday, 13 July: 06:00.
        assert_eq!(bounds(&office, "2026-01-12T06:59:59Z"), (2, 10));
        assert_eq!(bounds(&office, "2026-01-12T07:00:00Z"), (6, 10));
        assert_eq!(bounds(&office, "2026-01-12T16:59:59Z"), (6, 10));
        assert_eq!(bounds(&office, "2026-01-12T17:00:00Z"), (2, 10));
        assert_eq!(bounds(&office, "2026-07-13T05:59:59Z"), (2, 10));
        assert_eq!(bounds(&office, "2026-07-13T06:00:00Z"), (6, 10));
        assert_eq!(bounds(&office, "2026-07-12T10:00:00Z"), (2, 10), "a Sunday");
    }

    #[test]
    fn where_rules_overlap_enough_is_more_important_than_few() {
        let day = rule("0 0 * * *", 24, Some(4), Some(8));
        let peak = rule("0 9 * * *", 2, Some(12), None);
        let night = rule("0 0 * * *", 6, None, Some(1));
        assert_eq!(bounds(&[day.clone(), peak.clone()], "2026-01-12T08:30:00Z"), (12, 12));
        assert_eq!(bounds(&[day, peak], "2026-01-12T12:00:00Z"), (4, 8));
        assert_eq!(bounds(&[night], "2026-01-12T01:00:00Z"), (1, 1));
    }

    #[test]
    fn what_cannot_come_is_refused_by_name() {
        let refused = |change: fn(&mut ScheduleRule)| {
            let mut rule = rule("0 8 * * *", 1, Some(3), None);
            change(&mut rule);
            Schedule::parse(&[rule]).unwrap_err().field
        };
        assert_eq!(refused(|rule| "0 0 30 2 *".clone_into(&mut rule.cron)), "schedule[0].cron");
        assert_eq!(refused(|rule| "* * * * * *".clone_into(&mut rule.cron)), "schedule[0].cron");
        assert_eq!(refused(|rule| "0 25 * * *".clone_into(&mut rule.cron)), "schedule[0].cron");
        assert_eq!(
            refused(|rule| "Europe/Atlantis".clone_into(&mut rule.time_zone)),
            "schedule[0].time_zone"
        );
        assert_eq!(refused(|rule| rule.min_replicas = None), "schedule[0].min_replicas");
        assert_eq!(refused(|rule| rule.max_replicas = Some(2)), "schedule[0].max_replicas");
    }
}
