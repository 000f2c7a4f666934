//! From the rows of a complete slice to blocks. Pure.

use std::collections::{BTreeMap, HashMap};

use control::decide::rollup::fold;
use model::Resolution;

use super::{
    block::{self, Slice, Stands, add_buckets, add_marks},
    bytes::{Damaged, ROWS_MAX},
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

/// Rows of all series at one moment: id and value, rising by id.
type Rows = BTreeMap<i64, Vec<(i64, f32)>>;

/// The blocks that hold `rows`, which all lie in the slice that begins at `start_ms`, and what is stored of it. The block that says that the
/// slice is whole comes last.
pub(super) fn blocks(start_ms: i64, rows: Rows, stored: &Stored) -> Result<Vec<NewBlock>, Damaged> {
    let stands = if stored.fine.is_empty() { Stands::Old } else { Stands::New };
    let rows = with_stored(rows, &stored.fine)?;
    let times: Vec<i64> = rows.keys().copied().take(ROWS_MAX).collect();
    let mut series: BTreeMap<i64, (Vec<u32>, Vec<f32>)> = BTreeMap::new();
    for (at, row) in (0_u32..).zip(rows.values().take(ROWS_MAX)) {
        for (id, value) in row {
            let (positions, values) = series.entry(*id).or_default();
            positions.push(at);
            values.push(*value);
        }
    }
    let mut out = Vec::with_capacity(series.len() * 4 + 4);
    for (&id, (positions, values)) in &series {
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
            let (data, samples) = add_buckets(old, slice, &buckets, stands)?;
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
        let (data, samples) = add_marks(old, slice, &any)?;
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

/// Both together; where both have a moment, the stored row stands.
fn with_stored(mut rows: Rows, fine: &HashMap<i64, Vec<u8>>) -> Result<Rows, Damaged> {
    let Some(times) = fine.get(&ALL) else { return Ok(rows) };
    let times = block::moments(times)?;
    rows.extend(times.iter().map(|at| (*at, Vec::new())));
    for (&id, bytes) in fine.iter().filter(|(id, _)| **id != ALL) {
        let (positions, values) = block::values(bytes)?;
        for (at, value) in positions.into_iter().zip(values) {
            let Some(at_ms) = times.get(at as usize) else {
                return Err(Damaged("a position is out of bounds"));
            };
            rows.entry(*at_ms).or_default().push((id, value));
        }
    }
    Ok(rows)
}
