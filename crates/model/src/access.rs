//! Who may sign in, and as what.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::InvalidValue;

/// Ordered: each role may do what the one before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything, changes nothing.
    Viewer,
    /// Viewer, and clears caches.
    CacheAdmin,
    /// Everything.
    SystemAdmin,
}

impl Role {
    pub const ALL: [Self; 3] = [Self::Viewer, Self::CacheAdmin, Self::SystemAdmin];

    pub const fn id(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::CacheAdmin => "cache_admin",
            Self::SystemAdmin => "system_admin",
        }
    }

    pub const fn label(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::CacheAdmin => "cache admin",
            Self::SystemAdmin => "system admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Role {
    type Err = InvalidValue;
    fn from_str(id: &str) -> Result<Self, InvalidValue> {
        Self::ALL
            .into_iter()
            .find(|r| r.id() == id)
            .ok_or_else(|| InvalidValue::new("role", "allowed: viewer, cache_admin, system_admin"))
    }
}

/// A local account's name: 1 to 64 characters, letters of any script, digits, and `. _ - @ +`. Compared in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    pub const MAX_CHARS: usize = 64;

    /// # Errors
    /// [`InvalidValue`] on field `name`.
    pub fn new(name: impl AsRef<str>) -> Result<Self, InvalidValue> {
        let name = name.as_ref().trim().to_lowercase();
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '@' | '+');
        if name.is_empty() || name.chars().count() > Self::MAX_CHARS || !name.chars().all(allowed) {
            return Err(InvalidValue::new("name", "must have 1 to 64 letters, digits or any of . _ - @ +"));
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for UserName {
    type Error = InvalidValue;
    fn try_from(s: String) -> Result<Self, InvalidValue> {
        Self::new(s)
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> String {
        name.0
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i64);

/// An account, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: UserName,
    pub role: Role,
    /// Unix time, ms.
    pub created_at_ms: i64,
}
