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
/// Most stretches that are told ahead: more than a page can show.
const SPANS_MAX: usize = 2_000;
/// Most beginnings of one rule that are looked at: a week has 10,080 minutes.
const OCCURRENCES_MAX: usize = 20_000;

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
        self.bounds_of(policy, (0..self.rules.len()).filter(|n| self.is_active(*n, now_ms)).collect())
    }

    fn bounds_of(&self, policy: &ScalingPolicy, active: Vec<usize>) -> ScheduledBounds {
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

    /// The bounds from `from_ms` to `to_ms` (Unix, ms), stretch by stretch without a gap. Ends earlier than `to_ms` where there would be more
    /// than 2,000 stretches, or where one rule begins more than 20,000 times.
    pub fn coming(&self, from_ms: i64, to_ms: i64, policy: &ScalingPolicy) -> Vec<(i64, i64, ScheduledBounds)> {
        let mut to_ms = to_ms;
        let mut times = Vec::with_capacity(self.rules.len());
        for n in 0..self.rules.len() {
            let active = self.active(n, from_ms, &mut to_ms);
            times.push(active);
        }
        let mut edges: Vec<i64> = times.iter().flatten().flat_map(|(begin_ms, end_ms)| [*begin_ms, *end_ms]).collect();
        edges.push(from_ms);
        edges.retain(|at_ms| (from_ms..to_ms).contains(at_ms));
        edges.sort_unstable();
        edges.dedup();
        let mut spans: Vec<(i64, i64, ScheduledBounds)> = Vec::new();
        // Of each rule, the first time that is not over.
        let mut places = vec![0; times.len()];
        for at_ms in edges {
            let mut active = Vec::new();
            for (n, place) in places.iter_mut().enumerate() {
                while times[n].get(*place).is_some_and(|(_, end_ms)| *end_ms <= at_ms) {
                    *place += 1;
                }
                if times[n].get(*place).is_some_and(|(begin_ms, _)| *begin_ms <= at_ms) {
                    active.push(n);
                }
            }
            let bounds = self.bounds_of(policy, active);
            if spans.last().is_some_and(|(_, _, last)| *last == bounds) {
                continue;
            }
            if let Some((_, end_ms, _)) = spans.last_mut() {
                *end_ms = at_ms;
            }
            if spans.len() == SPANS_MAX {
                return spans;
            }
            spans.push((at_ms, to_ms, bounds));
        }
        if let Some((_, end_ms, _)) = spans.last_mut() {
            *end_ms = to_ms;
        }
        spans
    }

    /// When a rule is in force, from the time it begins at or before `from_ms`; shortens `to_ms` where that would be too often.
    fn active(&self, n: usize, from_ms: i64, to_ms: &mut i64) -> Vec<(i64, i64)> {
        let (rule, cron, zone) = &self.rules[n];
        let lasts_ms = i64::from(rule.duration_s) * 1_000;
        let mut times: Vec<(i64, i64)> = Vec::new();
        let Ok(from) = Timestamp::from_millisecond(from_ms) else {
            return times;
        };
        let from = from.to_zoned(zone.clone());
        let mut found = cron
            .find_previous_occurrence::<Zoned>(&from, true)
            .or_else(|_| cron.find_next_occurrence::<Zoned>(&from, true));
        for _ in 0..OCCURRENCES_MAX {
            let Ok(begin) = found else { return times };
            let begin_ms = begin.timestamp().as_millisecond();
            if begin_ms >= *to_ms {
                return times;
            }
            match times.last_mut() {
                Some((_, end_ms)) if *end_ms >= begin_ms => *end_ms = begin_ms + lasts_ms,
                _ => times.push((begin_ms, begin_ms + lasts_ms)),
            }
            found = cron.find_next_occurrence(&begin, false);
        }
        *to_ms = (*to_ms).min(found.map_or(*to_ms, |next| next.timestamp().as_millisecond()));
        times
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

    /// 1 March 2026, 12:00 UTC.
    const NOON_MS: i64 = 1_772_366_400_000;

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
    fn the_coming_week_says_the_same_as_each_of_its_moments() {
        let policy = ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]);
        let rules = [
            rule("0 8 * * MON-FRI", 10, Some(6), None),
            rule("30 2 * * *", 1, Some(4), Some(8)),
            rule("*/20 1-3 * * SUN", 1, None, Some(5)),
            rule("0 0 1 * *", 24, Some(12), None),
        ];
        let schedule = Schedule::parse(&rules).unwrap();
        // Weeks with the change to summer time, the change back, a month's first day, and nothing of the kind.
        for from in [
            "2026-03-26T12:34:56Z",
            "2026-10-22T00:00:00Z",
            "2026-06-29T23:59:59Z",
            "2026-08-10T00:00:00Z",
        ] {
            let from_ms = from.parse::<Timestamp>().unwrap().as_millisecond();
            let to_ms = from_ms + 7 * 86_400_000;
            let spans = schedule.coming(from_ms, to_ms, &policy);
            assert_eq!((spans[0].0, spans.last().unwrap().1), (from_ms, to_ms), "{from}");
            for pair in spans.windows(2) {
                assert!(pair[0].1 == pair[1].0 && pair[0].2 != pair[1].2, "{from}: {pair:?}");
            }
            for at_ms in (from_ms..to_ms).step_by(5 * 60_000).chain(spans.iter().map(|span| span.0)) {
                let span = spans.iter().find(|span| (span.0..span.1).contains(&at_ms)).unwrap();
                assert_eq!(
                    span.2,
                    schedule.bounds(&policy, at_ms),
                    "{from}: {}",
                    Timestamp::from_millisecond(at_ms).unwrap()
                );
            }
        }
    }

    #[test]
    fn what_comes_has_a_bound_and_no_rules_are_one_stretch() {
        let policy = ScalingPolicy::hpa(2, 10, vec![MetricSpec::utilization("cpu", 70)]);
        let mut busy = rule("*/2 * * * *", 0, Some(4), None);
        busy.duration_s = 60;
        let schedule = Schedule::parse(&[busy]).unwrap();
        let (from_ms, to_ms) = (NOON_MS, NOON_MS + 31 * 86_400_000);
        let spans = schedule.coming(from_ms, to_ms, &policy);
        assert_eq!(
            (spans.len(), spans[0].0, spans[1_999].1),
            (2_000, from_ms, from_ms + 2_000 * 60_000)
        );
        let none = Schedule::parse(&[]).unwrap().coming(from_ms, to_ms, &policy);
        assert_eq!(none.len(), 1);
        assert_eq!((none[0].0, none[0].1, none[0].2.max_replicas), (from_ms, to_ms, 10));
        assert!(schedule.coming(to_ms, from_ms, &policy).is_empty());
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
