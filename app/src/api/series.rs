use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::SeriesSet;
use serde::{Deserialize, Serialize};

use super::Problem;

/// Measured values between two moments (Unix ms), at most `points` each. `keys` are series keys, comma between them.
#[server(name = ReadSeries, prefix = "/api/fn", endpoint = "series", input = GetUrl)]
pub async fn series(keys: String, from_ms: i64, to_ms: i64, points: u16) -> Result<SeriesSet, Problem> {
    use model::{SeriesKey, SeriesQuery};

    use super::context;
    let who = context::viewer()?;
    let keys = keys.split(',').map(str::parse).collect::<Result<Vec<SeriesKey>, _>>();
    let keys = context::answer(keys.map_err(Into::into))?;
    let query = SeriesQuery {
        keys,
        from_ms,
        to_ms,
        points,
    };
    context::answer(context::control()?.series(&who, &query).await)
}

/// Series together with the stretch of time they were asked for, Unix ms.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Latest {
    pub from_ms: i64,
    pub to_ms: i64,
    #[serde(flatten)]
    pub set: SeriesSet,
}

/// As [`series`], over the last `last_ms` by the server's clock: a view has none.
#[server(name = ReadLatest, prefix = "/api/fn", endpoint = "latest", input = GetUrl)]
pub async fn latest(keys: String, last_ms: i64, points: u16) -> Result<Latest, Problem> {
    use std::time::{SystemTime, UNIX_EPOCH};

    // A clock before 1970 answers with what nobody measured.
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let to_ms = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let from_ms = to_ms.saturating_sub(last_ms.max(0));
    let set = series(keys, from_ms, to_ms, points).await?;
    Ok(Latest { from_ms, to_ms, set })
}
