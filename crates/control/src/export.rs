//! Measured values as a CSV file, as finely as they are kept, a stretch at a time.

use std::sync::Arc;

use futures::{Stream, StreamExt as _, stream};
use model::{ApiError, Resolution, SeriesKey, SeriesQuery};

use crate::{
    Control,
    access::Viewer,
    decide::csv,
    ports::{RangeQuery, Samples, StoreError},
};

/// Cells of one file: what a spreadsheet still opens, and 30 MB of text.
const CELLS_MAX: i64 = 2_000_000;

/// Buckets of one series that are read at once.
const BUCKETS_AT_ONCE: i64 = 900;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportQuery {
    pub keys: Vec<SeriesKey>,
    /// Unix ms, both included.
    pub from_ms: i64,
    pub to_ms: i64,
    /// At least so many values between the two; absent: as many as are kept.
    pub points: Option<u16>,
}

/// A file, whose first stretch has been read.
pub struct Export {
    pub resolution: Resolution,
    /// Pieces of the file. One that fails ends it.
    pub text: std::pin::Pin<Box<dyn Stream<Item = Result<String, StoreError>> + Send>>,
}

struct Rest {
    samples: Arc<dyn Samples>,
    query: RangeQuery,
    next_ms: i64,
}

impl Rest {
    /// The lines of the next stretch; `None` at the end.
    async fn step(&mut self) -> Option<Result<String, StoreError>> {
        if self.next_ms > self.query.to_ms {
            return None;
        }
        let step = self.query.resolution.ms() * BUCKETS_AT_ONCE;
        // Stretches end where buckets do, so that each bucket belongs to one of them.
        let end = self.next_ms.saturating_add(step) / step * step - 1;
        let query = RangeQuery {
            from_ms: self.next_ms,
            to_ms: end.min(self.query.to_ms),
            ..self.query.clone()
        };
        self.next_ms = end.saturating_add(1);
        match self.samples.buckets(&query).await {
            Ok(buckets) => Some(Ok(csv::rows(&buckets, query.resolution))),
            Err(error) => {
                self.next_ms = i64::MAX;
                Some(Err(error))
            }
        }
    }
}

impl Control {
    /// Measured values from the store: what a chart shows, without thinning out. Where the range goes back further than a resolution is
    /// kept, or has too many cells, the next coarser one is given.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] with the field; [`ApiError::Unavailable`].
    pub async fn export(&self, _who: &Viewer, query: &ExportQuery) -> Result<Export, ApiError> {
        if query.keys.is_empty() || query.keys.len() > SeriesQuery::MAX_KEYS {
            return Err(ApiError::invalid("keys", format!("must be 1 to {} series", SeriesQuery::MAX_KEYS)));
        }
        if query.from_ms < 0 || query.from_ms > query.to_ms {
            return Err(ApiError::invalid("from_ms", "must not be negative, nor lie after to_ms"));
        }
        let oldest = self.state.ports.samples.oldest().await;
        let oldest = oldest.map_err(|e| ApiError::unavailable("the history", e))?;
        let (now_ms, kept) = (self.state.now_ms(), self.state.retention.samples);
        // What nobody measured takes no time to leave out.
        let from_ms = query.from_ms.max(oldest.since_ms().unwrap_or(now_ms));
        let to_ms = query.to_ms.min(now_ms);
        let asked = query.points.unwrap_or(u16::MAX);
        let finest = oldest.reaching(kept.resolution(from_ms, to_ms, asked, now_ms), from_ms);
        let cells = |r: Resolution| {
            let columns = if r == Resolution::Second { 1 } else { 4 };
            to_ms.saturating_sub(from_ms) / r.ms() * columns * i64::try_from(query.keys.len()).unwrap_or(i64::MAX)
        };
        let mut coarser = Resolution::ALL.into_iter().filter(|r| *r >= finest);
        let resolution = coarser.find(|r| cells(*r) <= CELLS_MAX).ok_or_else(|| {
            ApiError::invalid(
                "to_ms",
                format!("that would be more than {CELLS_MAX} cells; ask for fewer series or less time"),
            )
        })?;
        let names: Vec<String> = query.keys.iter().map(ToString::to_string).collect();
        let mut rest = Rest {
            samples: self.state.ports.samples.clone(),
            query: RangeQuery {
                keys: names.iter().map(|name| Arc::from(name.as_str())).collect(),
                from_ms,
                to_ms,
                resolution,
                points: usize::MAX,
            },
            next_ms: from_ms,
        };
        // A database that does not answer is said in place of a file.
        let first = rest.step().await.transpose().map_err(|e| ApiError::unavailable("the history", e))?;
        let begin = csv::head(&names, resolution) + &first.unwrap_or_default();
        let more = stream::unfold(rest, |mut rest| async move { Some((rest.step().await?, rest)) });
        Ok(Export {
            resolution,
            text: stream::iter([Ok(begin)]).chain(more).boxed(),
        })
    }
}
