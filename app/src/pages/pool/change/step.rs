use model::{AdminState, PoolChange, PoolIntent, PoolPolicy};

use super::words;
use crate::api::Problem;

/// A change somebody wants, in the words of the dialog.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    pub change: PoolChange,
    /// What it is done to: `web`, `web-1`, `3 instances of web`.
    pub object: String,
}

impl Ask {
    pub fn new(change: PoolChange, pool: &str) -> Self {
        let object = words::object(&change, pool);
        Self { change, object }
    }

    /// On the button.
    pub fn verb(&self) -> &'static str {
        words::verb(&self.change)
    }

    /// Whether it can take traffic away: in production the name has to be typed.
    pub fn is_dangerous(&self) -> bool {
        match &self.change {
            PoolChange::Instances { admin, .. } => matches!(admin, Some(AdminState::Drain | AdminState::Maintenance)),
            _ => true,
        }
    }
}

/// Where the change is.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Idle,
    /// Asking what is in force.
    Reading(Ask),
    Confirm {
        ask: Ask,
        intent: Box<PoolIntent>,
        after: Box<PoolPolicy>,
    },
    Sending(Ask),
    /// Somebody else was first.
    Conflict {
        ask: Ask,
        /// What the change was made from.
        base: Box<PoolIntent>,
        current: Box<PoolIntent>,
        yours: Box<PoolPolicy>,
    },
    Failed {
        ask: Ask,
        problem: Problem,
    },
}

impl Step {
    /// For who closed the dialog before the answer came: what was not done, and why.
    pub fn why_not(&self) -> Option<String> {
        match self {
            Self::Conflict { ask, .. } => Some(format!("{} {}: not done, somebody else changed it first.", ask.verb(), ask.object)),
            Self::Failed { ask, problem } => Some(format!("{} {}: not done. {problem}", ask.verb(), ask.object)),
            Self::Idle | Self::Reading(_) | Self::Sending(_) | Self::Confirm { .. } => None,
        }
    }

    pub fn ask(&self) -> Option<&Ask> {
        match self {
            Self::Idle => None,
            Self::Reading(ask) | Self::Sending(ask) | Self::Confirm { ask, .. } | Self::Conflict { ask, .. } | Self::Failed { ask, .. } => {
                Some(ask)
            }
        }
    }
}
