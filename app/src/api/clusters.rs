use leptos::{prelude::*, server_fn::codec::Json};
use model::cluster::{DryRun, ObjectCommand, ObjectDone, ObjectRef};

use super::Problem;

/// What a command would do, by the API server's own dry run; or who or what is against it, with the way out.
#[server(name = TryCommand, prefix = "/api/fn", endpoint = "try_cluster_command", input = Json)]
pub async fn try_command(object: ObjectRef, command: ObjectCommand) -> Result<DryRun, Problem> {
    use super::context;
    let who = context::system_admin()?;
    context::answer(context::control()?.try_command(&who, &object, &command).await)
}

/// Does what was tried: with the version that the dry run was made from.
#[server(name = CarryOut, prefix = "/api/fn", endpoint = "cluster_command", input = Json)]
pub async fn carry_out(object: ObjectRef, command: ObjectCommand) -> Result<ObjectDone, Problem> {
    use super::context;
    let who = context::system_admin()?;
    context::answer(context::control()?.command(&who, &object, &command).await)
}
