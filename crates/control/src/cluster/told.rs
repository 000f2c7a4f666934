use model::{
    ApiError,
    cluster::{ClusterRefusal, Fix, FixKind, RefusalKind},
};

use crate::ports::cluster::ClusterError;

/// A cluster's refusal as both doors tell it, with the way out.
pub(super) fn told(error: ClusterError) -> ApiError {
    let why = error.to_string();
    let (kind, fix) = match error {
        ClusterError::NotFound(object) => return ApiError::not_found(object.kind.label(), format!("{}/{}", object.namespace, object.name)),
        ClusterError::Conflict { .. } => (
            RefusalKind::Conflict,
            Some(advice("Look at it again", "Try it again on what is there now.")),
        ),
        ClusterError::Forbidden { rule, .. } => (RefusalKind::Forbidden, Some(patch("Grant the console's account this rule", rule))),
        ClusterError::Managed { manager, patch: text } => {
            let whose = if manager.name.is_empty() {
                "its source".to_owned()
            } else {
                manager.name
            };
            let title = format!("Merge this into {whose}, which {} applies", manager.tool);
            let fix = (!text.is_empty()).then(|| patch(&title, text));
            (RefusalKind::Managed, fix)
        }
        ClusterError::OwnedByHpa { hpa } => {
            let text = format!("Change minReplicas or maxReplicas of the HPA {}.", hpa.name);
            (RefusalKind::OwnedByHpa, Some(advice("Change its bounds", &text)))
        }
        ClusterError::Refused { field, why } => {
            let why = field.map_or_else(|| why.clone(), |field| format!("{field}: {why}"));
            return refusal(RefusalKind::Invalid, why, None);
        }
        ClusterError::BudgetExhausted { retry_after_s, .. } => {
            let when = retry_after_s.map_or_else(
                || "Try again when more of its pods are ready.".to_owned(),
                |s| format!("Try again in {s} s, or when more of its pods are ready."),
            );
            (RefusalKind::Budget, Some(advice("Wait for room", &when)))
        }
        ClusterError::ReadOnly { .. } => (RefusalKind::ReadOnly, None),
        ClusterError::Stale { .. } => (RefusalKind::Stale, None),
        ClusterError::TooManyRequests { .. } => (RefusalKind::Busy, None),
        ClusterError::Unreachable { may_be_done, .. } => {
            let why = if may_be_done {
                format!("{why}; it may have been done: look before it is done again")
            } else {
                format!("{why}; nothing was changed")
            };
            return refusal(RefusalKind::Unreachable, why, None);
        }
    };
    refusal(kind, why, fix)
}

fn refusal(kind: RefusalKind, why: String, fix: Option<Fix>) -> ApiError {
    ApiError::Cluster(Box::new(ClusterRefusal { kind, why, fix }))
}

fn patch(title: &str, text: String) -> Fix {
    Fix {
        kind: FixKind::Patch,
        title: title.to_owned(),
        text,
    }
}

fn advice(title: &str, text: &str) -> Fix {
    Fix {
        kind: FixKind::Advice,
        title: title.to_owned(),
        text: text.to_owned(),
    }
}
