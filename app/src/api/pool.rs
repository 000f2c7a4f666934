use leptos::{prelude::*, server_fn::codec::GetUrl};
use model::{
    AdminState, AffinityPolicy, Algorithm, BreakerPolicy, DegradationPolicy, HealthCheck, LimitPolicy, OutlierEjection, Pins, PoolId,
    PoolIntent, RetryPolicy, change::Changed,
};

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
    super::context::change_pool(&pool, expected_version, model::PoolChange::Algorithm { algorithm }).await
}

#[server(name = ChangeHealthCheck, prefix = "/api/fn", endpoint = "change_health_check")]
pub async fn change_health_check(pool: PoolId, expected_version: u64, settings: HealthCheck) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::HealthCheck { health_check: settings }).await
}

#[server(name = ChangeOutlierEjection, prefix = "/api/fn", endpoint = "change_outlier_ejection")]
pub async fn change_outlier_ejection(pool: PoolId, expected_version: u64, settings: OutlierEjection) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::OutlierEjection { outlier: settings }).await
}

#[server(name = ChangeBreaker, prefix = "/api/fn", endpoint = "change_breaker")]
pub async fn change_breaker(pool: PoolId, expected_version: u64, settings: BreakerPolicy) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::Breaker { breaker: settings }).await
}

#[server(name = ChangeRetry, prefix = "/api/fn", endpoint = "change_retry")]
pub async fn change_retry(pool: PoolId, expected_version: u64, settings: RetryPolicy) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::Retry { retry: settings }).await
}

#[server(name = ChangeAffinity, prefix = "/api/fn", endpoint = "change_affinity")]
pub async fn change_affinity(pool: PoolId, expected_version: u64, settings: AffinityPolicy) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::Affinity { affinity: settings }).await
}

#[server(name = ChangeLimits, prefix = "/api/fn", endpoint = "change_limits")]
pub async fn change_limits(pool: PoolId, expected_version: u64, settings: LimitPolicy) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::Limits { limits: settings }).await
}

#[server(name = ChangeDegradation, prefix = "/api/fn", endpoint = "change_degradation")]
pub async fn change_degradation(pool: PoolId, expected_version: u64, settings: DegradationPolicy) -> Result<Changed, Problem> {
    super::context::change_pool(&pool, expected_version, model::PoolChange::Degradation { degradation: settings }).await
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
    // Nobody learns from an error what they may not change.
    context::system_admin()?;
    let ids = ids
        .split(',')
        .filter(|id| !id.is_empty())
        .map(InstanceId::new)
        .collect::<Result<Vec<_>, _>>();
    let ids = context::answer(ids.map_err(|e| ApiError::invalid("instances", e.to_string())))?;
    let weight = context::answer(weight.map(Weight::new).transpose().map_err(Into::into))?;
    context::change_pool(&pool, expected_version, PoolChange::Instances { ids, weight, admin }).await
}

/// Which clients come back to which instance.
#[server(name = ReadPins, prefix = "/api/fn", endpoint = "pins", input = GetUrl)]
pub async fn pins(pool: PoolId) -> Result<Pins, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.pins(&who, &pool).await)
}
