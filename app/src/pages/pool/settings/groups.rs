//! One form for each group of settings.

use leptos::{prelude::*, server_fn::ServerFn};
use model::{PoolChange, PoolIntent};

use super::group::{Group, group_form};
use crate::{
    api::{ChangeAffinity, ChangeBreaker, ChangeDegradation, ChangeHealthCheck, ChangeLimits, ChangeOutlierEjection, ChangeRetry},
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

/// When an instance, or the whole pool, is spared.
#[component]
pub fn BreakerForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "breaker",
        title: "Circuit breakers",
        verb: "Change breakers",
        action: ChangeBreaker::url(),
        change: |breaker| PoolChange::Breaker { breaker },
    };
    let current = intent.policy.breaker;
    group_form(group, &current, pool, changer, intent, why_not)
}

/// When a request goes to a further instance.
#[component]
pub fn RetryForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "retry",
        title: "Retries",
        verb: "Change retries",
        action: ChangeRetry::url(),
        change: |retry| PoolChange::Retry { retry },
    };
    let current = intent.policy.retry;
    group_form(group, &current, pool, changer, intent, why_not)
}

/// Whether clients come back to the same instance.
#[component]
pub fn AffinityForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "affinity",
        title: "Affinity",
        verb: "Change affinity",
        action: ChangeAffinity::url(),
        change: |affinity| PoolChange::Affinity { affinity },
    };
    let current = intent.policy.affinity.clone();
    group_form(group, &current, pool, changer, intent, why_not)
}

/// What one client, and all together, may ask.
#[component]
pub fn LimitsForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "limits",
        title: "Limits",
        verb: "Change limits",
        action: ChangeLimits::url(),
        change: |limits| PoolChange::Limits { limits },
    };
    let current = intent.policy.limits;
    group_form(group, &current, pool, changer, intent, why_not)
}

/// When the pool does without what matters less.
#[component]
pub fn DegradationForm(pool: PoolContext, changer: Changer, intent: PoolIntent, why_not: Option<String>) -> impl IntoView {
    let group = Group {
        id: "degradation",
        title: "Degradation",
        verb: "Change degradation",
        action: ChangeDegradation::url(),
        change: |degradation| PoolChange::Degradation { degradation },
    };
    let current = intent.policy.degradation;
    group_form(group, &current, pool, changer, intent, why_not)
}
