//! An HPA in our engine's terms, with what the API server and the controller fill in
//! (`pkg/apis/autoscaling/v2/defaults.go`, `computeReplicasForMetric` of `horizontal.go`).

use model::{
    InvalidValue,
    scaling::{
        Behavior, ChangeLimit, ChangeLimitType, MetricSource, MetricSpec, MetricTarget, ScalingAlgorithm, ScalingPolicy, ScalingRules,
        SelectPolicy, Tolerance,
    },
};

use super::ControllerSettings;
use crate::ports::cluster::{HpaMetric, HpaRules, HpaSpec, MetricIdentifier, MetricTargetSpec, NamedMetric, Quantity, ResourceMetric};

/// Without metrics the API server asks for so much of the cpu requests.
const DEFAULT_CPU_PERCENT: u32 = 80;
/// A tolerance is told in thousandths, and kept in millionths.
const PPM_PER_MILLI: i64 = 1_000;

/// What the HPA says, as our engine takes it. A figure is believed at any age, as the controller does.
///
/// # Errors
/// The first field that says nothing, or something nobody knows.
pub fn policy(spec: &HpaSpec, settings: &ControllerSettings) -> Result<ScalingPolicy, InvalidValue> {
    let metrics = if spec.metrics.is_empty() {
        vec![MetricSpec::utilization("cpu", DEFAULT_CPU_PERCENT)]
    } else {
        let read = |(n, of): (usize, &HpaMetric)| metric(of, &format!("spec.metrics[{n}]"));
        spec.metrics.iter().enumerate().map(read).collect::<Result<_, _>>()?
    };
    let (up, down) = spec
        .behavior
        .as_ref()
        .map_or((None, None), |b| (b.scale_up.as_ref(), b.scale_down.as_ref()));
    let behavior = spec.behavior.as_ref().map(|_| {
        let down_default = ScalingRules {
            stabilization_window_s: settings.downscale_stabilization_s,
            ..ScalingRules::default_down()
        };
        Ok(Behavior {
            scale_up: rules(up, ScalingRules::default_up(), "spec.behavior.scaleUp")?,
            scale_down: rules(down, down_default, "spec.behavior.scaleDown")?,
        })
    });
    let tolerance = |of: Option<&HpaRules>, default_ppm: u32| of.and_then(|rules| rules.tolerance).map_or(default_ppm, ppm);
    Ok(ScalingPolicy {
        min_replicas: spec.min_replicas.unwrap_or(1),
        max_replicas: spec.max_replicas,
        algorithm: ScalingAlgorithm::Hpa { metrics },
        behavior: behavior.transpose()?,
        tolerance: Tolerance {
            scale_up_ppm: tolerance(up, settings.tolerance.scale_up_ppm),
            scale_down_ppm: tolerance(down, settings.tolerance.scale_down_ppm),
        },
        cpu_initialization_period_s: settings.cpu_initialization_period_s,
        initial_readiness_delay_s: settings.initial_readiness_delay_s,
        downscale_stabilization_s: settings.downscale_stabilization_s,
        metric_max_age_s: 0,
    })
}

/// One entry of `spec.metrics`, found at `field`.
///
/// # Errors
/// The field that says nothing, or something nobody knows.
pub fn metric(metric: &HpaMetric, field: &str) -> Result<MetricSpec, InvalidValue> {
    let absent = |part: &str| InvalidValue::new(format!("{field}.{part}"), format!("is missing, and type is {}", metric.kind));
    match &*metric.kind {
        "Resource" => {
            let of = metric.resource.as_ref().ok_or_else(|| absent("resource"))?;
            let name = of.name.to_string();
            Ok(MetricSpec {
                source: MetricSource::Resource { name },
                target: resource_target(of, &format!("{field}.resource.target"))?,
            })
        }
        "ContainerResource" => {
            let of = metric.container_resource.as_ref().ok_or_else(|| absent("containerResource"))?;
            let container = of.container.as_ref().ok_or_else(|| absent("containerResource.container"))?;
            let (name, container) = (of.name.to_string(), container.to_string());
            Ok(MetricSpec {
                source: MetricSource::ContainerResource { name, container },
                target: resource_target(of, &format!("{field}.containerResource.target"))?,
            })
        }
        "Pods" => {
            let of = metric.pods.as_ref().ok_or_else(|| absent("pods"))?;
            let average = of.target.average_value.ok_or_else(|| absent("pods.target.averageValue"))?;
            Ok(MetricSpec {
                source: MetricSource::Pods { metric: named(&of.metric) },
                target: average_value(average, &format!("{field}.pods.target"))?,
            })
        }
        "Object" => {
            let of = metric.object.as_ref().ok_or_else(|| absent("object"))?;
            let described = of.described_object.as_ref().ok_or_else(|| absent("object.describedObject"))?;
            Ok(MetricSpec {
                source: MetricSource::Object {
                    described_object: format!("{}/{}", described.kind, described.name),
                    metric: named(&of.metric),
                },
                target: whole_target(of, &format!("{field}.object.target"))?,
            })
        }
        "External" => {
            let of = metric.external.as_ref().ok_or_else(|| absent("external"))?;
            Ok(MetricSpec {
                source: MetricSource::External { metric: named(&of.metric) },
                target: whole_target(of, &format!("{field}.external.target"))?,
            })
        }
        _ => Err(InvalidValue::new(
            format!("{field}.type"),
            "allowed: Resource, ContainerResource, Pods, Object, External",
        )),
    }
}

