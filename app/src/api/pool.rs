#![expect(clippy::too_many_arguments, reason = "one for each field of a form")]

use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{AdminState, Algorithm, PoolId, PoolIntent, change::Changed};

use super::Problem;

/// What is intended for a pool, with the version that a change has to send back.
#[server(name = ReadIntent, prefix = "/api/fn", endpoint = "intent", input = GetUrl)]
pub async fn intent(pool: PoolId) -> Result<PoolIntent, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.intent(&who, &pool))
}

#[server(name = ChangeAlgorithm, prefix = "/api/fn", endpoint = "change_algorithm")]
pub async fn change_algorithm(pool: PoolId, expected_version: u64, algorithm: Algorithm) -> Result<Changed, Problem> {
    use model::PoolChange;

    use super::context;
    let who = context::system_admin()?;
    let change = PoolChange::Algorithm { algorithm };
    context::answer(context::control()?.change_pool(&who, &pool, expected_version, &change).await)
}

#[server(name = ChangeHealthCheck, prefix = "/api/fn", endpoint = "change_health_check")]
pub async fn change_health_check(
    pool: PoolId,
    expected_version: u64,
    path: String,
    interval_ms: u32,
    timeout_ms: u32,
    rise: u8,
    fall: u8,
    slow_start_ms: u32,
) -> Result<Changed, Problem> {
    use model::{HealthCheck, PathPrefix, PoolChange};

    use super::context;
    let who = context::system_admin()?;
    let path = context::answer(PathPrefix::new(path).map_err(Into::into))?;
    let change = PoolChange::HealthCheck {
        health_check: HealthCheck {
            path,
            interval_ms,
            timeout_ms,
            rise,
            fall,
            slow_start_ms,
        },
    };
    context::answer(context::control()?.change_pool(&who, &pool, expected_version, &change).await)
}

#[server(name = ChangeOutlierEjection, prefix = "/api/fn", endpoint = "change_outlier_ejection")]
pub async fn change_outlier_ejection(
    pool: PoolId,
    expected_version: u64,
    failures: u16,
    base_ms: u32,
    max_ms: u32,
    max_percent: u8,
) -> Result<Changed, Problem> {
    use model::{OutlierEjection, PoolChange};

    use super::context;
    let who = context::system_admin()?;
    let change = PoolChange::OutlierEjection {
        outlier: OutlierEjection {
            failures,
            base_ms,
            max_ms,
            max_percent,
        },
    };
    context::answer(context::control()?.change_pool(&who, &pool, expected_version, &change).await)
}

/// Weight, state or both, for the instances named in `ids` (comma between them); what is absent stays.
#[server(name = ChangeInstances, prefix = "/api/fn", endpoint = "change_instances")]
pub async fn change_instances(
    pool: PoolId,
    expected_version: u64,
    ids: String,
    weight: Option<u16>,
    admin: Option<AdminState>,
) -> Result<Changed, Problem> {
    use model::{ApiError, InstanceId, PoolChange, Weight};

    use super::context;
    let who = context::system_admin()?;
    let ids = ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(InstanceId::new)
        .collect::<Result<Vec<_>, _>>();
    let ids = context::answer(ids.map_err(|e| ApiError::invalid("instances", e.to_string())))?;
    let weight = context::answer(weight.map(Weight::new).transpose().map_err(Into::into))?;
    let change = PoolChange::Instances { ids, weight, admin };
    context::answer(context::control()?.change_pool(&who, &pool, expected_version, &change).await)
}
