//! How many replicas one metric asks for: the rules of Kubernetes' `replica_calculator.go` (v1.33), computed in doubles and in its order of
//! operations, so that the same figures give the same replicas to the last rounding.

use model::scaling::{MetricFailure, MetricState, PodObservation, Tolerance};

use super::{
    group::Groups,
    milli::ceil,
    usage::{Measure, Usage},
};

/// What a metric asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) replicas: u32,
    pub(super) state: MetricState,
}

fn keep(replicas: u32) -> Wanted {
    Wanted {
        replicas,
        state: MetricState::Within,
    }
}

fn change(ratio: f64, replicas: f64) -> Wanted {
    Wanted {
        replicas: ceil(replicas),
        state: if ratio < 1.0 { MetricState::Below } else { MetricState::Above },
    }
}

/// `GetResourceReplicas`, `GetRawResourceReplicas`, `GetMetricReplicas`.
pub(super) fn of_instances(
    spec_replicas: u32,
    tolerance: Tolerance,
    groups: &mut Groups<'_>,
    usage: &Usage<'_>,
) -> Result<(Measure, Wanted), MetricFailure> {
    if groups.values.is_empty() {
        return Err(MetricFailure::NoReadyPods);
    }
    let measure = usage.measure(&groups.values)?;
    let ratio = measure.ratio;
    let rebalance = !groups.unready.is_empty() && ratio > 1.0;
    if !rebalance && groups.missing.is_empty() {
        let wanted = if tolerance.covers(ratio) {
            keep(spec_replicas)
        } else {
            change(ratio, ratio * f64::from(groups.ready))
        };
        return Ok((measure, wanted));
    }
    // Whoever has no figure is taken to be against the change.
    if ratio < 1.0 {
        for &pod in &groups.missing {
            groups.values.insert(pod, usage.in_doubt(pod));
        }
    } else if ratio > 1.0 {
        for &pod in &groups.missing {
            groups.values.insert(pod, 0);
        }
    }
    if rebalance {
        for &pod in &groups.unready {
            groups.values.insert(pod, 0);
        }
    }
    let cautious = usage.measure(&groups.values)?.ratio;
    if tolerance.covers(cautious) || (ratio < 1.0 && cautious > 1.0) || (ratio > 1.0 && cautious < 1.0) {
        return Ok((measure, keep(spec_replicas)));
    }
    let wanted = change(cautious, cautious * groups.values.len() as f64);
    let turns = (cautious < 1.0 && wanted.replicas > spec_replicas) || (cautious > 1.0 && wanted.replicas < spec_replicas);
    Ok((measure, if turns { keep(spec_replicas) } else { wanted }))
}

/// `GetObjectMetricReplicas` and `GetExternalMetricReplicas`: a target for the whole.
pub(super) fn of_whole(
    spec_replicas: u32,
    tolerance: Tolerance,
    pods: &[PodObservation],
    total_milli: i64,
    target_milli: i64,
) -> Result<(Measure, Wanted), MetricFailure> {
    let ratio = total_milli as f64 / target_milli as f64;
    let measure = Measure {
        ratio,
        current: total_milli,
        total_milli,
    };
    let wanted = if spec_replicas == 0 {
        // From zero there is neither tolerance nor anybody to count.
        Wanted {
            replicas: ceil(ratio),
            state: if total_milli == 0 {
                MetricState::Within
            } else {
                MetricState::Above
            },
        }
    } else if tolerance.covers(ratio) {
        keep(spec_replicas)
    } else if pods.is_empty() {
        return Err(MetricFailure::NoPods);
    } else {
        change(ratio, ratio * pods.iter().filter(|pod| pod.is_ready()).count() as f64)
    };
    Ok((measure, wanted))
}

/// `GetObjectPerPodMetricReplicas` and `GetExternalPerPodMetricReplicas`: a target for each of those that exist.
pub(super) fn of_whole_per_instance(status_replicas: u32, tolerance: Tolerance, total_milli: i64, target_milli: i64) -> (Measure, Wanted) {
    let (total, target, exist) = (total_milli as f64, target_milli as f64, f64::from(status_replicas));
    let ratio = total / (target * exist);
    let current = if status_replicas == 0 {
        total_milli
    } else {
        // Rounded up, as Kubernetes shows it.
        let exist = i64::from(status_replicas);
        total_milli / exist + i64::from(total_milli % exist != 0)
    };
    let measure = Measure {
        ratio,
        current,
        total_milli,
    };
    if tolerance.covers(ratio) || ratio.is_nan() {
        (measure, keep(status_replicas))
    } else {
        (measure, change(ratio, total / target))
    }
}
