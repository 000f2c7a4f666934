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
    /// Where this console stands among those that share its database, in words; absent where it is alone.
    pub replica: Option<String>,
}

impl Me {
    /// Why this person may not change policies; `None` when they may. The server asks again.
    pub fn why_not_change(&self) -> Option<String> {
        (self.role < Role::SystemAdmin).then(|| format!("Needs the role {}; you are {}.", Role::SystemAdmin.label(), self.role.label()))
    }
}

#[server(name = ReadMe, prefix = "/api/fn", endpoint = "me", input = GetUrl)]
pub async fn me() -> Result<Me, Problem> {
    use control::Leadership;

    use super::context;
    let who = context::viewer()?;
    let control = context::control()?;
    let environment = control.environment().clone();
    let replica = match control.leadership() {
        Leadership::Alone => None,
        Leadership::Leads { name } => Some(format!("{name}: leader")),
        Leadership::Follows { leader } => Some(format!("follower of {leader}")),
        Leadership::Unknown { .. } => Some("no console leads".to_owned()),
    };
    Ok(Me {
        replica,
        name: who.user().name.to_string(),
        role: who.user().role,
        environment,
    })
}
