//! The gateways of a balancer: their rates and shares, and what became of them.

use model::{
    Actor, BalancerObservation, Counters, EventKind, GatewayFacts, GatewayId, GatewayObservation, GatewaySnapshot, GatewayState,
    LateCounts, NewEvent, PlanState, Severity, Window,
};

use super::{
    rates::{self, Moments},
    snapshot::Answers,
};

/// One row per gateway, with its share of what all of them were asked.
pub(super) fn snapshots(answers: &Answers<'_>) -> Vec<GatewaySnapshot> {
    let counters = |o: &BalancerObservation, id: &GatewayId| o.gateways.iter().find(|g| &g.facts.id == id).map(|g| g.counters);
    // Of one that is silent nobody knows what it is asked now.
    let asked = |g: &GatewayObservation| {
        let window = answers.window.filter(|_| g.facts.state == GatewayState::Up)?;
        Some(rates::delta(&counters(window, &g.facts.id)?, &g.counters).requests)
    };
    let asked_all: u64 = answers.now.gateways.iter().filter_map(asked).fold(0, u64::saturating_add);
    let snapshot = |g: &GatewayObservation| {
        let last = answers.last.and_then(|(o, seconds)| Some((counters(o, &g.facts.id)?, seconds)));
        let window = answers.window.and_then(|o| counters(o, &g.facts.id));
        let moments = Moments {
            now: &g.counters,
            last: last.as_ref().map(|(counters, seconds)| (counters, *seconds)),
            window: window.as_ref(),
        };
        GatewaySnapshot {
            facts: GatewayFacts {
                state: if answers.fresh { g.facts.state } else { GatewayState::Stale },
                ..g.facts.clone()
            },
            totals: rates::totals(moments, g.in_flight, Window::default()),
            share_percent: asked(g).filter(|_| asked_all > 0).map(|n| 100.0 * n as f64 / asked_all as f64),
        }
    };
    answers.now.gateways.iter().map(snapshot).collect()
}

/// Puts counts that came late into an observation that was made without them.
pub(crate) fn settle(earlier: &mut BalancerObservation, late: &[LateCounts]) {
    let add = |to: &mut Counters, more: &Counters| *to = rates::add(to, more);
    for late in late {
        for gateway in earlier.gateways.iter_mut().filter(|g| g.facts.id == late.gateway) {
            add(&mut gateway.counters, &late.counters);
        }
        for pool in &mut earlier.pools {
            for (_, more) in late.pools.iter().filter(|(id, _)| id == &pool.pool) {
                add(&mut pool.counters, more);
            }
            for (_, instance, more) in late.instances.iter().filter(|(id, ..)| id == &pool.pool) {
                for known in pool.instances.iter_mut().filter(|i| &i.id == instance) {
                    add(&mut known.counters, more);
                }
            }
        }
    }
}

/// Who came, fell silent, came back or went, and who refused a plan.
pub(super) fn between(before: &[GatewaySnapshot], after: &[GatewaySnapshot], at_ms: i64) -> Vec<NewEvent> {
    let mut events = Vec::new();
    for now in elsewhere(after) {
        let earlier = elsewhere(before).find(|g| g.id == now.id);
        events.extend(came(earlier, now).map(|told| told.event(at_ms)));
        events.extend(refused(earlier, now).map(|told| told.event(at_ms)));
    }
    for gone in elsewhere(before).filter(|g| !elsewhere(after).any(|now| now.id == g.id)) {
        // One that was silent has been told of already.
        if gone.state == GatewayState::Up {
            let told = Told {
                kind: EventKind::GatewayLost,
                severity: Severity::Info,
                summary: format!("The gateway {} has stopped", gone.id),
                cause: "it was asked to end".to_owned(),
            };
            events.push(told.event(at_ms));
        }
    }
    events
}

fn elsewhere(gateways: &[GatewaySnapshot]) -> impl Iterator<Item = &GatewayFacts> {
    gateways.iter().map(|g| &g.facts).filter(|facts| !facts.is_local)
}

struct Told {
    kind: EventKind,
    severity: Severity,
    summary: String,
    cause: String,
}

impl Told {
    fn event(self, at_ms: i64) -> NewEvent {
        NewEvent {
            at_ms,
            kind: self.kind,
            severity: self.severity,
            pool: None,
            instance: None,
            summary: self.summary,
            cause: self.cause,
            actor: Actor::system("gateways"),
        }
    }
}

