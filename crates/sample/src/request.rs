//! What a client may ask, parsed into a [`Plan`] that cannot be wrong.
//!
//! Parsed by hand rather than by a derive, because the answer to bad input names the field, the value and what is allowed, and is the
//! same for a JSON body and for a query string.

use std::{fmt::Display, ops::RangeInclusive};

use serde_json::{Map, Value};

use crate::montecarlo::Plan;

/// Most money in one amount: beyond a trillion, cents are lost in the arithmetic.
const AMOUNT_MAX: f64 = 1e12;
/// Most scenarios of a simulation, so that its final wealths take at most 1.6 MB.
const SCENARIOS_MAX: u64 = 200_000;
/// Longest simulation; with [`SCENARIOS_MAX`] it bounds one request to a few seconds of one core.
const YEARS_MAX: u64 = 100;
/// Most scenarios of the synchronous endpoint: at most some 40 ms of one core with [`QUICK_YEARS_MAX`].
const QUICK_SCENARIOS_MAX: u64 = 5_000;
const QUICK_YEARS_MAX: u64 = 60;
/// Seed of `/simulate` when none is given: a constant, because the same GET gives the same answer.
const QUICK_SEED: u64 = 1;
/// Longest piece of the client's own input that is repeated to it.
const QUOTE_MAX_CHARS: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Request {
    pub(crate) plan: Plan,
    /// `None`: the instance chooses one and tells.
    pub(crate) seed: Option<u64>,
}

/// The first field that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {reason}")]
pub(crate) struct Invalid {
    pub(crate) field: String,
    pub(crate) reason: String,
}

impl Invalid {
    fn new(field: &str, reason: impl Into<String>) -> Self {
        Self {
            field: quote(field),
            reason: reason.into(),
        }
    }
}

/// The body of `POST /simulations`.
pub(crate) fn from_body(body: Map<String, Value>) -> Result<Request, Invalid> {
    let mut fields = Fields(body);
    let plan = Plan {
        starting_portfolio: fields.amount("starting_portfolio", f64::MIN_POSITIVE, None)?,
        monthly_spending: fields.amount("monthly_spending", 0.0, None)?,
        n_scenarios: fields.count("n_scenarios", 1..=SCENARIOS_MAX, None)?,
        years: fields.count("years", 1..=YEARS_MAX, None)?,
    };
    let seed = fields.whole("seed", 0..=u64::MAX)?;
    fields.end("starting_portfolio, monthly_spending, n_scenarios, years, seed")?;
    Ok(Request { plan, seed })
}

/// The query of `GET /simulate`.
pub(crate) fn from_quick_query(query: Vec<(String, String)>) -> Result<Request, Invalid> {
    from_query(query, QUICK_SCENARIOS_MAX, QUICK_YEARS_MAX)
}

/// The query of the WebSocket `/simulate/progress`.
pub(crate) fn from_followed_query(query: Vec<(String, String)>) -> Result<Request, Invalid> {
    from_query(query, SCENARIOS_MAX, YEARS_MAX)
}

fn from_query(query: Vec<(String, String)>, scenarios_max: u64, years_max: u64) -> Result<Request, Invalid> {
    let mut map = Map::new();
    for (key, text) in query {
        let value = serde_json::from_str::<serde_json::Number>(&text).map_or(Value::String(text), Value::Number);
        if map.insert(key.clone(), value).is_some() {
            return Err(Invalid::new(&key, "is given twice"));
        }
    }
    let mut fields = Fields(map);
    let plan = Plan {
        starting_portfolio: fields.amount("starting_portfolio", f64::MIN_POSITIVE, Some(1_000_000.0))?,
        monthly_spending: fields.amount("monthly_spending", 0.0, Some(4_000.0))?,
        n_scenarios: fields.count("scenarios", 1..=scenarios_max, Some(200))?,
        years: fields.count("years", 1..=years_max, Some(30))?,
    };
    let seed = fields.whole("seed", 0..=u64::MAX)?;
    fields.end("scenarios, years, seed, starting_portfolio, monthly_spending")?;
    Ok(Request {
        plan,
        seed: seed.or(Some(QUICK_SEED)),
    })
}

/// Fields not yet taken.
struct Fields(Map<String, Value>);

impl Fields {
    fn amount(&mut self, name: &str, min: f64, default: Option<f64>) -> Result<f64, Invalid> {
        let allowed = if min > 0.0 { "above 0" } else { "0 or more" };
        match (self.0.remove(name), default) {
            (None, Some(default)) => Ok(default),
            (None, None) => Err(Invalid::new(name, "is missing")),
            (Some(value), _) => value.as_f64().filter(|amount| (min..=AMOUNT_MAX).contains(amount)).ok_or_else(|| {
                Invalid::new(
                    name,
                    format!("must be a number, {allowed} and at most {AMOUNT_MAX:e}; {} is not", shown(&value)),
                )
            }),
        }
    }

