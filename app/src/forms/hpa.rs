//! What can be changed of an HPA, as typed: bounds, the target of each metric, and its behaviour. Pure.

use model::{
    FieldDiff,
    cluster::{HpaEdit, MetricEdit, ObjectView},
    scaling::{Behavior, MetricTarget, REPLICAS_MAX, ScalingAlgorithm, ScalingPlan, ScalingPolicy, ScalingPreset, diff},
};

use super::{
    Errors, Fields, decimal,
    fields::Reader,
    policy::{field_of_behavior, put_behavior, read_behavior},
};

/// Thousandths.
const MILLI: u32 = 3;

/// What stands in the HPA: what a form is made from, and what an edit differs from.
#[derive(Debug, Clone, PartialEq)]
pub struct HpaSettings {
    pub min_replicas: u32,
    pub max_replicas: u32,
    pub metrics: Vec<MetricSetting>,
    /// Absent: the API server's own.
    pub behavior: Option<Behavior>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct MetricSetting {
    /// Its place in `spec.metrics`.
    pub index: u32,
    /// "cpu"
    pub name: String,
    pub target: MetricTarget,
}

impl HpaSettings {
    /// Nothing for a workload without HPA.
    pub fn of(view: &ObjectView) -> Option<Self> {
        Some(Self {
            min_replicas: view.row.min_replicas?,
            max_replicas: view.row.max_replicas?,
            metrics: view
                .metrics
                .iter()
                .map(|row| MetricSetting {
                    index: row.index,
                    name: row.chip.name.clone(),
                    target: row.target,
                })
                .collect(),
            behavior: view.behavior.clone(),
        })
    }

    /// As it would be after an edit.
    #[must_use]
    pub fn after(&self, edit: &HpaEdit) -> Self {
        let metric = |setting: &MetricSetting| {
            let edited = edit.metrics.iter().find(|m| m.index == setting.index);
            let target = edited.map_or(setting.target, |m| with_target(setting.target, m.target));
            MetricSetting { target, ..setting.clone() }
        };
        Self {
            min_replicas: edit.min_replicas.unwrap_or(self.min_replicas),
            max_replicas: edit.max_replicas.unwrap_or(self.max_replicas),
            metrics: self.metrics.iter().map(metric).collect(),
            behavior: edit.behavior.clone().or_else(|| self.behavior.clone()),
        }
    }

    /// A policy that has read the HPA, with these settings in it.
    #[must_use]
    pub fn put_into(&self, policy: &ScalingPolicy) -> ScalingPolicy {
        let mut policy = policy.clone();
        (policy.min_replicas, policy.max_replicas) = (self.min_replicas, self.max_replicas);
        policy.behavior.clone_from(&self.behavior);
        if let ScalingAlgorithm::Hpa { metrics } = &mut policy.algorithm {
            for setting in &self.metrics {
                let spec = usize::try_from(setting.index).ok().and_then(|n| metrics.get_mut(n));
                if let Some(spec) = spec {
                    spec.target = setting.target;
                }
            }
        }
        policy
    }

    /// What differs, in words; what the API server makes of it is its own to say.
    pub fn diff(&self, after: &Self) -> Vec<FieldDiff> {
        let mut all = diff(&self.plan(), &after.plan());
        let targets = self.metrics.iter().zip(&after.metrics).filter(|(a, b)| a.target != b.target);
        all.extend(targets.map(|(a, b)| FieldDiff {
            field: format!("target {}", a.name),
            before: target_words(a.target),
            after: target_words(b.target),
        }));
        all
    }

    /// Bounds and behaviour as those of a plan, which has words for them. Its metrics are not those of the HPA.
    fn plan(&self) -> ScalingPlan {
        let bounds = Self {
            metrics: Vec::new(),
            ..self.clone()
        };
        ScalingPlan::new(bounds.put_into(&ScalingPreset::Balanced.policy()))
    }
}

fn number(target: MetricTarget) -> i64 {
    match target {
        MetricTarget::Utilization { average_utilization } => average_utilization.into(),
        MetricTarget::AverageValue {
            average_value_milli: milli,
        }
        | MetricTarget::Value { value_milli: milli } => milli,
    }
}

fn with_target(target: MetricTarget, number: i64) -> MetricTarget {
    match target {
        MetricTarget::Utilization { average_utilization } => MetricTarget::Utilization {
            average_utilization: u32::try_from(number).unwrap_or(average_utilization),
        },
        MetricTarget::AverageValue { .. } => MetricTarget::AverageValue {
            average_value_milli: number,
        },
        MetricTarget::Value { .. } => MetricTarget::Value { value_milli: number },
    }
}

fn text(target: MetricTarget) -> String {
    match target {
        MetricTarget::Utilization { average_utilization } => average_utilization.to_string(),
        other => decimal::text(number(other), MILLI),
    }
}

fn target_words(target: MetricTarget) -> String {
    format!("{} {}", text(target), unit(target))
}

/// What stands behind the field.
pub const fn unit(target: MetricTarget) -> &'static str {
    match target {
        MetricTarget::Utilization { .. } => "% of the request",
        MetricTarget::AverageValue { .. } => "per pod",
        MetricTarget::Value { .. } => "in all",
    }
}

