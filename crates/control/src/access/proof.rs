use std::net::IpAddr;

use model::{Actor, ApiError, Role, User};

/// A signed-in person, as of this request. Made by `Accounts::authenticate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    user: User,
    from: IpAddr,
}

impl Principal {
    pub(crate) const fn new(user: User, from: IpAddr) -> Self {
        Self { user, from }
    }

    pub const fn user(&self) -> &User {
        &self.user
    }

    /// Everybody who is signed in may see.
    pub fn viewer(&self) -> Viewer {
        Viewer { who: self.clone() }
    }

    /// # Errors
    /// [`ApiError::Forbidden`] for every other role.
    pub fn system_admin(&self) -> Result<SystemAdmin, ApiError> {
        if self.user.role >= Role::SystemAdmin {
            Ok(SystemAdmin { who: self.clone() })
        } else {
            Err(ApiError::Forbidden {
                needed: Role::SystemAdmin.label().into(),
                have: self.user.role.label().into(),
            })
        }
    }
}

/// Proof that the caller may read.
#[derive(Debug, Clone)]
pub struct Viewer {
    who: Principal,
}

impl Viewer {
    pub const fn user(&self) -> &User {
        &self.who.user
    }
}

/// Proof that the caller may change everything.
#[derive(Debug, Clone)]
pub struct SystemAdmin {
    who: Principal,
}

impl SystemAdmin {
    pub const fn user(&self) -> &User {
        &self.who.user
    }

    /// Where the request came from, for the audit row.
    pub const fn from(&self) -> IpAddr {
        self.who.from
    }

    pub fn actor(&self) -> Actor {
        Actor::User(self.who.user.name.to_string())
    }
}