/// `queue{q=a}`: two metrics of one name differ by their selectors.
fn named(metric: &MetricIdentifier) -> String {
    match metric.selector_text() {
        text if text.is_empty() => metric.name.to_string(),
        text => format!("{}{{{text}}}", metric.name),
    }
}

fn resource_target(of: &ResourceMetric, field: &str) -> Result<MetricTarget, InvalidValue> {
    match (&of.target.average_value, of.target.average_utilization) {
        (Some(average), _) => average_value(*average, field),
        (None, Some(average_utilization)) if average_utilization > 0 => Ok(MetricTarget::Utilization { average_utilization }),
        (None, Some(_)) => Err(InvalidValue::new(format!("{field}.averageUtilization"), "must be more than 0")),
        (None, None) => Err(neither(&of.target, field, "averageUtilization or averageValue")),
    }
}

fn whole_target(of: &NamedMetric, field: &str) -> Result<MetricTarget, InvalidValue> {
    match (of.target.average_value, of.target.value) {
        (Some(average), None) => average_value(average, field),
        // Both: the API server lets only one through, of the type that is told.
        (Some(average), Some(_)) if &*of.target.kind == "AverageValue" => average_value(average, field),
        (_, Some(value)) => Ok(MetricTarget::Value {
            value_milli: positive(value, &format!("{field}.value"))?,
        }),
        (None, None) => Err(neither(&of.target, field, "value or averageValue")),
    }
}

fn average_value(value: Quantity, field: &str) -> Result<MetricTarget, InvalidValue> {
    Ok(MetricTarget::AverageValue {
        average_value_milli: positive(value, &format!("{field}.averageValue"))?,
    })
}

/// Of nothing, every ratio would be infinite.
fn positive(value: Quantity, field: &str) -> Result<i64, InvalidValue> {
    if value.milli() > 0 {
        Ok(value.milli())
    } else {
        Err(InvalidValue::new(field.to_owned(), "must be more than 0"))
    }
}

fn neither(target: &MetricTargetSpec, field: &str, wants: &str) -> InvalidValue {
    InvalidValue::new(field.to_owned(), format!("needs {wants}, and type is {:?}", target.kind))
}

fn rules(of: Option<&HpaRules>, default: ScalingRules, field: &str) -> Result<ScalingRules, InvalidValue> {
    let Some(of) = of else { return Ok(default) };
    let select_policy = match of.select_policy.as_deref() {
        None => default.select_policy,
        Some("Max") => SelectPolicy::Max,
        Some("Min") => SelectPolicy::Min,
        Some("Disabled") => SelectPolicy::Disabled,
        Some(_) => return Err(InvalidValue::new(format!("{field}.selectPolicy"), "allowed: Max, Min, Disabled")),
    };
    let policies = match &of.policies {
        None => default.policies,
        Some(policies) if policies.is_empty() => {
            return Err(InvalidValue::new(
                format!("{field}.policies"),
                "needs at least one; to forbid this direction set selectPolicy to Disabled",
            ));
        }
        Some(policies) => {
            let limit = |(n, policy): (usize, &crate::ports::cluster::HpaPolicy)| {
                let kind = match &*policy.kind {
                    "Pods" => ChangeLimitType::Pods,
                    "Percent" => ChangeLimitType::Percent,
                    _ => return Err(InvalidValue::new(format!("{field}.policies[{n}].type"), "allowed: Pods, Percent")),
                };
                Ok(ChangeLimit {
                    kind,
                    value: policy.value,
                    period_s: policy.period_seconds,
                })
            };
            policies.iter().enumerate().map(limit).collect::<Result<_, _>>()?
        }
    };
    Ok(ScalingRules {
        stabilization_window_s: of.stabilization_window_seconds.unwrap_or(default.stabilization_window_s),
        select_policy,
        policies,
    })
}

