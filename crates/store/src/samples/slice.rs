//! A stretch of time that one block holds.

use control::ports::rollup::Bucket;
use model::Resolution;

/// Where in time a position stands.
#[derive(Clone, Copy)]
pub(super) struct Slice {
    pub(super) resolution: Resolution,
    pub(super) start_ms: i64,
}

impl Slice {
    pub(super) fn around(resolution: Resolution, at_ms: i64) -> Self {
        let length = resolution.slice_ms();
        Self {
            resolution,
            start_ms: at_ms.saturating_sub(at_ms.rem_euclid(length)),
        }
    }

    pub(super) fn position(self, bucket: &Bucket) -> u32 {
        u32::try_from((bucket.at_ms - self.start_ms) / self.resolution.ms()).unwrap_or_default()
    }

    pub(super) fn at_ms(self, position: u32) -> i64 {
        self.start_ms + i64::from(position) * self.resolution.ms()
    }
}
