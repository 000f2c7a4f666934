//! What happens to a pool as a whole, looked for once a second and told in the journal.

use std::sync::atomic::Ordering;

use model::{AdminState, BreakerState, EventKind, Severity};

use super::{Member, Pool, Tried};
use crate::state::{self, Happened, Transition, monotonic_ms};

impl Pool {
    /// Tells what became of a breaker, and lets the picker know.
    pub(super) fn tell(&self, member: Option<&Member>, transition: Option<Transition>) {
        let Some(Transition { from, to, cause }) = transition else { return };
        let pool = self.id();
        let instance = member.map(|member| &member.state.id);
        let whose = instance.map_or_else(|| format!("pool {pool}"), |id| format!("{id} of pool {pool}"));
        let (kind, severity) = match to {
            BreakerState::Open => (EventKind::BreakerOpened, Severity::Critical),
            BreakerState::HalfOpen => (EventKind::BreakerHalfOpen, Severity::Info),
            BreakerState::Closed => (EventKind::BreakerClosed, Severity::Info),
            BreakerState::ForcedOpen | BreakerState::ForcedClosed => (EventKind::BreakerForced, Severity::Warning),
        };
        self.journal.tell(Happened {
            kind,
            severity,
            pool: Some(pool),
            instance,
            summary: format!("The breaker of {whose} is {}, was {}", to.label(), from.label()),
            cause,
            by: "breaker",
        });
        if member.is_some() {
            if to == BreakerState::Open {
                // What it failed is explained: it says nothing about the others.
                self.state.breaker.forget();
            }
            self.picker.refresh(&self.view(&Tried::default()));
        }
    }

    /// Too few in service: better some requests that fail than the few crushed by all.
    pub(super) fn look_for_panic(&self) {
        let ready = self.members.iter().filter(|member| member.admin == AdminState::Ready).count();
        let serving = self
            .members
            .iter()
            .filter(|member| member.admin == AdminState::Ready && member.is_well())
            .count();
        let least = self.plan.health_check.panic_percent as usize;
        let panics = serving * 100 < ready * least;
        if self.state.is_panicking.swap(panics, Ordering::Relaxed) == panics {
            return;
        }
        let pool = self.id();
        let (kind, severity, summary) = if panics {
            let summary = format!("Pool {pool} panics: health is ignored, all {ready} instances get requests");
            (EventKind::PanicBegan, Severity::Critical, summary)
        } else {
            (EventKind::PanicEnded, Severity::Info, format!("Pool {pool} minds its health again"))
        };
        self.journal.tell(Happened {
            kind,
            severity,
            pool: Some(pool),
            instance: None,
            summary,
            cause: format!("{serving} of {ready} are in service; panic below {least} %"),
            by: "panic mode",
        });
    }

    /// Whether it does without what matters less from now on.
    pub(super) fn look_for_strain(&self) {
        let tally = &self.state.tally;
        let histogram = || {
            let mut histogram = self.state.former.histogram();
            for member in &self.members {
                state::add(&mut histogram, &member.state.latencies.histogram());
            }
            histogram
        };
        let changed = self.state.degradation.look(
            &self.plan.degradation,
            monotonic_ms(),
            tally.in_flight(),
            tally.counters(),
            histogram,
        );
        let Some((is_degraded, cause)) = changed else { return };
        let pool = self.id();
        let (kind, severity, summary) = if is_degraded {
            let summary = format!("Pool {pool} is degraded: routes of low priority are answered 503");
            (EventKind::PoolDegraded, Severity::Warning, summary)
        } else {
            (
                EventKind::PoolRecovered,
                Severity::Info,
                format!("Pool {pool} is not degraded any more"),
            )
        };
        self.journal.tell(Happened {
            kind,
            severity,
            pool: Some(pool),
            instance: None,
            summary,
            cause,
            by: "degradation",
        });
    }

    pub(super) fn tell_moves(&self) {
        for (from, count) in self.state.moves(monotonic_ms()) {
            let clients = if count == 1 {
                "1 client".to_owned()
            } else {
                format!("{count} clients")
            };
            self.journal.tell(Happened {
                kind: EventKind::ClientsMoved,
                severity: Severity::Warning,
                pool: Some(self.id()),
                instance: Some(&from),
                summary: format!("{clients} of {from} in pool {} went to other instances", self.id()),
                cause: format!("{from} takes no requests"),
                by: "affinity",
            });
        }
    }
}
