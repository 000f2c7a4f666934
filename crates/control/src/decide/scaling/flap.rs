//! Finds flapping in what happened, and in what is about to be saved.

use std::collections::BTreeMap;

use model::scaling::{
    ChangeLimit, ChangeLimitType, FlapCause, FlapReason, FlapStep, FlapWarning, Flapping, Overlap, ScalingAlgorithm, ScalingPolicy,
    SelectPolicy,
};

/// A change this soon after an opposite one turns it back.
const REVERSAL_MS: i64 = 900_000;
/// One turn is what autoscaling is for; two are a pattern.
const REVERSALS_MIN: u32 = 2;
/// Most stretches that are told of.
const FLAPPINGS_MAX: usize = 50;
/// Two thresholds must stay apart by so much after a step: readings are never still.
const APART_PERCENT: i128 = 5;
/// The same for a target with its tolerance, in millionths.
const APART_PPM: i64 = 10_000;
const PPM: i64 = 1_000_000;

/// Where changes turned each other back, oldest first, with what is likely to be the cause under this policy. Steps are taken in the order
/// of their time; the latest 50 stretches are kept.
pub fn flappings(policy: &ScalingPolicy, steps: &[FlapStep]) -> Vec<Flapping> {
    let mut steps: Vec<&FlapStep> = steps.iter().filter(|step| step.from != step.to).collect();
    steps.sort_by_key(|step| step.at_ms);
    let is_near = |a: &&FlapStep, b: &&FlapStep| b.at_ms.saturating_sub(a.at_ms) <= REVERSAL_MS;
    let mut found: Vec<_> = steps.chunk_by(is_near).filter_map(|steps| flapping(policy, steps)).collect();
    found.drain(..found.len().saturating_sub(FLAPPINGS_MAX));
    found
}

/// One stretch of changes that follow each other closely.
fn flapping(policy: &ScalingPolicy, steps: &[&FlapStep]) -> Option<Flapping> {
    let is_up = |step: &FlapStep| step.to > step.from;
    let turns = steps.windows(2).filter(|pair| is_up(pair[0]) != is_up(pair[1]));
    let reversals = u32::try_from(turns.count()).unwrap_or(u32::MAX);
    if reversals < REVERSALS_MIN {
        return None;
    }
    let (first, last) = (steps.first()?, steps.last()?);
    // A wave has two turns.
    let wave_ms = (last.at_ms - first.at_ms) * 2 / i64::from(reversals);
    let wave_s = u32::try_from(wave_ms / 1_000).unwrap_or(u32::MAX);
    let replicas = || steps.iter().flat_map(|step| [step.from, step.to]);
    Some(Flapping {
        from_ms: first.at_ms,
        to_ms: last.at_ms,
        reversals,
        wave_s,
        between: (replicas().min()?, replicas().max()?),
        cause: cause(policy, steps, wave_s),
    })
}

fn cause(policy: &ScalingPolicy, steps: &[&FlapStep], wave_s: u32) -> FlapCause {
    let mut leading: BTreeMap<&str, usize> = BTreeMap::new();
    for name in steps.iter().filter_map(|step| step.leading.as_deref()) {
        *leading.entry(name).or_default() += 1;
    }
    let Some(signal) = leading.iter().max_by_key(|(_, count)| **count).map(|(name, _)| (*name).to_owned()) else {
        return FlapCause::NotMetrics;
    };
    // The thresholds as they are with the replicas that were there.
    let highest = steps.iter().map(|step| step.from.max(step.to)).max().unwrap_or_default();
    for (_, overlap) in overlaps(policy, highest) {
        let (Overlap::Removing { signal: of, .. } | Overlap::Adding { signal: of, .. }) = &overlap;
        if *of == signal {
            return FlapCause::Thresholds(overlap);
        }
    }
    let window_s = down_window_s(policy);
    if window_s < wave_s
        && policy
            .behavior
            .as_ref()
            .is_none_or(|behavior| is_free(&behavior.scale_down.policies))
    {
        FlapCause::Window { window_s, wave_s, signal }
    } else {
        FlapCause::Demand { signal, wave_s, window_s }
    }
}

/// Whether some limit lets more than one instance go within a minute.
fn is_free(limits: &[ChangeLimit]) -> bool {
    limits.iter().any(|limit| limit.value > 1 && limit.period_s <= 60)
}

