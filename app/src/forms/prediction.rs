//! A prediction as typed.

use model::{
    InvalidValue,
    scaling::{Prediction, PredictionMode},
};

use super::{
    Errors, Fields,
    fields::{Reader, first},
    lasting,
};

/// Ids and words of [`PredictionMode`], and what each means.
pub const MODES: [(&str, PredictionMode, &str, &str); 3] = [
    ("off", PredictionMode::Off, "Off", "Nothing is forecast: the metrics decide alone."),
    (
        "forecast_only",
        PredictionMode::ForecastOnly,
        "Forecast only",
        "It is shown beside what came, and decides nothing. Begin with this.",
    ),
    (
        "active",
        PredictionMode::Active,
        "Active",
        "While the forecast is good it raises the replicas ahead of a peak. It never lowers what the metrics ask for.",
    ),
];

const HOUR_S: u32 = 3_600;

/// The prediction as it would be typed.
pub fn fields_of(prediction: &Prediction) -> Fields {
    let mode = MODES.iter().find(|m| m.1 == prediction.mode).map_or("off", |m| m.0);
    let texts = [
        ("mode", mode.to_owned()),
        ("signal", prediction.signal.clone().unwrap_or_default()),
        ("season_h", (prediction.season_s / HOUR_S).to_string()),
        ("horizon", lasting::text(prediction.horizon_s)),
        ("quantile_percent", prediction.quantile_percent.to_string()),
        ("error_max_percent", prediction.error_max_percent.to_string()),
        ("target_percent", prediction.target_percent.to_string()),
    ];
    texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

/// The prediction that is typed.
///
/// # Errors
/// The first mistake, under the name of its field.
pub fn prediction_of(fields: &Fields) -> Result<Prediction, InvalidValue> {
    parse(fields).map_err(first)
}

/// The prediction that is typed, or what is wrong with each field that is.
///
/// # Errors
/// By field.
pub fn parse(fields: &Fields) -> Result<Prediction, Errors> {
    let mut r = Reader::new(fields);
    let hours = r.whole("season_h");
    let horizon = lasting::parse(r.text("horizon"));
    let prediction = Prediction {
        mode: r.choice("mode", &MODES.map(|(id, mode, ..)| (id, mode))).unwrap_or_default(),
        signal: Some(r.text("signal").to_owned()).filter(|name| !name.is_empty()),
        // What is too long is told with the other bounds.
        season_s: hours.saturating_mul(HOUR_S),
        horizon_s: r.take("horizon", horizon),
        quantile_percent: r.whole("quantile_percent"),
        error_max_percent: r.whole("error_max_percent"),
        target_percent: r.whole("target_percent"),
    };
    // What cannot be read is not judged twice.
    if r.errors.is_empty()
        && let Err(invalid) = prediction.validate()
    {
        r.errors.insert(field_of(&invalid.field).to_owned(), invalid.reason);
    }
    Some(r.errors).filter(|errors| !errors.is_empty()).map_or(Ok(prediction), Err)
}

/// The field of the form for one of a [`Prediction`].
pub fn field_of(name: &str) -> &str {
    match name {
        "season_s" => "season_h",
        "horizon_s" => "horizon",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_can_be_typed_and_means_the_same() {
        let own = Prediction {
            mode: PredictionMode::Active,
            signal: Some("active_sessions".to_owned()),
            season_s: 604_800,
            horizon_s: 5_400,
            target_percent: 115,
            ..Prediction::default()
        };
        for prediction in [Prediction::default(), own] {
            assert_eq!(parse(&fields_of(&prediction)), Ok(prediction));
        }
    }

    #[test]
    fn what_is_wrong_is_told_under_its_field() {
        for (field, text, reason) in [
            ("mode", "on", "allowed: off, forecast_only, active"),
            ("season_h", "200", "is not between"),
            ("season_h", "4294967295", "is not between"),
            ("season_h", "soon", "type a whole number"),
            ("horizon", "4 min", "is not between"),
            ("horizon", "soon", "type a time"),
            ("quantile_percent", "100", "is not between"),
            ("error_max_percent", "0", "is not between"),
            ("target_percent", "99", "is not between"),
        ] {
            let mut fields = fields_of(&Prediction::default());
            fields.insert(field.to_owned(), text.to_owned());
            let errors = parse(&fields).unwrap_err();
            assert_eq!(errors.keys().collect::<Vec<_>>(), [field]);
            let told = &errors[field];
            assert!(told.contains(reason), "{field}: {told}");
        }
        let empty = parse(&Fields::new()).unwrap_err();
        assert_eq!(empty.len(), 6, "all but the signal, which may be empty: {empty:?}");
    }
}
