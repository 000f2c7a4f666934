use leptos::prelude::*;
use model::{FieldDiff, PoolChange, PoolIntent, change::diff};

use crate::pages::pool::PoolContext;

/// What `change` would make of what is in force; empty when it would change nothing.
pub fn fields(pool: PoolContext, intent: &PoolIntent, change: &PoolChange) -> Vec<FieldDiff> {
    let after = pool.members.with(|members| change.apply(&intent.policy, members));
    after.map(|after| diff(&intent.policy, &after)).unwrap_or_default()
}
