use model::scaling::{
    MetricSource, MetricSpec, MetricTarget, ScalingAlgorithm, ScalingPolicy, ScalingPreset, ThresholdRules, WeightedRules,
};

use super::{
    Fields,
    fields::remove_slot,
    policy::{fields_of, parse, policy_of},
};

fn policies() -> Vec<ScalingPolicy> {
    let mut all: Vec<_> = ScalingPreset::ALL.into_iter().map(ScalingPreset::policy).collect();
    let like = |algorithm| ScalingPolicy {
        algorithm,
        ..ScalingPolicy::hpa(2, 10, Vec::new())
    };
    all.push(like(ScalingAlgorithm::Threshold(ThresholdRules::default())));
    all.push(like(ScalingAlgorithm::Weighted(WeightedRules::default())));
    all.push(ScalingPolicy {
        behavior: None,
        ..ScalingPolicy::hpa(
            0,
            10_000,
            vec![
                MetricSpec {
                    source: MetricSource::Object {
                        described_object: "ingress/main".to_owned(),
                        metric: "requests".to_owned(),
                    },
                    target: MetricTarget::Value { value_milli: 12_345 },
                },
                MetricSpec {
                    source: MetricSource::ContainerResource {
                        name: "cpu".to_owned(),
                        container: "app".to_owned(),
                    },
                    target: MetricTarget::Utilization { average_utilization: 1 },
                },
            ],
        )
    });
    all
}

#[test]
fn every_policy_can_be_typed_and_means_the_same() {
    for policy in policies() {
        assert_eq!(parse(&fields_of(&policy)), Ok(policy));
    }
}

#[test]
fn what_is_wrong_is_told_under_its_field() {
    let production = fields_of(&ScalingPreset::Production.policy());
    let wrong = |key: &str, text: &str| {
        let mut fields = production.clone();
        fields.insert(key.to_owned(), text.to_owned());
        parse(&fields).unwrap_err()
    };
    for (key, text, reason) in [
        ("min_replicas", "many", "type a whole number"),
        ("min_replicas", "21", "21 is not between 0 and 20, which is max_replicas"),
        ("max_replicas", "99999", "99999 is not between 1 and 10000"),
        ("metrics.1.target", "0", "0 is not between 1 and 10000"),
        ("metrics.3.name", "", "a name has 1 to 253 characters and no control characters"),
        ("metrics.3.target_type", "utilization", "this source knows only [AverageValue]"),
        ("tolerance.scale_up", "ten", "type a number with at most 4 digits after the point"),
        (
            "behavior.scale_down.stabilization_window_s",
            "3601",
            "3601 is not between 0 and 3600 s",
        ),
        ("behavior.scale_up.policies.1.value", "0", "0 is not between 1 and 100000"),
        ("algorithm", "magic", "allowed: hpa, threshold, weighted"),
    ] {
        let errors = wrong(key, text);
        let key = if key == "metrics.3.target_type" { "metrics.3.target" } else { key };
        assert_eq!(errors.get(key).map(String::as_str), Some(reason), "{key} {errors:?}");
    }
}

#[test]
fn a_mistake_keeps_its_slot_when_others_are_gone() {
    let mut fields = fields_of(&ScalingPreset::Production.policy());
    remove_slot(&mut fields, "metrics", 0);
    remove_slot(&mut fields, "metrics", 2);
    fields.insert("metrics.3.target".to_owned(), "0".to_owned());
    let errors = parse(&fields).unwrap_err();
    assert!(errors.contains_key("metrics.3.target"), "{errors:?}");

    let threshold = ScalingPolicy {
        algorithm: ScalingAlgorithm::Threshold(ThresholdRules::default()),
        ..ScalingPolicy::hpa(2, 10, Vec::new())
    };
    let mut fields = fields_of(&threshold);
    remove_slot(&mut fields, "threshold", 0);
    fields.insert("threshold.1.down".to_owned(), "90".to_owned());
    let errors = parse(&fields).unwrap_err();
    assert!(errors["threshold.1.down"].contains("below up_milli"), "{errors:?}");
}

#[test]
fn an_empty_slot_is_no_metric_and_only_the_chosen_algorithm_is_read() {
    let mut fields = fields_of(&ScalingPreset::Balanced.policy());
    for (name, text) in [("type", "resource"), ("name", ""), ("target_type", "utilization"), ("target", "")] {
        fields.insert(format!("metrics.7.{name}"), text.to_owned());
    }
    fields.insert("weighted.0.up".to_owned(), "not read".to_owned());
    assert_eq!(parse(&fields), Ok(ScalingPreset::Balanced.policy()));
    assert_eq!(policy_of(&Fields::new()).unwrap_err().field, "algorithm");
}
