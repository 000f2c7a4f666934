use leptos::{prelude::*, server_fn::codec::Json};
use model::cluster::DoctorAnswer;

use super::Problem;

/// What is wrong with manifests, and how they are mended. Nothing of them is kept.
#[server(name = Examine, prefix = "/api/fn", endpoint = "doctor", input = Json)]
pub async fn examine(yaml: String) -> Result<DoctorAnswer, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.doctor(&who, &yaml).await)
}