fn came(before: Option<&GatewayFacts>, now: &GatewayFacts) -> Option<Told> {
    let id = &now.id;
    let away = |ms: u64| format!("it had served by the plan it keeps for {}", seconds(ms));
    let told = |kind, severity, summary, cause| {
        Some(Told {
            kind,
            severity,
            summary,
            cause,
        })
    };
    let listens = || {
        if now.serves() {
            format!("it listens on {}", now.listens_on())
        } else {
            "it does not serve yet".to_owned()
        }
    };
    let was = before.map(|b| (b.state, b.run == now.run));
    match (was, now.state, now.away_ms) {
        (None, GatewayState::Up, Some(ms)) => told(
            EventKind::GatewayBack,
            Severity::Info,
            format!("The gateway {id} is back"),
            away(ms),
        ),
        (None, GatewayState::Up, None) => told(
            EventKind::GatewayJoined,
            Severity::Info,
            format!("The gateway {id} has joined"),
            listens(),
        ),
        (Some((GatewayState::Up, _)), GatewayState::Stale, _) => told(
            EventKind::GatewayLost,
            Severity::Critical,
            format!("The gateway {id} is silent"),
            "it may serve all the same, by the plan it keeps".to_owned(),
        ),
        (Some((_, false)), GatewayState::Up, _) => told(
            EventKind::GatewayBack,
            Severity::Warning,
            format!("The gateway {id} is back"),
            "it was started again".to_owned(),
        ),
        (Some((GatewayState::Stale, true)), GatewayState::Up, ms) => {
            let silent = before.map_or(0, |b| now.heard_at_ms.saturating_sub(b.heard_at_ms).unsigned_abs());
            told(
                EventKind::GatewayBack,
                Severity::Info,
                format!("The gateway {id} is back"),
                away(ms.unwrap_or(silent)),
            )
        }
        _ => None,
    }
}

fn refused(before: Option<&GatewayFacts>, now: &GatewayFacts) -> Option<Told> {
    let PlanState::Refused { why } = &now.plan else { return None };
    if before.is_some_and(|b| b.plan == now.plan) {
        return None;
    }
    Some(Told {
        kind: EventKind::PlanRefused,
        severity: Severity::Critical,
        summary: if now.serves() {
            format!("The gateway {} refused the plan; it serves by the one before", now.id)
        } else {
            format!("The gateway {} refused the plan; it does not serve", now.id)
        },
        cause: why.clone(),
    })
}

fn seconds(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{:.1} s", ms as f64 / 1_000.0),
        10_000..120_000 => format!("{} s", ms / 1_000),
        _ => format!("{} min", ms / 60_000),
    }
}

#[cfg(test)]
mod tests {
    use model::{BalancerId, SourceId, Totals};

    use super::*;

    fn counters(requests: u64) -> Counters {
        Counters {
            requests,
            ..Counters::default()
        }
    }

    fn facts(name: &str) -> GatewayFacts {
        GatewayFacts {
            id: name.parse().unwrap(),
            run: 1,
            is_local: name == "console",
            addresses: vec![],
            tls_addresses: vec![],
            software: "0.1.0".into(),
            state: GatewayState::Up,
            started_at_ms: 1,
            heard_at_ms: 5_000,
            away_ms: None,
            plan: PlanState::InForce,
            troubles: vec![],
            connections: 0,
        }
    }

    fn gateway(name: &str, requests: u64) -> GatewayObservation {
        GatewayObservation {
            facts: facts(name),
            in_flight: 0,
            counters: counters(requests),
        }
    }

    fn observation(gateways: Vec<GatewayObservation>) -> BalancerObservation {
        BalancerObservation {
            balancer: BalancerId::new("gateway").unwrap(),
            unrouted: 0,
            window: Window::default(),
            pools: vec![],
            events: vec![],
            gateways,
            late: vec![],
        }
    }

    fn rows(before: &BalancerObservation, now: &BalancerObservation) -> Vec<GatewaySnapshot> {
        snapshots(&Answers {
            source: &SourceId::new("gateway").unwrap(),
            now,
            last: Some((before, 1.0)),
            window: Some(before),
            fresh: true,
        })
    }

