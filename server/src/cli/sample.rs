//! `evenkeel sample`: one instance of the sample service.

use ::sample::{SampleConfig, die_with_parent, serve};

use super::{Threads, args::SampleFlags, runtime};
use crate::{
    StartError,
    config::{LogFormat, LogSettings},
    logging,
    shutdown::Signals,
};

pub(super) fn run(flags: SampleFlags) -> Result<(), StartError> {
    adopt(flags.parent)?;
    start_logging();
    runtime(Threads::PerCore)?.block_on(async {
        let stop = until_stopped(flags.parent)?;
        serve(SampleConfig::new(flags.listen, flags.instance), stop)
            .await
            .map_err(|e| StartError::Refused(e.to_string()))
    })
}

/// Ends with the parent, when there is one. First thing, before any thread.
pub(super) fn adopt(parent: Option<u32>) -> Result<(), StartError> {
    parent.map_or(Ok(()), |pid| die_with_parent(pid).map_err(|e| StartError::Refused(e.to_string())))
}

/// A child reads no settings file: what its parent runs by is in the variables.
pub(super) fn start_logging() {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let format = match variable("EVENKEEL_LOG__FORMAT").as_deref() {
        Some("human") => LogFormat::Human,
        Some("json") => LogFormat::Json,
        _ => LogFormat::Auto,
    };
    let filter = variable("EVENKEEL_LOG")
        .or_else(|| variable("EVENKEEL_LOG__FILTER"))
        .unwrap_or_else(|| "info".to_owned());
    logging::start(&LogSettings { filter, format });
}

pub(super) fn until_stopped(parent: Option<u32>) -> Result<impl Future<Output = ()> + Send, StartError> {
    let signals = Signals::listen()?;
    Ok(async move {
        if parent.is_some() {
            signals.asked_by_parent().await;
        } else {
            signals.asked_to_stop(|| {}).await;
        }
    })
}
