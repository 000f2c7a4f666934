//! The policy doctor, as people ask for it.

use std::time::Duration;

use model::{ApiError, cluster::DoctorAnswer};

use crate::{Control, access::Viewer, decide::cluster::doctor::examine};

/// Longest wait for others to be done: each takes milliseconds.
const WAIT: Duration = Duration::from_secs(5);

impl Control {
    /// What is wrong with these manifests. Nothing is read but the text, and nothing is kept of it; at most two are examined at once.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] for more than [`DoctorAnswer::INPUT_MAX_BYTES`], [`ApiError::Unavailable`] when too many wait.
    pub async fn doctor(&self, _who: &Viewer, yaml: &str) -> Result<DoctorAnswer, ApiError> {
        if yaml.len() > DoctorAnswer::INPUT_MAX_BYTES {
            let why = format!("{} bytes; at most {} are examined", yaml.len(), DoctorAnswer::INPUT_MAX_BYTES);
            return Err(ApiError::invalid("yaml", why));
        }
        let busy = || ApiError::unavailable("the doctor", "others are being examined; try again in a moment");
        let place = tokio::time::timeout(WAIT, self.state.examinations.clone().acquire_owned()).await;
        let place = place.map_err(|_| busy())?.map_err(|_| busy())?;
        let yaml = yaml.to_owned();
        let work = tokio::task::spawn_blocking(move || {
            let _place = place;
            examine(&yaml)
        });
        work.await.map_err(|e| ApiError::unavailable("the doctor", e))
    }
}
