//! A load report that an instance sends, in the fields of ORCA (Open Request Cost Aggregation). Unlike the header of a check, which is read
//! for what can be understood, this one was sent to be taken: what is absurd in it is refused, so that its sender learns of it.

use std::collections::BTreeMap;

use model::{InvalidValue, LoadReport};
use serde::Deserialize;

/// Utilisation above this is a mistake of units (percent instead of shares, on a hundred cores).
const SHARE_MAX: f64 = 100.0;
const SESSIONS_MAX: f64 = 10_000_000.0;
/// Entries of `named_metrics`; a report has a handful.
const NAMED_MAX: usize = 64;

/// As sent. ORCA has more fields than are used here; those are passed over.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Report {
    pub cpu_utilization: Option<f64>,
    pub mem_utilization: Option<f64>,
    pub named_metrics: BTreeMap<String, f64>,
}

impl Report {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// # Errors
    /// [`InvalidValue`] on the field that is not a number it can be, or on `cpu_utilization` when nothing known is in it.
    pub fn read(&self, at_ms: i64) -> Result<LoadReport, InvalidValue> {
        if self.named_metrics.len() > NAMED_MAX {
            return Err(InvalidValue::new("named_metrics", format!("at most {NAMED_MAX} are taken")));
        }
        let named = |key: &str| self.named_metrics.get(key).copied();
        let sessions = within("named_metrics.active_sessions", named("active_sessions"), SESSIONS_MAX)?;
        if sessions.is_some_and(|n| n.fract() != 0.0) {
            return Err(InvalidValue::new("named_metrics.active_sessions", "must be a whole number"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and between 0 and ten million"
        )]
        let sessions = sessions.map(|n| n as u32);
        let load = LoadReport {
            at_ms,
            cpu: share("cpu_utilization", self.cpu_utilization, SHARE_MAX)?,
            memory: share("mem_utilization", self.mem_utilization, 1.0)?,
            gpu: share("named_metrics.gpu_utilization", named("gpu_utilization"), 1.0)?,
            gpu_simulated: within("named_metrics.gpu_simulated", named("gpu_simulated"), 1.0)?.is_some_and(|flag| flag > 0.0),
            sessions,
        };
        if load.cpu.is_none() && load.memory.is_none() && load.gpu.is_none() && load.sessions.is_none() {
            return Err(InvalidValue::new(
                "cpu_utilization",
                "the report holds none of cpu_utilization, mem_utilization, named_metrics.gpu_utilization and \
                 named_metrics.active_sessions",
            ));
        }
        Ok(load)
    }
}

fn share(field: &str, value: Option<f64>, max: f64) -> Result<Option<f32>, InvalidValue> {
    #[expect(clippy::cast_possible_truncation, reason = "a share needs no 64 bits")]
    let narrow = |value: f64| value as f32;
    Ok(within(field, value, max)?.map(narrow))
}

/// A NaN is in no range.
fn within(field: &str, value: Option<f64>, max: f64) -> Result<Option<f64>, InvalidValue> {
    match value {
        Some(value) if !(0.0..=max).contains(&value) => Err(InvalidValue::new(field, format!("{value} is not between 0 and {max}"))),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<LoadReport, InvalidValue> {
        serde_json::from_str::<Report>(json).unwrap().read(7)
    }

    #[test]
    fn the_fields_of_orca_are_read_and_others_passed_over() {
        let json = r#"{"cpu_utilization":1.5,"mem_utilization":0.5,"rps_fractional":3,"request_cost":{},
            "named_metrics":{"gpu_utilization":0.25,"gpu_simulated":1,"active_sessions":3,"queue":9}}"#;
        let expected = LoadReport {
            at_ms: 7,
            cpu: Some(1.5),
            memory: Some(0.5),
            gpu: Some(0.25),
            gpu_simulated: true,
            sessions: Some(3),
        };
        assert_eq!(read(json), Ok(expected));
        assert!(Report::default().is_empty());
    }

    #[test]
    fn absurd_figures_are_refused_by_name() {
        for (json, field) in [
            (r#"{"cpu_utilization":-0.1}"#, "cpu_utilization"),
            (r#"{"cpu_utilization":101}"#, "cpu_utilization"),
            (r#"{"mem_utilization":1.1}"#, "mem_utilization"),
            (
                r#"{"cpu_utilization":0.1,"named_metrics":{"gpu_utilization":55}}"#,
                "named_metrics.gpu_utilization",
            ),
            (r#"{"named_metrics":{"active_sessions":1.5}}"#, "named_metrics.active_sessions"),
            (r#"{"named_metrics":{"active_sessions":1e12}}"#, "named_metrics.active_sessions"),
            (r#"{"named_metrics":{"queue":1}}"#, "cpu_utilization"),
        ] {
            assert_eq!(read(json).unwrap_err().field, field, "{json}");
        }
        for not_json in [
            r#"{"cpu_utilization":NaN}"#,
            r#"{"cpu_utilization":1e999}"#,
            r#"{"cpu_utilization":"0.5"}"#,
        ] {
            assert!(serde_json::from_str::<Report>(not_json).is_err(), "{not_json}");
        }
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let report = Report {
                cpu_utilization: Some(value),
                ..Report::default()
            };
            assert!(report.read(0).is_err(), "{value}");
        }
        let crowd = Report {
            cpu_utilization: Some(0.5),
            named_metrics: (0..=NAMED_MAX).map(|n| (n.to_string(), 0.0)).collect(),
            ..Report::default()
        };
        assert_eq!(crowd.read(0).unwrap_err().field, "named_metrics");
    }
}
