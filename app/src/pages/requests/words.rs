//! A receipt's decisions as sentences. Pure.

use model::{Algorithm, Candidate, InstanceId, PickBasis, Receipt, Standing, Try};

/// `0.42 ms`; below a tenth of a millisecond in microseconds.
pub(super) fn micros(us: u64) -> String {
    if us < 100 {
        return format!("{us} µs");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let ms = us as f32 / 1_000.0;
    crate::format::millis(Some(ms))
}

/// A cost, with as many digits as make it readable.
pub(super) fn score(score: f64) -> String {
    if score == 0.0 || score >= 100.0 {
        format!("{score:.0}")
    } else if score >= 1.0 {
        format!("{score:.2}")
    } else {
        format!("{score:.4}")
    }
}

/// For a cell of the list: the last pick, or what kept the request from one.
pub(super) fn in_short(receipt: &Receipt) -> String {
    let refusal = receipt.verdicts.iter().rev().find(|verdict| !verdict.passed);
    match (receipt.tries.last(), refusal) {
        (None, Some(refusal)) => format!("refused by {}: {}", refusal.by.label(), refusal.detail),
        (None, None) => "no pick".to_owned(),
        (Some(tried), _) => {
            let again = match receipt.tries.len() {
                1 => String::new(),
                n => format!("{n} tries; "),
            };
            format!("{again}{}", reason(tried, receipt.algorithm))
        }
    }
}

/// Why this instance, in figures.
pub(super) fn reason(tried: &Try, algorithm: Option<Algorithm>) -> String {
    let label = algorithm.map_or("the algorithm", Algorithm::label);
    let candidates = &tried.pick.candidates;
    let takers = candidates.iter().filter(|c| c.standing == Standing::Takes).count();
    match &tried.pick.basis {
        PickBasis::Pinned => "affinity: the client comes back".to_owned(),
        PickBasis::Turn { let_pass, .. } if let_pass.is_empty() => format!("{label}: its turn, of {takers} that take requests"),
        PickBasis::Turn { let_pass, .. } => {
            let passed = let_pass.len();
            format!("{label}: its turn, of {takers} that take requests; {passed} let theirs pass, they come back slowly")
        }
        PickBasis::Cheapest { fallback } => {
            let kind = if *fallback {
                "requests in flight, for want of load reports"
            } else {
                label
            };
            let own = score_of(candidates, &tried.instance);
            match (own, runner_up(candidates, &tried.instance)) {
                (Some(own), Some(next)) if next.score == Some(own) => {
                    format!("{kind}: {} as {}, and picked longer ago", score(own), next.instance)
                }
                (Some(own), Some(next)) => format!(
                    "{kind}: {}, the next is {} with {}",
                    score(own),
                    next.instance,
                    score(next.score.unwrap_or_default())
                ),
                (Some(own), None) => format!("{kind}: {}, nobody else takes requests", score(own)),
                (None, _) => format!("{kind}: back in service, not measured yet"),
            }
        }
        PickBasis::Drawn { first, second: None } => format!("{label}: only {} takes requests", name(candidates, *first)),
        PickBasis::Drawn {
            first,
            second: Some(second),
        } => {
            let told = |index: u32| {
                let candidate = candidates.iter().find(|c| c.index == index);
                let cost = candidate.and_then(|c| c.score).map_or_else(|| "?".to_owned(), score);
                format!("{} ({cost})", name(candidates, index))
            };
            format!("{label}: drawn {} and {}, the lower one", told(*first), told(*second))
        }
        PickBasis::Hash { hash } => format!("{label}: hash {hash:016x} falls to it"),
    }
}

fn name(candidates: &[Candidate], index: u32) -> String {
    let found = candidates.iter().find(|c| c.index == index);
    found.map_or_else(|| format!("number {}", index + 1), |c| c.instance.to_string())
}

fn score_of(candidates: &[Candidate], instance: &InstanceId) -> Option<f64> {
    candidates.iter().find(|c| &c.instance == instance)?.score
}

/// Who would have been picked without it.
fn runner_up<'a>(candidates: &'a [Candidate], picked: &InstanceId) -> Option<&'a Candidate> {
    candidates
        .iter()
        .filter(|c| c.standing == Standing::Takes && &c.instance != picked && c.score.is_some())
        .min_by(|a, b| {
            let costs = (a.score.unwrap_or(f64::INFINITY), b.score.unwrap_or(f64::INFINITY));
            costs.0.total_cmp(&costs.1).then(a.last_pick.cmp(&b.last_pick))
        })
}

#[cfg(test)]
mod tests {
    use model::{Pick, Weight};

    use super::*;

    fn candidate(index: u32, score: Option<f64>, last_pick: u64) -> Candidate {
        Candidate {
            index,
            instance: InstanceId::new(format!("i{index}")).unwrap(),
            standing: Standing::Takes,
            weight: Weight::ONE,
            in_flight: 0,
            ramp: 1.0,
            average_us: 0.0,
            peak_us: 0.0,
            cpu: None,
            memory: None,
            gpu: None,
            sessions: None,
            score,
            last_pick: Some(last_pick),
        }
    }

    fn tried(basis: PickBasis, candidates: Vec<Candidate>) -> Try {
        Try {
            instance: InstanceId::new("i0").unwrap(),
            pick: Pick {
                basis,
                candidates,
                left_out: 0,
                again: None,
            },
            picked_us: 0,
            connected_us: None,
            reused: false,
            head_us: None,
            status: None,
            failure: None,
        }
    }

    #[test]
    fn a_pick_is_told_with_the_figures_that_decided_it() {
        let told = |basis, candidates, algorithm| reason(&tried(basis, candidates), Some(algorithm));
        let two = |a, b| vec![candidate(0, Some(a), 1), candidate(1, Some(b), 2)];
        let cheapest = PickBasis::Cheapest { fallback: false };
        assert_eq!(
            told(cheapest.clone(), two(0.5, 3.0), Algorithm::LeastConnections),
            "Least connections: 0.5000, the next is i1 with 3.00"
        );
        assert_eq!(
            told(cheapest, two(0.0, 0.0), Algorithm::LeastConnections),
            "Least connections: 0 as i1, and picked longer ago"
        );
        let drawn = PickBasis::Drawn { first: 1, second: Some(0) };
        assert_eq!(
            told(drawn, two(1_000.0, 2_500.4), Algorithm::Ewma),
            "Peak EWMA: drawn i1 (2500) and i0 (1000), the lower one"
        );
        let turn = PickBasis::Turn {
            start: 4,
            let_pass: vec![2],
        };
        assert_eq!(
            told(turn, two(0.0, 0.0), Algorithm::RoundRobin),
            "Round robin: its turn, of 2 that take requests; 1 let theirs pass, they come back slowly"
        );
        let fallback = PickBasis::Cheapest { fallback: true };
        assert!(told(fallback, two(0.0, 1.0), Algorithm::ResourceBased).starts_with("requests in flight, for want of load reports: 0,"));
    }
}
