use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{Environment, Role};
use serde::{Deserialize, Serialize};

use super::Problem;

/// Who is signed in, and where this console stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    pub name: String,
    pub role: Role,
    pub environment: Environment,
}

impl Me {
    /// Why this person may not change policies; `None` when they may. The server asks again.
    pub fn why_not_change(&self) -> Option<String> {
        (self.role < Role::SystemAdmin).then(|| format!("Needs the role {}; you are {}.", Role::SystemAdmin.label(), self.role.label()))
    }
}

#[server(name = ReadMe, prefix = "/api/fn", endpoint = "me", input = GetUrl)]
pub async fn me() -> Result<Me, Problem> {
    use super::context;
    let who = context::viewer()?;
    let environment = context::control()?.environment().clone();
    Ok(Me {
        name: who.user().name.to_string(),
        role: who.user().role,
        environment,
    })
}
