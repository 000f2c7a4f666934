//! `evenkeel traffic`: generated load.

use ::sample::traffic::{TrafficConfig, run as send};

use super::{
    Threads,
    args::TrafficFlags,
    runtime,
    sample::{adopt, start_logging, until_stopped},
};
use crate::StartError;

pub(super) fn run(flags: TrafficFlags) -> Result<(), StartError> {
    adopt(flags.parent)?;
    start_logging();
    runtime(Threads::One)?.block_on(async {
        let stop = until_stopped(flags.parent)?;
        let config = TrafficConfig {
            rate_per_s: flags.rate,
            ..TrafficConfig::new(flags.target)
        };
        send(config, stop).await.map(drop).map_err(|e| StartError::Refused(e.to_string()))
    })
}
