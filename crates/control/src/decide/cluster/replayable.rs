//! What of an HPA can be replayed: a demand is told in per cent of the requests, and an HPA may ask for cores and bytes.

use model::{
    InvalidValue,
    scaling::{MetricSpec, MetricTarget, ScalingAlgorithm, ScalingPolicy},
};

/// Signals of a demand that are in per cent of what an instance requests.
const IN_PERCENT: [&str; 3] = ["cpu", "memory", "gpu"];

/// Whether the demand is told in what the metric is measured in. A metric of one's own that only has the name of such a signal is none.
fn is_comparable(spec: &MetricSpec) -> bool {
    !IN_PERCENT.contains(&spec.source.signal()) || matches!(spec.target, MetricTarget::Utilization { .. })
}

/// Takes out of the policy what cannot be compared with a demand, and names it.
///
/// # Errors
/// When nothing is left.
pub fn replayable(policy: &mut ScalingPolicy) -> Result<Vec<String>, InvalidValue> {
    let ScalingAlgorithm::Hpa { metrics } = &mut policy.algorithm else {
        return Ok(Vec::new());
    };
    if !metrics.is_empty() && !metrics.iter().any(is_comparable) {
        let why = "can be replayed where one of them has a target in per cent of the request: a demand says nothing of cores and bytes";
        return Err(InvalidValue::new("metrics", why));
    }
    let taken = metrics.extract_if(.., |spec| !is_comparable(spec));
    Ok(taken.map(|spec| spec.source.to_string()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::scaling::MetricSource;

    #[test]
    fn only_what_is_measured_as_the_demand_is_told_is_replayed() {
        let cores = MetricTarget::AverageValue { average_value_milli: 500 };
        let of = |source, target| MetricSpec { source, target };
        let resource = |name: &str| MetricSource::Resource { name: name.to_owned() };
        let pods = |metric: &str| MetricSource::Pods { metric: metric.to_owned() };
        let cpu = MetricSpec::utilization("cpu", 70);
        let mut policy = ScalingPolicy::hpa(
            1,
            5,
            vec![
                of(resource("memory"), cores),
                cpu.clone(),
                of(pods("cpu"), cores),
                of(pods("queue"), cores),
            ],
        );
        assert_eq!(replayable(&mut policy).unwrap(), ["memory", "cpu"]);
        let left = ScalingAlgorithm::Hpa {
            metrics: vec![cpu, of(pods("queue"), cores)],
        };
        assert_eq!(policy.algorithm, left);
        let mut none = ScalingPolicy::hpa(1, 5, vec![of(resource("cpu"), cores)]);
        assert_eq!(replayable(&mut none).unwrap_err().field, "metrics");
    }
}
