//! Whether the cluster answers at all: one small question every few seconds, and whatever else is heard.

use std::sync::Arc;

use model::SourceState;
use serde::Deserialize;

use super::{
    Inner,
    api::{Api, Fault, now_ms},
};

const VERSION_MAX_BYTES: usize = 64 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Version {
    git_version: String,
}

pub(super) async fn run(inner: Arc<Inner>) {
    let timing = inner.config.timing;
    let began_ms = now_ms();
    // Since when it does not answer.
    let mut failing_since_ms = None;
    loop {
        let asked = inner
            .api
            .get_within("/version", VERSION_MAX_BYTES, timing.answer.min(timing.probe_every))
            .await;
        match asked {
            Err(fault) if !fault.is_answer() => {
                let since_ms = *failing_since_ms.get_or_insert_with(now_ms);
                let last_ms = inner.api.answered_at_ms().unwrap_or(began_ms);
                let silent_ms = now_ms().saturating_sub(last_ms);
                let is_silent = silent_ms >= i64::try_from(timing.down_after.as_millis()).unwrap_or(i64::MAX);
                // Credentials that are not taken do not become better by waiting, and nothing was ever known before the first answer.
                if is_silent || fault.code() == Some(401) || inner.api.answered_at_ms().is_none() {
                    let why = words(&fault, &inner.api);
                    let since_ms = if let SourceState::Down { since_ms, .. } = inner.store.source() {
                        since_ms
                    } else {
                        tracing::warn!(cluster = %inner.config.id, why, "the cluster does not answer");
                        since_ms.min(last_ms)
                    };
                    inner.store.set_source(SourceState::Down { since_ms, why });
                }
            }
            answer => {
                if let Ok(version) = answer.and_then(|a| serde_json::from_slice::<Version>(&a.body).map_err(Fault::unreadable)) {
                    inner.store.set_version(&version.git_version);
                }
                let was_down = matches!(inner.store.source(), SourceState::Down { .. });
                inner.store.set_source(SourceState::Up);
                if was_down {
                    tracing::info!(cluster = %inner.config.id, "the cluster answers again");
                }
                // Connections that were silent meanwhile may be dead: who holds one makes a new one.
                if let Some(since_ms) = failing_since_ms.take() {
                    inner.recovered.send_replace(since_ms);
                }
            }
        }
        tokio::time::sleep(timing.probe_every).await;
    }
}

/// Why it does not answer; with a 401 also what was shown to it.
pub(super) fn words(fault: &Fault, api: &Api) -> String {
    match fault.code() {
        Some(401) => format!("{fault}: {}", api.credentials()),
        _ => fault.to_string(),
    }
}
