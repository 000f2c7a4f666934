//! A hold as asked for: what, and for how many minutes.

use model::{
    InvalidValue,
    scaling::{Hold, HoldKind},
};

/// Longest hold that can be asked for: 30 days.
pub const MINUTES_MAX: u32 = 30 * 24 * 60;

/// `to`: `pin` with `replicas`, `pause`, `pause_scale_out`, `pause_scale_in`; `none` lets go.
///
/// # Errors
/// The field that is wrong.
pub fn hold_of(to: &str, replicas: Option<u32>, minutes: Option<u32>, now_ms: i64) -> Result<Option<Hold>, InvalidValue> {
    let kind = match to {
        "none" => return Ok(None),
        "pause" => HoldKind::Pause,
        "pause_scale_out" => HoldKind::PauseScaleOut,
        "pause_scale_in" => HoldKind::PauseScaleIn,
        "pin" => HoldKind::Pin {
            replicas: replicas.ok_or_else(|| InvalidValue::new("replicas", "say how many"))?,
        },
        _ => {
            return Err(InvalidValue::new(
                "to",
                "allowed: pin, pause, pause_scale_out, pause_scale_in, none",
            ));
        }
    };
    let minutes = minutes.unwrap_or(0);
    InvalidValue::within("minutes", minutes, 1, MINUTES_MAX, ": every hold ends by itself")?;
    let until_ms = now_ms.saturating_add(i64::from(minutes) * 60_000);
    Ok(Some(Hold { kind, until_ms }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_has_an_end() {
        let pin = hold_of("pin", Some(5), Some(1), 1_000).unwrap().unwrap();
        assert_eq!((pin.kind, pin.until_ms), (HoldKind::Pin { replicas: 5 }, 61_000));
        assert_eq!(hold_of("none", None, None, 0), Ok(None));
        let field = |to, replicas, minutes| hold_of(to, replicas, minutes, 0).unwrap_err().field;
        assert_eq!(field("pause", None, None), "minutes");
        assert_eq!(field("pause", None, Some(MINUTES_MAX + 1)), "minutes");
        assert_eq!(field("pin", None, Some(1)), "replicas");
        assert_eq!(field("forever", None, Some(1)), "to");
    }
}
