use leptos::prelude::*;
use model::PoolId;

use super::Problem;

/// Takes an instance that registered out of its pool. `ids` is one; the form is shared with changes, which may have several.
#[server(name = DeregisterInstance, prefix = "/api/fn", endpoint = "deregister_instance")]
pub async fn deregister_instance(pool: PoolId, ids: String) -> Result<(), Problem> {
    use model::{ApiError, InstanceId};

    use super::context;
    let who = context::system_admin()?;
    let id = InstanceId::new(ids).map_err(|e| ApiError::invalid("ids", format!("must be one instance: {e}")));
    let id = context::answer(id)?;
    context::answer(context::control()?.deregister_by(&who, &pool, &id).await)
}