    #[test]
    fn shares_are_of_all_gateways_and_late_counts_are_no_rate() {
        let mut before = observation(vec![gateway("console", 100), gateway("eu-1", 50)]);
        let mut now = observation(vec![gateway("console", 130), gateway("eu-1", 9_060)]);
        now.late = vec![LateCounts {
            gateway: "eu-1".parse().unwrap(),
            counters: counters(9_000),
            pools: vec![],
            instances: vec![],
        }];
        settle(&mut before, &now.late);
        let rows = rows(&before, &now);
        let told: Vec<_> = rows
            .iter()
            .map(|g| (g.totals.requests_per_s, g.share_percent, g.totals.requests))
            .collect();
        assert_eq!(told, [(30.0, Some(75.0), 130), (10.0, Some(25.0), 9_060)]);
    }

    #[test]
    fn who_is_silent_has_no_share() {
        let before = observation(vec![gateway("console", 100), gateway("eu-1", 50)]);
        let mut now = observation(vec![gateway("console", 130), gateway("eu-1", 60)]);
        now.gateways[1].facts.state = GatewayState::Stale;
        let shares: Vec<_> = rows(&before, &now).iter().map(|g| g.share_percent).collect();
        assert_eq!(shares, [Some(100.0), None]);
    }

    fn snapshot(state: GatewayState, run: u64, away_ms: Option<u64>) -> GatewaySnapshot {
        GatewaySnapshot {
            facts: GatewayFacts {
                state,
                run,
                away_ms,
                ..facts("eu-1")
            },
            totals: Totals::default(),
            share_percent: None,
        }
    }

    #[test]
    fn who_comes_and_goes_is_told_once() {
        use EventKind::{GatewayBack, GatewayJoined, GatewayLost};
        use GatewayState::{Stale, Up};
        let table: [(Option<GatewaySnapshot>, Option<GatewaySnapshot>, &[EventKind]); 9] = [
            (None, Some(snapshot(Up, 1, None)), &[GatewayJoined]),
            (None, Some(snapshot(Up, 1, Some(42_000))), &[GatewayBack]),
            (Some(snapshot(Up, 1, None)), Some(snapshot(Up, 1, None)), &[]),
            (Some(snapshot(Up, 1, None)), Some(snapshot(Stale, 1, None)), &[GatewayLost]),
            (Some(snapshot(Stale, 1, None)), Some(snapshot(Stale, 1, None)), &[]),
            (Some(snapshot(Stale, 1, None)), Some(snapshot(Up, 1, Some(9))), &[GatewayBack]),
            (Some(snapshot(Up, 1, None)), Some(snapshot(Up, 2, None)), &[GatewayBack]),
            (Some(snapshot(Up, 1, None)), None, &[GatewayLost]),
            (Some(snapshot(Stale, 1, None)), None, &[]),
        ];
        for (before, after, expected) in table {
            let (before, after): (Vec<_>, Vec<_>) = (before.into_iter().collect(), after.into_iter().collect());
            let kinds: Vec<_> = between(&before, &after, 0).into_iter().map(|e| e.kind).collect();
            assert_eq!(kinds, expected, "{before:?} → {after:?}");
        }
        let back = between(&[], &[snapshot(Up, 1, Some(42_000))], 0);
        assert_eq!(back[0].cause, "it had served by the plan it keeps for 42 s");
    }

    #[test]
    fn a_refused_plan_is_told_once_for_each_reason() {
        let refusing = |why: &str| {
            let mut refusing = snapshot(GatewayState::Up, 1, None);
            refusing.facts.plan = PlanState::Refused { why: why.into() };
            vec![refusing]
        };
        let fine = vec![snapshot(GatewayState::Up, 1, None)];
        assert_eq!(between(&fine, &refusing("a"), 0)[0].kind, EventKind::PlanRefused);
        assert_eq!(between(&refusing("a"), &refusing("a"), 0), []);
        assert_eq!(between(&refusing("a"), &refusing("b"), 0).len(), 1);
        let summary = |gateways: &[GatewaySnapshot]| between(&fine, gateways, 0).remove(0).summary;
        assert!(summary(&refusing("a")).ends_with("it does not serve"));
        let mut serving = refusing("a");
        serving[0].facts.tls_addresses = vec!["127.0.0.1:8443".parse().unwrap()];
        assert!(summary(&serving).ends_with("it serves by the one before"));
    }
}