    fn count(&mut self, name: &str, range: RangeInclusive<u64>, default: Option<u32>) -> Result<u32, Invalid> {
        let value = self
            .whole(name, range)?
            .map(|n| u32::try_from(n).expect("all ranges of counts end below u32::MAX"));
        value.or(default).ok_or_else(|| Invalid::new(name, "is missing"))
    }

    fn whole(&mut self, name: &str, range: RangeInclusive<u64>) -> Result<Option<u64>, Invalid> {
        let Some(value) = self.0.remove(name) else { return Ok(None) };
        let number = value.as_u64().filter(|n| range.contains(n));
        number.map(Some).ok_or_else(|| {
            let (min, max) = range.into_inner();
            Invalid::new(
                name,
                format!("must be a whole number from {min} to {max}; {} is not", shown(&value)),
            )
        })
    }

    fn end(self, known: &str) -> Result<(), Invalid> {
        self.0.keys().next().map_or(Ok(()), |name| {
            Err(Invalid::new(name, format!("is not a field; the fields are {known}")))
        })
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        scalar => quote(scalar),
    }
}

fn quote(text: impl Display) -> String {
    let text = text.to_string();
    let mut short: String = text.chars().take(QUOTE_MAX_CHARS).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn body(change: Value) -> Map<String, Value> {
        let mut fields = json!({"starting_portfolio": 1e6, "monthly_spending": 4000, "n_scenarios": 100, "years": 30});
        let Value::Object(change) = change else { panic!("an object") };
        let fields = fields.as_object_mut().unwrap();
        for (key, value) in change {
            if value == json!("absent") {
                fields.remove(&key);
            } else {
                fields.insert(key, value);
            }
        }
        fields.clone()
    }

    #[test]
    fn every_wrong_field_is_named() {
        let table = [
            (json!({"starting_portfolio": 0}), "starting_portfolio"),
            (json!({"starting_portfolio": -1}), "starting_portfolio"),
            (json!({"starting_portfolio": 1e13}), "starting_portfolio"),
            (json!({"starting_portfolio": "1000"}), "starting_portfolio"),
            (json!({"starting_portfolio": null}), "starting_portfolio"),
            (json!({"starting_portfolio": "absent"}), "starting_portfolio"),
            (json!({"monthly_spending": -0.01}), "monthly_spending"),
            (json!({"monthly_spending": [1]}), "monthly_spending"),
            (json!({"monthly_spending": "absent"}), "monthly_spending"),
            (json!({"n_scenarios": 0}), "n_scenarios"),
            (json!({"n_scenarios": 200_001}), "n_scenarios"),
            (json!({"n_scenarios": 1.5}), "n_scenarios"),
            (json!({"n_scenarios": -3}), "n_scenarios"),
            (json!({"n_scenarios": "absent"}), "n_scenarios"),
            (json!({"years": 0}), "years"),
            (json!({"years": 101}), "years"),
            (json!({"years": true}), "years"),
            (json!({"seed": -1}), "seed"),
            (json!({"seed": 0.5}), "seed"),
            (json!({"sede": 1}), "sede"),
        ];
        for (change, field) in table {
            let invalid = from_body(body(change.clone())).expect_err(&change.to_string());
            assert_eq!(invalid.field, field, "{change} → {invalid}");
        }
    }

    #[test]
    fn the_edges_are_allowed() {
        for change in [
            json!({}),
            json!({"monthly_spending": 0}),
            json!({"n_scenarios": 200_000, "years": 100}),
            json!({"starting_portfolio": 1e12, "seed": u64::MAX}),
        ] {
            assert!(from_body(body(change.clone())).is_ok(), "{change}");
        }
    }

    #[test]
    fn a_query_has_defaults_and_narrower_limits() {
        let pairs = |pairs: &[(&str, &str)]| pairs.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect::<Vec<_>>();
        let default = from_quick_query(vec![]).unwrap();
        assert_eq!((default.plan.n_scenarios, default.plan.years, default.seed), (200, 30, Some(1)));
        assert_eq!(
            from_quick_query(pairs(&[("scenarios", "50"), ("seed", "9")])).unwrap().seed,
            Some(9)
        );
        assert_eq!(from_quick_query(pairs(&[("scenarios", "5001")])).unwrap_err().field, "scenarios");
        assert!(from_followed_query(pairs(&[("scenarios", "5001")])).is_ok());
        assert_eq!(from_quick_query(pairs(&[("years", "ten")])).unwrap_err().field, "years");
        assert_eq!(
            from_quick_query(pairs(&[("seed", "1"), ("seed", "2")])).unwrap_err().reason,
            "is given twice"
        );
        assert_eq!(from_quick_query(pairs(&[("color", "1")])).unwrap_err().field, "color");
    }

    proptest! {
        #[test]
        fn any_query_is_answered_and_what_is_quoted_stays_short(key in "(scenarios|years|seed|.*)", value in ".*") {
            if let Err(invalid) = from_quick_query(vec![(key, value)]) {
                prop_assert!(invalid.to_string().chars().count() < 250);
            }
        }
    }
}