/// Settings of this policy that will make the replicas flap, where decisions are so far apart and an instance takes so long to start. None
/// where nothing can change at all.
pub fn warnings(policy: &ScalingPolicy, sync_period_s: u32, start_delay_s: u32) -> Vec<FlapWarning> {
    if policy.min_replicas >= policy.max_replicas {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    for (field, overlap) in overlaps(policy, policy.max_replicas) {
        let instead = instead(&overlap);
        warnings.push(FlapWarning {
            field,
            why: FlapReason::Thresholds(overlap),
            instead,
        });
    }
    warnings.extend(no_tolerance(policy));
    warnings.extend(window(policy, sync_period_s, start_delay_s));
    warnings.extend(all_at_once(policy));
    warnings
}

/// Pairs of thresholds that one step jumps across: at the fewest replicas there can be, where a step is largest, with never more than
/// `at_most`.
fn overlaps(policy: &ScalingPolicy, at_most: u32) -> Vec<(String, Overlap)> {
    // Name, upper and lower threshold, votes; a signal without an upper one turns nothing back.
    let (pairs, step_up, step_down, enough): (Vec<(&str, i64, i64, u32)>, _, _, u32) = match &policy.algorithm {
        ScalingAlgorithm::Hpa { .. } => return Vec::new(),
        ScalingAlgorithm::Threshold(rules) => {
            let pairs = rules.signals.iter().map(|signal| {
                let votes = u32::from(signal.up_milli.is_some());
                (signal.name.as_str(), signal.up_milli.unwrap_or_default(), signal.down_milli, votes)
            });
            (pairs.collect(), rules.step_up, rules.step_down, 1)
        }
        ScalingAlgorithm::Weighted(rules) => {
            let all: u32 = rules.signals.iter().map(|signal| signal.weight).sum();
            let pairs = rules
                .signals
                .iter()
                .map(|signal| (signal.name.as_str(), signal.up_milli, signal.down_milli, signal.weight));
            let enough = (u64::from(all) * u64::from(rules.quorum_percent)).div_ceil(100);
            (
                pairs.collect(),
                rules.step_up,
                rules.step_down,
                u32::try_from(enough).unwrap_or(u32::MAX),
            )
        }
    };
    let (min, max) = (policy.min_replicas.max(1), policy.max_replicas);
    let max = max.min(at_most);
    let mut found = Vec::new();
    let mut weight = 0_u32;
    for (n, (name, up_milli, down_milli, votes)) in pairs.iter().enumerate().filter(|(_, pair)| pair.3 > 0) {
        let overlap =
            removing(name, *up_milli, *down_milli, step_down, min, max).or_else(|| adding(name, *up_milli, *down_milli, step_up, min, max));
        if let Some(overlap) = overlap {
            weight = weight.saturating_add(*votes);
            found.push((format!("signals[{n}]"), overlap));
        }
    }
    // Signals without a quorum among them cannot turn anything back.
    if weight < enough {
        found.clear();
    }
    found
}

/// What the signal reads after a step down, when it was at the lower threshold: the demand of `replicas` on fewer of them.
fn removing(signal: &str, up_milli: i64, down_milli: i64, step: u32, min: u32, max: u32) -> Option<Overlap> {
    let replicas = min.saturating_add(step).min(max);
    let step = replicas.saturating_sub(min);
    let left = replicas - step;
    let reads = i128::from(down_milli) * i128::from(replicas) / i128::from(left.max(1));
    (step > 0 && reads * (100 + APART_PERCENT) > i128::from(up_milli) * 100).then(|| Overlap::Removing {
        signal: signal.to_owned(),
        up_milli,
        down_milli,
        step,
        replicas,
        reads_milli: i64::try_from(reads).unwrap_or(i64::MAX),
    })
}

/// The same after a step up, when it was at the upper threshold.
fn adding(signal: &str, up_milli: i64, down_milli: i64, step: u32, min: u32, max: u32) -> Option<Overlap> {
    let step = step.min(max.saturating_sub(min));
    let reads = i128::from(up_milli) * i128::from(min) / i128::from(min + step).max(1);
    (step > 0 && reads * 100 < i128::from(down_milli) * (100 + APART_PERCENT)).then(|| Overlap::Adding {
        signal: signal.to_owned(),
        up_milli,
        down_milli,
        step,
        replicas: min,
        reads_milli: i64::try_from(reads).unwrap_or(i64::MAX),
    })
}

fn instead(overlap: &Overlap) -> String {
    let whole = |milli: i128| milli / 1_000;
    match overlap {
        Overlap::Removing {
            up_milli, step, replicas, ..
        } => {
            let left = i128::from(replicas - step);
            let down = i128::from(*up_milli) * 100 * left / (i128::from(*replicas) * (100 + APART_PERCENT));
            format!(
                "a lower threshold of at most {}, or a min_replicas at which one step is a smaller part",
                whole(down)
            )
        }
        Overlap::Adding {
            up_milli, step, replicas, ..
        } => {
            let all = i128::from(*replicas) + i128::from(*step);
            let down = i128::from(*up_milli) * 100 * i128::from(*replicas) / (all * (100 + APART_PERCENT));
            format!("a lower threshold of at most {}, or a smaller step_up", whole(down))
        }
    }
}

/// How much further the demand must be for one more than for one less, at the fewest replicas, beside itself: millionths.
///
/// From `n`, one more is asked for above `n (1 + up)`; from `n + 1`, one less at `n`, but not before `(n + 1) (1 - down)`.
pub(super) fn apart_ppm(policy: &ScalingPolicy) -> i64 {
    let n = i64::from(policy.min_replicas.max(1));
    let up = PPM + i64::from(policy.tolerance.scale_up_ppm);
    let down = (PPM - i64::from(policy.tolerance.scale_down_ppm)).max(1);
    let by_tolerance = i128::from(n) * i128::from(up) * i128::from(PPM) / (i128::from(n + 1) * i128::from(down));
    up.max(i64::try_from(by_tolerance).unwrap_or(i64::MAX)) - PPM
}

fn no_tolerance(policy: &ScalingPolicy) -> Option<FlapWarning> {
    let is_hpa = matches!(policy.algorithm, ScalingAlgorithm::Hpa { .. });
    (is_hpa && apart_ppm(policy) < APART_PPM).then(|| FlapWarning {
        field: "tolerance.scale_up_ppm".to_owned(),
        why: FlapReason::NoTolerance {
            replicas: policy.min_replicas.max(1),
        },
        instead: "Kubernetes' own tolerance of 100000 ppm, which is 10 %".to_owned(),
    })
}

fn down_window_s(policy: &ScalingPolicy) -> u32 {
    let behavior = policy.behavior.as_ref();
    behavior.map_or(policy.downscale_stabilization_s, |behavior| {
        behavior.scale_down.stabilization_window_s
    })
}

fn window(policy: &ScalingPolicy, sync_period_s: u32, start_delay_s: u32) -> Option<FlapWarning> {
    let rules = &policy.behavior.as_ref()?.scale_down;
    let window_s = rules.stabilization_window_s;
    let why = if rules.select_policy == SelectPolicy::Disabled {
        return None;
    } else if window_s < sync_period_s.saturating_mul(2) {
        FlapReason::WindowBelowSync { window_s, sync_period_s }
    } else if window_s < start_delay_s {
        FlapReason::WindowBelowStart { window_s, start_delay_s }
    } else {
        return None;
    };
    Some(FlapWarning {
        field: "behavior.scale_down.stabilization_window_s".to_owned(),
        why,
        instead: format!("at least {} s", start_delay_s.max(sync_period_s.saturating_mul(2))),
    })
}

fn all_at_once(policy: &ScalingPolicy) -> Option<FlapWarning> {
    let rules = &policy.behavior.as_ref()?.scale_down;
    let is_all = |limit: &ChangeLimit| match limit.kind {
        ChangeLimitType::Percent => limit.value >= 100,
        ChangeLimitType::Pods => limit.value >= policy.max_replicas - policy.min_replicas,
    };
    let mut limits = rules.policies.iter();
    let at = match rules.select_policy {
        SelectPolicy::Max => limits.position(is_all),
        SelectPolicy::Min => limits.all(is_all).then_some(0),
        SelectPolicy::Disabled => None,
    };
    at.filter(|_| rules.stabilization_window_s == 0).map(|n| FlapWarning {
        field: format!("behavior.scale_down.policies[{n}]"),
        why: FlapReason::AllAtOnce,
        instead: "a limit of 50 % in 60 s, or a stabilization_window_s of 300 s".to_owned(),
    })
}
