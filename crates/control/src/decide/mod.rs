//! Pure decisions: no clock, no I/O, no logging. Time is an argument and the reason is part of the answer.

pub mod clock;
pub mod cluster;
pub mod csv;
pub mod daily;
pub mod downsample;
pub mod fleet;
pub mod forget;
pub mod gateways;
pub mod guard;
pub mod intended;
pub mod lead;
pub mod means;
pub mod members;
pub mod offer;
pub mod plan;
pub mod rates;
pub mod reach;
pub mod readmit;
pub mod report;
pub mod retire;
pub mod rollup;
pub mod roster;
pub mod scaling;
pub mod snapshot;
pub mod transitions;

#[cfg(test)]
pub(crate) mod testing;