/// The HPA as it would be typed.
pub fn fields_of(settings: &HpaSettings) -> Fields {
    let mut fields = Fields::new();
    let f = &mut fields;
    f.insert("min_replicas".to_owned(), settings.min_replicas.to_string());
    f.insert("max_replicas".to_owned(), settings.max_replicas.to_string());
    for metric in &settings.metrics {
        f.insert(format!("metrics.{}.target", metric.index), text(metric.target));
    }
    let has_own = if settings.behavior.is_some() { "own" } else { "none" };
    f.insert("behavior".to_owned(), has_own.to_owned());
    put_behavior(f, &settings.behavior.clone().unwrap_or_default());
    fields
}

/// What is typed and differs from `settings`, or what is wrong with each field that is.
///
/// # Errors
/// By field.
pub fn edit_of(fields: &Fields, settings: &HpaSettings) -> Result<HpaEdit, Errors> {
    let mut reader = Reader::new(fields);
    let r = &mut reader;
    let (min, max) = (r.whole("min_replicas"), r.whole("max_replicas"));
    let mut metrics = Vec::new();
    for metric in &settings.metrics {
        let key = format!("metrics.{}.target", metric.index);
        let target = match metric.target {
            MetricTarget::Utilization { .. } => r.whole(&key).into(),
            _ => r.decimal(&key, MILLI),
        };
        if target == 0 && !r.errors.contains_key(&key) {
            r.errors.insert(key, "must be more than 0".to_owned());
        } else if target != number(metric.target) {
            metrics.push(MetricEdit {
                index: metric.index,
                target,
            });
        }
    }
    let behavior = match r.choice("behavior", &[("own", true), ("none", false)]) {
        Some(true) => Some(read_behavior(r)),
        _ => None,
    };
    let mut errors = reader.errors;
    if errors.is_empty() {
        if !(1..=REPLICAS_MAX).contains(&max) {
            errors.insert("max_replicas".to_owned(), format!("{max} is not between 1 and {REPLICAS_MAX}"));
        } else if min > max {
            errors.insert(
                "min_replicas".to_owned(),
                format!("{min} is not between 0 and {max}, which is the maximum"),
            );
        }
        if let Some((behavior, limits)) = &behavior
            && let Err(invalid) = behavior.validate()
        {
            let field = field_of_behavior(&invalid.field, limits).unwrap_or(invalid.field);
            errors.insert(field, invalid.reason);
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(HpaEdit {
        min_replicas: (min != settings.min_replicas).then_some(min),
        max_replicas: (max != settings.max_replicas).then_some(max),
        metrics,
        behavior: behavior.map(|b| b.0).filter(|b| Some(b) != settings.behavior.as_ref()),
    })
}

/// How many replicas, as typed.
///
/// # Errors
/// What to type instead.
pub fn replicas_of(text: &str) -> Result<u32, String> {
    match text.trim().parse() {
        Ok(n) if n <= REPLICAS_MAX => Ok(n),
        _ => Err(format!("type a whole number from 0 to {REPLICAS_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use model::scaling::MetricSpec;

    use super::*;

    fn settings() -> HpaSettings {
        let metric = |index, name: &str, target| MetricSetting {
            index,
            name: name.to_owned(),
            target,
        };
        HpaSettings {
            min_replicas: 2,
            max_replicas: 10,
            metrics: vec![
                metric(0, "cpu", MetricTarget::Utilization { average_utilization: 70 }),
                metric(
                    2,
                    "requests",
                    MetricTarget::AverageValue {
                        average_value_milli: 12_500,
                    },
                ),
            ],
            behavior: None,
        }
    }

    fn typed(changes: &[(&str, &str)]) -> Result<HpaEdit, Errors> {
        let mut fields = fields_of(&settings());
        fields.extend(changes.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())));
        edit_of(&fields, &settings())
    }

    #[test]
    fn what_is_not_touched_is_not_sent() {
        assert_eq!(typed(&[]).unwrap(), HpaEdit::default());
        let edit = typed(&[("max_replicas", " 12 "), ("metrics.2.target", "20.25")]).unwrap();
        assert_eq!((edit.min_replicas, edit.max_replicas), (None, Some(12)));
        assert_eq!(edit.metrics, [MetricEdit { index: 2, target: 20_250 }]);
        assert_eq!(edit.behavior, None);
    }

    #[test]
    fn a_behaviour_is_sent_when_it_is_new_or_differs() {
        let edit = typed(&[("behavior", "own")]).unwrap();
        assert_eq!(edit.behavior, Some(Behavior::default()));
        let own = HpaSettings {
            behavior: Some(Behavior::default()),
            ..settings()
        };
        let mut fields = fields_of(&own);
        assert_eq!(edit_of(&fields, &own).unwrap().behavior, None);
        fields.insert("behavior.scale_down.stabilization_window_s".to_owned(), "60".to_owned());
        let edit = edit_of(&fields, &own).unwrap();
        assert_eq!(edit.behavior.unwrap().scale_down.stabilization_window_s, 60);
    }

    #[test]
    fn what_is_typed_becomes_the_policy_that_is_replayed() {
        let queue = MetricSpec::per_pod("queue", 3_000);
        let own = ScalingPolicy::hpa(
            2,
            10,
            vec![
                MetricSpec::utilization("cpu", 70),
                queue.clone(),
                MetricSpec::per_pod("requests", 12_500),
            ],
        );
        let edit = typed(&[("max_replicas", "12"), ("metrics.0.target", "50"), ("metrics.2.target", "20")]).unwrap();
        let policy = settings().after(&edit).put_into(&own);
        let metrics = vec![MetricSpec::utilization("cpu", 50), queue, MetricSpec::per_pod("requests", 20_000)];
        assert_eq!(policy.algorithm, ScalingAlgorithm::Hpa { metrics });
        assert_eq!((policy.min_replicas, policy.max_replicas, policy.behavior), (2, 12, None));
        assert_eq!(policy.tolerance, own.tolerance, "what the form does not have stays");
    }

    #[test]
    fn a_mistake_stands_under_its_field() {
        for (key, text, field) in [
            ("min_replicas", "11", "min_replicas"),
            ("min_replicas", "-1", "min_replicas"),
            ("max_replicas", "0", "max_replicas"),
            ("max_replicas", "99999999999", "max_replicas"),
            ("metrics.0.target", "seventy", "metrics.0.target"),
            ("metrics.0.target", "0", "metrics.0.target"),
            ("metrics.2.target", "1.23456", "metrics.2.target"),
            ("behavior", "<b>", "behavior"),
        ] {
            let errors = typed(&[(key, text)]).unwrap_err();
            assert!(errors.contains_key(field), "{key}={text}: {errors:?}");
        }
        let errors = typed(&[("behavior", "own"), ("behavior.scale_up.policies.0.value", "0")]).unwrap_err();
        assert_eq!(errors.keys().collect::<Vec<_>>(), ["behavior.scale_up.policies.0.value"]);
    }

    #[test]
    fn the_difference_is_told_before_anybody_is_asked() {
        let before = settings();
        let edit = typed(&[("max_replicas", "12"), ("metrics.0.target", "80")]).unwrap();
        let words: Vec<_> = before
            .diff(&before.after(&edit))
            .into_iter()
            .map(|d| (d.field, d.before, d.after))
            .collect();
        assert_eq!(
            words,
            [
                ("max replicas".to_owned(), "10".to_owned(), "12".to_owned()),
                (
                    "target cpu".to_owned(),
                    "70 % of the request".to_owned(),
                    "80 % of the request".to_owned()
                ),
            ]
        );
    }

    #[test]
    fn replicas_are_a_number_within_reason() {
        assert_eq!((replicas_of(" 0 "), replicas_of("7")), (Ok(0), Ok(7)));
        for bad in ["", "-1", "many", "1e3", "4294967295"] {
            assert!(replicas_of(bad).is_err(), "{bad}");
        }
    }
}
