//! `[clusters.controller]`: what a cluster's `kube-controller-manager` was started with, which no API tells. Names and values are those of
//! its flags, so that they can be copied from there.

use std::{fmt, str::FromStr};

use control::ports::cluster::ControllerSettings;
use model::scaling::Tolerance;
use serde::{Deserialize, Serialize};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("clusters[].controller.horizontal_pod_autoscaler_tolerance", "0 to 10"),
    Key::new(
        "clusters[].controller.horizontal_pod_autoscaler_sync_period",
        "whole seconds from \"1s\" to \"1h\"",
    ),
    Key::new(
        "clusters[].controller.horizontal_pod_autoscaler_downscale_stabilization",
        "whole seconds from \"0s\" to \"1h\"",
    ),
    Key::new(
        "clusters[].controller.horizontal_pod_autoscaler_cpu_initialization_period",
        "whole seconds from \"0s\" to \"24h\"",
    ),
    Key::new(
        "clusters[].controller.horizontal_pod_autoscaler_initial_readiness_delay",
        "whole seconds from \"0s\" to \"24h\"",
    ),
];

const HOUR_S: u32 = 3_600;
const DAY_S: u32 = 24 * HOUR_S;
const PPM: f64 = 1_000_000.0;

/// The defaults are those of Kubernetes 1.36.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ControllerFlags {
    /// How far a ratio may be from 1 without a change, where an HPA has no tolerance of its own.
    pub horizontal_pod_autoscaler_tolerance: f64,
    pub horizontal_pod_autoscaler_sync_period: FlagDuration,
    pub horizontal_pod_autoscaler_downscale_stabilization: FlagDuration,
    pub horizontal_pod_autoscaler_cpu_initialization_period: FlagDuration,
    pub horizontal_pod_autoscaler_initial_readiness_delay: FlagDuration,
}

impl Default for ControllerFlags {
    fn default() -> Self {
        let ControllerSettings {
            tolerance,
            sync_period_s,
            downscale_stabilization_s,
            cpu_initialization_period_s,
            initial_readiness_delay_s,
        } = ControllerSettings::default();
        Self {
            horizontal_pod_autoscaler_tolerance: f64::from(tolerance.scale_up_ppm) / PPM,
            horizontal_pod_autoscaler_sync_period: FlagDuration(sync_period_s),
            horizontal_pod_autoscaler_downscale_stabilization: FlagDuration(downscale_stabilization_s),
            horizontal_pod_autoscaler_cpu_initialization_period: FlagDuration(cpu_initialization_period_s),
            horizontal_pod_autoscaler_initial_readiness_delay: FlagDuration(initial_readiness_delay_s),
        }
    }
}

impl ControllerFlags {
    /// `at` is the path of the group.
    pub(super) fn check(&self, at: &str) -> Result<(), BadValue> {
        let key = |flag: &str| format!("{at}.horizontal_pod_autoscaler_{flag}");
        // Not a number is in no range.
        let tolerance = self.horizontal_pod_autoscaler_tolerance;
        if !(0.0..=10.0).contains(&tolerance) {
            return Err(BadValue::new(key("tolerance"), format!("{tolerance} is out of range")));
        }
        for (flag, value, allowed_s) in [
            ("sync_period", &self.horizontal_pod_autoscaler_sync_period, 1..=HOUR_S),
            (
                "downscale_stabilization",
                &self.horizontal_pod_autoscaler_downscale_stabilization,
                0..=HOUR_S,
            ),
            (
                "cpu_initialization_period",
                &self.horizontal_pod_autoscaler_cpu_initialization_period,
                0..=DAY_S,
            ),
            (
                "initial_readiness_delay",
                &self.horizontal_pod_autoscaler_initial_readiness_delay,
                0..=DAY_S,
            ),
        ] {
            if !allowed_s.contains(&value.0) {
                return Err(BadValue::new(key(flag), format!("{value} is out of range")));
            }
        }
        Ok(())
    }
}

impl From<&ControllerFlags> for ControllerSettings {
    fn from(flags: &ControllerFlags) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "at most 10, and not negative: it was checked"
        )]
        let ppm = (flags.horizontal_pod_autoscaler_tolerance * PPM).round() as u32;
        Self {
            tolerance: Tolerance {
                scale_up_ppm: ppm,
                scale_down_ppm: ppm,
            },
            sync_period_s: flags.horizontal_pod_autoscaler_sync_period.0,
            downscale_stabilization_s: flags.horizontal_pod_autoscaler_downscale_stabilization.0,
            cpu_initialization_period_s: flags.horizontal_pod_autoscaler_cpu_initialization_period.0,
            initial_readiness_delay_s: flags.horizontal_pod_autoscaler_initial_readiness_delay.0,
        }
    }
}

/// Whole seconds, written as Go writes a duration: `5m0s`, `1h30m`, `15s`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlagDuration(u32);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no duration of whole seconds such as \"5m0s\"")]
pub struct InvalidDuration(String);

impl FromStr for FlagDuration {
    type Err = InvalidDuration;

    fn from_str(text: &str) -> Result<Self, InvalidDuration> {
        let invalid = || InvalidDuration(text.chars().take(40).collect());
        let (mut rest, mut total_s) = (text, 0_u32);
        // Each unit once at most, the largest first, as Go writes it.
        for (unit, unit_s) in [('h', HOUR_S), ('m', 60), ('s', 1)] {
            let Some((number, after)) = rest.split_once(unit) else { continue };
            let number = Some(number).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
            let number: u32 = number.and_then(|n| n.parse().ok()).ok_or_else(invalid)?;
            let seconds = number.checked_mul(unit_s).and_then(|s| total_s.checked_add(s));
            (rest, total_s) = (after, seconds.ok_or_else(invalid)?);
        }
        if text.is_empty() || !rest.is_empty() {
            return Err(invalid());
        }
        Ok(Self(total_s))
    }
}

impl TryFrom<String> for FlagDuration {
    type Error = InvalidDuration;
    fn try_from(text: String) -> Result<Self, InvalidDuration> {
        text.parse()
    }
}

impl fmt::Display for FlagDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (h, m, s) = (self.0 / HOUR_S, self.0 % HOUR_S / 60, self.0 % 60);
        match (h, m) {
            (0, 0) => write!(f, "{s}s"),
            (0, _) => write!(f, "{m}m{s}s"),
            _ => write!(f, "{h}h{m}m{s}s"),
        }
    }
}

impl From<FlagDuration> for String {
    fn from(duration: FlagDuration) -> String {
        duration.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_the_flags() {
        for (text, seconds) in [
            ("0s", 0),
            ("15s", 15),
            ("5m0s", 300),
            ("5m", 300),
            ("1h30m", 5_400),
            ("24h", 86_400),
            ("90s", 90),
        ] {
            let duration: FlagDuration = text.parse().unwrap();
            assert_eq!(duration.0, seconds, "{text}");
            assert_eq!(duration.to_string().parse(), Ok(duration), "{text}");
        }
        for bad in [
            "",
            "15",
            "s",
            "1.5s",
            "15ms",
            "-15s",
            "+15s",
            "15s5m",
            "5m5m",
            "99999999999s",
            "2000000h",
            "15 s",
            "15s ",
        ] {
            assert!(bad.parse::<FlagDuration>().is_err(), "{bad:?} was accepted");
        }
    }
}
