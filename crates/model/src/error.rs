//! What a command or a question can be answered with when it is not answered.

use serde::{Deserialize, Serialize};

use crate::{
    InvalidValue, PoolIntent, PoolPolicy,
    cluster::ClusterRefusal,
    scaling::{ScalingIntent, ScalingPlan},
};

/// One error type for both doors, server functions and REST. Each variant names the thing and the way out.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum ApiError {
    #[error("sign in first")]
    SignedOut,
    #[error("this needs the role {needed}; you are {have}")]
    Forbidden { needed: String, have: String },
    #[error("there is no {what} {name:?}")]
    NotFound { what: String, name: String },
    #[error("{field}: {reason}")]
    Invalid { field: String, reason: String },
    /// Somebody else changed it meanwhile: what is in force now, and what you wanted.
    #[error("version {} of {} is in force, changed by {}; yours was made from an older one", current.version, current.pool, current.changed_by.as_deref().unwrap_or("the settings file"))]
    Conflict { current: Box<PoolIntent>, yours: Box<PoolPolicy> },
    /// The same for what is scaled.
    #[error("version {} of the scaling of {} is in force, changed by {}; yours was made from an older one", current.version, current.workload, current.changed_by.as_deref().unwrap_or("the settings file"))]
    ScalingConflict {
        current: Box<ScalingIntent>,
        yours: Box<ScalingPlan>,
    },
    /// What is asked for contradicts what is there: a name that is taken, a limit that is reached.
    #[error("{why}")]
    Clash { why: String },
    /// Not allowed by the settings, whoever asks.
    #[error("{why}")]
    Refused { why: String },
    /// A cluster, or the console on its behalf, did not do it.
    #[error("{}", .0.why)]
    Cluster(Box<ClusterRefusal>),
    #[error("the bearer token is missing or wrong")]
    WrongToken,
    #[error("name or password is wrong")]
    WrongCredentials,
    #[error("too many attempts; try again in {retry_after_s} s")]
    TooManyRequests { retry_after_s: u32 },
    #[error("{what} is not available right now: {why}")]
    Unavailable { what: String, why: String },
    /// Transport and encoding failures between browser and server.
    #[error("{why}")]
    Transport { why: String },
}

impl ApiError {
    pub fn not_found(what: &str, name: impl ToString) -> Self {
        // A name from outside is echoed, so it is cut.
        Self::NotFound {
            what: what.to_owned(),
            name: name.to_string().chars().take(80).collect(),
        }
    }

    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        InvalidValue::new(field, reason).into()
    }

    pub fn unavailable(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Unavailable {
            what: what.into(),
            why: why.to_string(),
        }
    }

    /// What every verb of the registry answers while no token is set.
    pub fn registry_is_off() -> Self {
        Self::Refused {
            why: "the registry is switched off; set registry.token to switch it on".to_owned(),
        }
    }

    /// The HTTP status, mapped here and nowhere else.
    pub const fn status(&self) -> u16 {
        match self {
            Self::SignedOut | Self::WrongCredentials | Self::WrongToken => 401,
            Self::Forbidden { .. } | Self::Refused { .. } => 403,
            Self::NotFound { .. } => 404,
            Self::Conflict { .. } | Self::ScalingConflict { .. } | Self::Clash { .. } => 409,
            Self::Invalid { .. } => 422,
            Self::TooManyRequests { .. } => 429,
            Self::Cluster(refusal) => refusal.kind.status(),
            Self::Unavailable { .. } => 503,
            Self::Transport { .. } => 500,
        }
    }
}

impl From<InvalidValue> for ApiError {
    fn from(invalid: InvalidValue) -> Self {
        Self::Invalid {
            field: invalid.field,
            reason: invalid.reason,
        }
    }
}