fn ppm(tolerance: Quantity) -> u32 {
    u32::try_from(tolerance.milli().max(0).saturating_mul(PPM_PER_MILLI)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: &str) -> Result<ScalingPolicy, InvalidValue> {
        policy(&serde_json::from_str(spec).unwrap(), &ControllerSettings::default())
    }

    #[test]
    fn defaults_are_those_of_the_api_server() {
        let bare = read(r#"{"maxReplicas":5}"#).unwrap();
        assert_eq!((bare.min_replicas, bare.max_replicas, bare.behavior), (1, 5, None));
        let cpu = MetricSpec::utilization("cpu", 80);
        assert_eq!(bare.algorithm, ScalingAlgorithm::Hpa { metrics: vec![cpu] });
        assert_eq!(bare.tolerance, Tolerance::default());

        let half = read(r#"{"maxReplicas":5,"behavior":{"scaleUp":{"tolerance":"0.05"}}}"#).unwrap();
        assert_eq!(half.behavior, Some(Behavior::default()));
        assert_eq!((half.tolerance.scale_up_ppm, half.tolerance.scale_down_ppm), (50_000, 100_000));

        let settings = ControllerSettings {
            downscale_stabilization_s: 60,
            ..ControllerSettings::default()
        };
        let spec = serde_json::from_str(r#"{"maxReplicas":5,"behavior":{"scaleDown":{"selectPolicy":"Min"}}}"#).unwrap();
        let down = policy(&spec, &settings).unwrap().behavior.unwrap().scale_down;
        assert_eq!((down.stabilization_window_s, down.select_policy), (60, SelectPolicy::Min));
        assert_eq!(down.policies, [ChangeLimit::percent(100, 15)]);
    }

    #[test]
    fn every_kind_of_metric_is_read() {
        let policy = read(
            r#"{"maxReplicas":5,"metrics":[
              {"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"64Mi"}}},
              {"type":"ContainerResource","containerResource":{"name":"cpu","container":"app","target":{"type":"Utilization","averageUtilization":60}}},
              {"type":"Pods","pods":{"metric":{"name":"rps"},"target":{"type":"AverageValue","averageValue":"100"}}},
              {"type":"Object","object":{"metric":{"name":"hits"},"describedObject":{"apiVersion":"v1","kind":"Service","name":"web"},
                "target":{"type":"Value","value":"2k"}}},
              {"type":"External","external":{"metric":{"name":"queue","selector":{"matchLabels":{"q":"a"}}},
                "target":{"type":"AverageValue","averageValue":"30"}}}]}"#,
        )
        .unwrap();
        let ScalingAlgorithm::Hpa { metrics } = &policy.algorithm else {
            panic!()
        };
        let said: Vec<_> = metrics
            .iter()
            .map(|m| (m.source.to_string(), model::scaling::words::target(m)))
            .collect();
        let said: Vec<_> = said.iter().map(|(name, target)| (name.as_str(), target.as_str())).collect();
        assert_eq!(
            said,
            [
                ("memory", "67108864"),
                ("cpu of app", "60 %"),
                ("rps", "100"),
                ("hits of Service/web", "2000 in all"),
                ("queue{q=a}", "30"),
            ]
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let refused = |spec: &str| read(spec).unwrap_err().field;
        let metric = |metric: &str| refused(&format!(r#"{{"maxReplicas":5,"metrics":[{metric}]}}"#));
        assert_eq!(metric(r#"{"type":"Odd"}"#), "spec.metrics[0].type");
        assert_eq!(metric(r#"{"type":"Pods"}"#), "spec.metrics[0].pods");
        assert_eq!(
            metric(r#"{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization"}}}"#),
            "spec.metrics[0].resource.target"
        );
        assert_eq!(
            metric(r#"{"type":"External","external":{"metric":{"name":"q"},"target":{"type":"Value","value":"0"}}}"#),
            "spec.metrics[0].external.target.value"
        );
        assert_eq!(
            refused(r#"{"maxReplicas":5,"behavior":{"scaleDown":{"policies":[]}}}"#),
            "spec.behavior.scaleDown.policies"
        );
        assert_eq!(
            refused(r#"{"maxReplicas":5,"behavior":{"scaleUp":{"policies":[{"type":"Odd","value":1,"periodSeconds":1}]}}}"#),
            "spec.behavior.scaleUp.policies[0].type"
        );
    }
}
