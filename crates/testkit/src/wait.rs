use std::time::Duration;

/// How often a condition is looked at: fine enough for people, coarse enough for two cores.
const EVERY: Duration = Duration::from_millis(10);

/// Returns as soon as `condition` holds.
///
/// # Panics
/// With `what` when it does not within `deadline`.
pub async fn wait_until(what: &str, deadline: Duration, mut condition: impl AsyncFnMut() -> bool) {
    let looked = tokio::time::timeout(deadline, async {
        while !condition().await {
            tokio::time::sleep(EVERY).await;
        }
    });
    assert!(looked.await.is_ok(), "waited {} s in vain until {what}", deadline.as_secs_f32());
}
