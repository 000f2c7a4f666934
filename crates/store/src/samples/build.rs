//! From the rows of a complete slice to blocks. Pure, but that it says which stored block it could not read: that one counts as absent, so
//! that one damaged page does not stop the history of all others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use control::ports::rollup::fold;
use model::Resolution;

use super::{
    block,
    buckets::{Stands, add_buckets, add_marks},
    bytes::{Damaged, ROWS_MAX},
    slice::Slice,
};

/// The coarser resolutions.
pub(super) const ROLLED_UP: [Resolution; 3] = [Resolution::TenSeconds, Resolution::Minute, Resolution::QuarterHour];

/// Stands for all series.
pub(super) const ALL: i64 = 0;

pub(super) struct NewBlock {
    pub(super) resolution: Resolution,
    pub(super) series: i64,
    pub(super) slice_ms: i64,
    pub(super) samples: usize,
    pub(super) data: Vec<u8>,
}

/// What is stored already about a slice.
#[derive(Default)]
pub(super) struct Stored {
    /// The blocks of the slice at 1 s, if it was brought into blocks before: rows came late, or the process was killed on the way.
    pub(super) fine: HashMap<i64, Vec<u8>>,
    /// Of the slices around it, by resolution and series.
    pub(super) coarse: HashMap<(Resolution, i64), Vec<u8>>,
}

/// The values of a slice by series. Positions count its moments, and rise.
#[derive(Default)]
pub(super) struct Columns {
    /// Rise.
    pub(super) times_ms: Vec<i64>,
    pub(super) series: BTreeMap<i64, (Vec<u32>, Vec<f32>)>,
}

impl Columns {
    /// Adds a row whose moment follows. Rows beyond what a block may have are left out.
    pub(super) fn push(&mut self, at_ms: i64, values: &[(i64, f32)]) {
        let Some(at) = u32::try_from(self.times_ms.len()).ok().filter(|at| (*at as usize) < ROWS_MAX) else {
            return;
        };
        self.times_ms.push(at_ms);
        for (id, value) in values {
            let (positions, column) = self.series.entry(*id).or_default();
            positions.push(at);
            column.push(*value);
        }
    }

    /// What was brought into blocks before.
    fn stored(start_ms: i64, fine: &HashMap<i64, Vec<u8>>) -> Option<Self> {
        let slice = Slice::around(Resolution::Second, start_ms);
        let times_ms = readable(slice, ALL, block::moments(fine.get(&ALL)?))?;
        let mut series = BTreeMap::new();
        for (&id, bytes) in fine.iter().filter(|(id, _)| **id > ALL) {
            let column = block::values(bytes).and_then(|column| match column.0.last() {
                Some(at) if *at as usize >= times_ms.len() => Err(Damaged("a position is out of bounds")),
                _ => Ok(column),
            });
            series.extend(readable(slice, id, column).map(|column| (id, column)));
        }
        Some(Self { times_ms, series })
    }

    /// Both together; where both have a moment, the row of `self` stands.
    fn with(self, later: Self) -> Self {
        let known: BTreeSet<i64> = self.times_ms.iter().copied().collect();
        let mut times_ms: Vec<i64> = self.times_ms.iter().chain(&later.times_ms).copied().collect();
        times_ms.sort_unstable();
        times_ms.dedup();
        times_ms.truncate(ROWS_MAX);
        let place = |at_ms: i64| times_ms.binary_search(&at_ms).ok().and_then(|at| u32::try_from(at).ok());
        let mut series: BTreeMap<i64, Vec<(u32, f32)>> = BTreeMap::new();
        for (of, stands) in [(&self, true), (&later, false)] {
            for (id, (positions, values)) in &of.series {
                let moments = positions.iter().map(|at| of.times_ms[*at as usize]);
                let new = moments.zip(values).filter(|(at_ms, _)| stands || !known.contains(at_ms));
                series
                    .entry(*id)
                    .or_default()
                    .extend(new.filter_map(|(at_ms, v)| Some((place(at_ms)?, *v))));
            }
        }
        let series = series.into_iter().map(|(id, mut column)| {
            column.sort_by_key(|(at, _)| *at);
            (id, column.into_iter().unzip())
        });
        Self {
            series: series.collect(),
            times_ms,
        }
    }
}

/// A block that cannot be read counts as absent.
fn readable<T>(slice: Slice, series: i64, read: Result<T, Damaged>) -> Option<T> {
    read.inspect_err(|why| {
        tracing::error!(
            series,
            slice_ms = slice.start_ms,
            resolution = slice.resolution.label(),
            %why,
            "a stored block of measured values cannot be read; it is written anew without what was in it"
        );
    })
    .ok()
}

/// The blocks that hold these values, which all lie in the slice that begins at `start_ms`, and what is stored of it. The block that says
/// that the slice is whole comes last.
pub(super) fn blocks(start_ms: i64, new: Columns, stored: &Stored) -> Result<Vec<NewBlock>, Damaged> {
    let old = Columns::stored(start_ms, &stored.fine);
    // Whose values of before are not known any more.
    let lost: BTreeSet<i64> = match &old {
        None => BTreeSet::new(),
        Some(old) => stored.fine.keys().copied().filter(|id| !old.series.contains_key(id)).collect(),
    };
    let (stands, all) = match old {
        None => (Stands::Old, new),
        Some(old) => (Stands::New, old.with(new)),
    };
    let Columns { times_ms: times, series } = all;
    let mut out = Vec::with_capacity(series.len() * 4 + 4);
    for (&id, (positions, values)) in &series {
        let stands = if lost.contains(&id) { Stands::Old } else { stands };
        out.push(NewBlock {
            resolution: Resolution::Second,
            series: id,
            slice_ms: start_ms,
            samples: values.len(),
            data: block::put_values(positions, values),
        });
        for resolution in ROLLED_UP {
            let slice = Slice::around(resolution, start_ms);
            let measured = positions.iter().zip(values).map(|(at, value)| (times[*at as usize], *value));
            let buckets = fold(measured, resolution);
            let old = stored.coarse.get(&(resolution, id)).map(Vec::as_slice);
            let (data, samples) = match readable(slice, id, add_buckets(old, slice, &buckets, stands)) {
                Some(grown) => grown,
                None => add_buckets(None, slice, &buckets, stands)?,
            };
            out.push(NewBlock {
                resolution,
                series: id,
                slice_ms: slice.start_ms,
                samples,
                data,
            });
        }
    }
    for resolution in ROLLED_UP {
        let slice = Slice::around(resolution, start_ms);
        let any = fold(times.iter().map(|at| (*at, 0.0)), resolution);
        let old = stored.coarse.get(&(resolution, ALL)).map(Vec::as_slice);
        let (data, samples) = match readable(slice, ALL, add_marks(old, slice, &any)) {
            Some(grown) => grown,
            None => add_marks(None, slice, &any)?,
        };
        out.push(NewBlock {
            resolution,
            series: ALL,
            slice_ms: slice.start_ms,
            samples,
            data,
        });
    }
    out.push(NewBlock {
        resolution: Resolution::Second,
        series: ALL,
        slice_ms: start_ms,
        samples: times.len(),
        data: block::put_moments(&times),
    });
    Ok(out)
}
