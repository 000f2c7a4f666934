//! `[retention]`: how long what grows is kept. The clean-up removes the rest, every night at three and on demand.

use model::{Retention, SampleRetention};
use serde::{Deserialize, Serialize};

use super::{Key, error::BadValue};

pub(super) const KEYS: &[Key] = &[
    Key::new("retention.events_d", "1 to 3650 days"),
    Key::new("retention.audit_d", "30 to 3650 days"),
    Key::new("retention.decisions_d", "1 to 3650 days"),
    Key::new("retention.scaling_events_d", "1 to 3650 days"),
    Key::new("retention.samples_1s_h", "1 to 168 hours"),
    Key::new("retention.samples_10s_h", "1 to 2160 hours"),
    Key::new("retention.samples_1min_d", "1 to 400 days"),
    Key::new("retention.samples_15min_d", "1 to 3650 days"),
];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetentionSettings {
    pub events_d: u32,
    /// Who changed what. Not less than a month: it is what one looks at afterwards.
    pub audit_d: u32,
    /// The ledger of scaling decisions, also those that did nothing.
    pub decisions_d: u32,
    pub scaling_events_d: u32,
    pub samples_1s_h: u32,
    pub samples_10s_h: u32,
    pub samples_1min_d: u32,
    pub samples_15min_d: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        let Retention {
            events_d,
            audit_d,
            decisions_d,
            scaling_events_d,
            samples,
        } = Retention::default();
        Self {
            events_d,
            audit_d,
            decisions_d,
            scaling_events_d,
            samples_1s_h: samples.second_h,
            samples_10s_h: samples.ten_seconds_h,
            samples_1min_d: samples.minute_d,
            samples_15min_d: samples.quarter_hour_d,
        }
    }
}

impl RetentionSettings {
    pub(super) fn check(&self) -> Result<(), BadValue> {
        BadValue::within("retention.events_d", self.events_d, 1..=3_650)?;
        BadValue::within("retention.audit_d", self.audit_d, 30..=3_650)?;
        BadValue::within("retention.decisions_d", self.decisions_d, 1..=3_650)?;
        BadValue::within("retention.scaling_events_d", self.scaling_events_d, 1..=3_650)?;
        BadValue::within("retention.samples_1s_h", self.samples_1s_h, 1..=168)?;
        BadValue::within("retention.samples_10s_h", self.samples_10s_h, 1..=2_160)?;
        BadValue::within("retention.samples_1min_d", self.samples_1min_d, 1..=400)?;
        BadValue::within("retention.samples_15min_d", self.samples_15min_d, 1..=3_650)?;
        let hours = [
            ("retention.samples_10s_h", self.samples_1s_h, self.samples_10s_h),
            ("retention.samples_1min_d", self.samples_10s_h, self.samples_1min_d * 24),
            ("retention.samples_15min_d", self.samples_1min_d * 24, self.samples_15min_d * 24),
        ];
        for (key, finer, coarser) in hours {
            if coarser < finer {
                return Err(BadValue::new(
                    key,
                    "is shorter than the finer resolution is kept; make it at least as long",
                ));
            }
        }
        Ok(())
    }
}

impl From<&RetentionSettings> for Retention {
    fn from(settings: &RetentionSettings) -> Self {
        Self {
            events_d: settings.events_d,
            audit_d: settings.audit_d,
            decisions_d: settings.decisions_d,
            scaling_events_d: settings.scaling_events_d,
            samples: SampleRetention {
                second_h: settings.samples_1s_h,
                ten_seconds_h: settings.samples_10s_h,
                minute_d: settings.samples_1min_d,
                quarter_hour_d: settings.samples_15min_d,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coarse_resolution_is_kept_at_least_as_long_as_a_fine_one() {
        assert!(RetentionSettings::default().check().is_ok());
        assert_eq!(Retention::from(&RetentionSettings::default()), Retention::default());
        let short = RetentionSettings {
            samples_1min_d: 1,
            samples_10s_h: 25,
            ..RetentionSettings::default()
        };
        assert_eq!(short.check().unwrap_err().key, "retention.samples_1min_d");
    }
}
