use leptos::prelude::*;
use model::{PoolId, change::Changed};

use super::Problem;

/// Closes breakers at once. `targets`: instances with a comma between them, `*` for the pool's own.
#[server(name = ResetBreakers, prefix = "/api/fn", endpoint = "reset_breakers")]
pub async fn reset_breakers(pool: PoolId, targets: String) -> Result<(), Problem> {
    use model::BreakerTarget;

    use super::context;
    let who = context::system_admin()?;
    let targets = context::answer(BreakerTarget::parse_list(&targets).map_err(Into::into))?;
    context::answer(context::control()?.reset_breakers(&who, &pool, &targets).await)
}

/// Holds breakers open or closed, or lets go of them. `to`: `auto`, `open` or `closed`; `minutes` until it ends by itself, which
/// `closed` needs.
#[server(name = HoldBreakers, prefix = "/api/fn", endpoint = "hold_breakers")]
pub async fn hold_breakers(
    pool: PoolId,
    expected_version: u64,
    targets: String,
    to: String,
    minutes: Option<u32>,
) -> Result<Changed, Problem> {
    use model::{BreakerHold, BreakerTarget, PoolChange};

    use super::context;
    context::system_admin()?;
    let now_ms = context::control()?.now_ms();
    let targets = context::answer(BreakerTarget::parse_list(&targets).map_err(Into::into))?;
    let to = context::answer(BreakerHold::parse(&to, minutes, now_ms).map_err(Into::into))?;
    context::change_pool(&pool, expected_version, PoolChange::BreakerHold { targets, to }).await
}
