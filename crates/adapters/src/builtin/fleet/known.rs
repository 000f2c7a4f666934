//! Who has which name.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use model::GatewayId;

use super::{Limits, Remote, Report, SyncRefused};

/// How long a silent gateway is shown.
const FORGET_AFTER: Duration = Duration::from_secs(3_600);
/// How long those that have ended are remembered: longer than a report is under way.
const DEPARTED_FOR: Duration = Duration::from_secs(60);
/// So many of them are remembered, and as many as there may be gateways when those may be more.
const DEPARTED_MIN: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) present: BTreeMap<GatewayId, Remote>,
    /// Processes that have ended or lost their name to a later one, oldest first: their last counts are to be seen, and what still
    /// arrives from them does not make them present again.
    departed: VecDeque<Remote>,
}

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::builtin) enum Taken {
    News,
    /// A later one of the same process was taken before.
    Late,
}

impl Known {
    pub(super) fn forget(&mut self, now: Instant) {
        self.present.retain(|_, remote| !remote.is_silent_at(now, FORGET_AFTER));
        self.departed
            .retain(|remote| !remote.is_seen || !remote.is_silent_at(now, DEPARTED_FOR));
    }

    /// Those whose last report nobody has seen yet.
    pub(super) fn departing(&mut self) -> Vec<Remote> {
        let unseen = self.departed.iter_mut().filter(|remote| !remote.is_seen);
        unseen.map(Remote::look_last).collect()
    }

    pub(super) fn take(&mut self, id: &GatewayId, report: Report, limits: Limits, now: Instant, now_ms: i64) -> Result<Taken, SyncRefused> {
        self.forget(now);
        let run = report.run;
        let is_it = |remote: &Remote| remote.run == run && &remote.id == id;
        let owner = self.present.get(id).filter(|remote| is_it(remote));
        let latest = owner.or_else(|| self.departed.iter().find(|remote| is_it(remote)));
        if latest.is_some_and(|r| r.has_left || report.sequence <= r.sequence) {
            return Ok(Taken::Late);
        }
        let has_name = owner.is_some();
        if !has_name && !report.leaving {
            self.give_name(id, &report, limits, now)?;
        }
        let former = if has_name {
            self.present.remove(id)
        } else {
            let place = self.departed.iter().position(is_it);
            place.and_then(|place| self.departed.remove(place))
        };
        let mut remote = former.unwrap_or_else(|| Remote::new(id, &report, now, now_ms));
        let is_leaving = report.leaving;
        remote.take(report, now, now_ms);
        if is_leaving {
            self.depart(remote, limits);
        } else {
            if let Some(mut former) = self.present.remove(id) {
                remote.inherit(&mut former);
                self.depart(former, limits);
            }
            self.present.insert(id.clone(), remote);
        }
        Ok(Taken::News)
    }

    /// Whether the name may go to the process that reports; makes room for one that is new.
    fn give_name(&mut self, id: &GatewayId, report: &Report, limits: Limits, now: Instant) -> Result<(), SyncRefused> {
        let is_silent = |remote: &Remote| remote.is_silent_at(now, limits.silent_after);
        if let Some(owner) = self.present.get(id) {
            let is_later = owner.began > (report.started_at_ms, report.run);
            return if is_later && !is_silent(owner) {
                Err(SyncRefused::Taken(id.clone()))
            } else {
                Ok(())
            };
        }
        if self.present.len() < limits.max {
            return Ok(());
        }
        let silent = self.present.values().filter(|remote| is_silent(remote));
        let longest = silent.min_by_key(|remote| remote.heard).map(|remote| remote.id.clone());
        let gone = longest.and_then(|longest| self.present.remove(&longest));
        let gone = gone.ok_or(SyncRefused::Full(limits.max))?;
        self.depart(gone, limits);
        Ok(())
    }

    fn depart(&mut self, remote: Remote, limits: Limits) {
        if self.departed.len() >= limits.max.max(DEPARTED_MIN) {
            self.departed.pop_front();
        }
        self.departed.push_back(remote);
    }
}
