//! What the groups of a pool's settings have in common.

use crate::InvalidValue;

/// One group of settings: checked as a whole, and told field by field.
pub trait Settings {
    /// # Errors
    /// The first field that is wrong, by its name in forms and files.
    fn validate(&self) -> Result<(), InvalidValue>;

    /// Every field in words, in a fixed order: its name and its value with unit. Two of the same type have the same names.
    fn describe(&self) -> Vec<(&'static str, String)>;
}

/// "250 ms", or "off" for 0.
pub(crate) fn ms_or_off(ms: u32) -> String {
    match ms {
        0 => "off".to_owned(),
        ms => format!("{ms} ms"),
    }
}

/// A count, or "off" for 0.
pub(crate) fn or_off(count: u32, unit: &str) -> String {
    match count {
        0 => "off".to_owned(),
        count => format!("{count}{unit}"),
    }
}
