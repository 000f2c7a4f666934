use leptos::prelude::*;
use model::PoolId;

use super::Problem;

/// Takes instances that registered out of their pool. `ids`: with a comma between them.
#[server(name = DeregisterInstances, prefix = "/api/fn", endpoint = "deregister_instances")]
pub async fn deregister_instances(pool: PoolId, ids: String) -> Result<(), Problem> {
    use model::{ApiError, InstanceId};

    use super::context;
    let who = context::system_admin()?;
    let ids = ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(InstanceId::new)
        .collect::<Result<Vec<_>, _>>();
    let ids = context::answer(ids.map_err(|e| ApiError::invalid("instances", e.to_string())))?;
    context::answer(context::control()?.deregister_by(&who, &pool, &ids).await)
}
