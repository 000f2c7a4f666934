//! Earlier proposals hold back a later one: KEP-853, `stabilizeRecommendationWithBehaviors` of Kubernetes' `horizontal.go`.

use model::scaling::{Behavior, Direction, Recommendation, StabilizationProof};

use super::milli::before;

/// What is left of `desired` after looking back; without `behavior` over `down_s`. `recommendations` must not be empty: a policy that is new starts with what it finds.
pub(super) fn stabilize(
    behavior: Option<&Behavior>,
    down_s: u32,
    recommendations: &[Recommendation],
    current: u32,
    desired: u32,
    now_ms: i64,
) -> (u32, Option<StabilizationProof>) {
    let Some(behavior) = behavior else {
        return highest(recommendations, down_s, desired, now_ms);
    };
    let within = |window_s: u32| {
        let cutoff_ms = before(now_ms, window_s);
        recommendations.iter().filter(move |earlier| earlier.at_ms > cutoff_ms)
    };
    let (up_s, down_s) = (behavior.scale_up.stabilization_window_s, behavior.scale_down.stabilization_window_s);
    let lowest = within(up_s).min_by_key(|earlier| earlier.replicas);
    let highest = within(down_s).max_by_key(|earlier| earlier.replicas);
    let up = lowest.map_or(desired, |earlier| earlier.replicas.min(desired));
    let down = highest.map_or(desired, |earlier| earlier.replicas.max(desired));
    let after = current.max(up).min(down);
    let (direction, window_s, held_by) = if desired > current {
        (Direction::Up, up_s, lowest)
    } else {
        (Direction::Down, down_s, highest)
    };
    let proof = held_by.filter(|_| after != desired).map(|held_by| StabilizationProof {
        direction,
        window_s,
        before: desired,
        after,
        held_by: *held_by,
    });
    (after, proof)
}

/// Without `behavior`: the highest proposal of the window, `stabilizeRecommendation`.
fn highest(recommendations: &[Recommendation], window_s: u32, desired: u32, now_ms: i64) -> (u32, Option<StabilizationProof>) {
    let cutoff_ms = before(now_ms, window_s);
    let recent = recommendations.iter().filter(|earlier| earlier.at_ms >= cutoff_ms);
    let held_by = recent
        .max_by_key(|earlier| earlier.replicas)
        .filter(|highest| highest.replicas > desired);
    let proof = held_by.map(|held_by| StabilizationProof {
        direction: Direction::Down,
        window_s,
        before: desired,
        after: held_by.replicas,
        held_by: *held_by,
    });
    (held_by.map_or(desired, |highest| highest.replicas), proof)
}
