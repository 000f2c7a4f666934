use leptos::{prelude::*, server_fn::ServerFn};
use model::{PoolChange, PoolIntent};

use super::group::{Group, group_form};
use crate::{
    api::{ChangeHealthCheck, ChangeOutlierEjection},
    pages::pool::{Changer, PoolContext},
};

/// The active check of every instance.
#[component]
pub fn HealthForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "health",
        title: "Health check",
        verb: "Change health check",
        action: ChangeHealthCheck::url(),
        change: |health_check| PoolChange::HealthCheck { health_check },
    };
    let current = intent.policy.health_check.clone();
    group_form(group, &current, pool, changer, intent, why_not)
}

/// What real requests say about an instance, between two checks.
#[component]
pub fn OutlierForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "outlier",
        title: "Outlier ejection",
        verb: "Change outlier ejection",
        action: ChangeOutlierEjection::url(),
        change: |outlier| PoolChange::OutlierEjection { outlier },
    };
    let current = intent.policy.outlier;
    group_form(group, &current, pool, changer, intent, why_not)
}
