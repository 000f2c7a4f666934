use leptos::{
    prelude::*,
    server_fn::codec::{GetUrl, Json},
};
use model::{
    Page, WorkloadId,
    change::Changed,
    scaling::{DecisionSpan, FlapWarning, LedgerFilter, ScalingEvent, ScalingEventFilter, ScheduledBounds, WhatIfAnswer, WhatIfQuestion},
};

use super::Problem;
use crate::forms::Fields;

/// A policy as its form has it, field by field.
#[server(name = ChangeScalingPolicy, prefix = "/api/fn", endpoint = "change_scaling_policy")]
pub async fn change_scaling_policy(
    workload: WorkloadId,
    expected_version: u64,
    #[server(default)] settings: Fields,
) -> Result<Changed, Problem> {
    use model::scaling::ScalingChange;

    use super::context;
    use crate::forms::policy::policy_of;
    let who = context::system_admin()?;
    let policy = Box::new(context::answer(policy_of(&settings).map_err(Into::into))?);
    let change = ScalingChange::Policy { policy };
    context::answer(context::control()?.change_scaling(&who, &workload, expected_version, &change).await)
}

/// All rules of a schedule as their form has them, field by field.
#[server(name = ChangeSchedule, prefix = "/api/fn", endpoint = "change_schedule")]
pub async fn change_schedule(workload: WorkloadId, expected_version: u64, #[server(default)] settings: Fields) -> Result<Changed, Problem> {
    use model::scaling::ScalingChange;

    use super::context;
    use crate::forms::schedule::schedule_of;
    let who = context::system_admin()?;
    let schedule = context::answer(schedule_of(&settings).map_err(Into::into))?;
    let change = ScalingChange::Schedule { schedule };
    context::answer(context::control()?.change_scaling(&who, &workload, expected_version, &change).await)
}

/// A prediction as its form has it, field by field.
#[server(name = ChangePrediction, prefix = "/api/fn", endpoint = "change_prediction")]
pub async fn change_prediction(
    workload: WorkloadId,
    expected_version: u64,
    #[server(default)] settings: Fields,
) -> Result<Changed, Problem> {
    use model::scaling::ScalingChange;

    use super::context;
    use crate::forms::prediction::prediction_of;
    let who = context::system_admin()?;
    let prediction = context::answer(prediction_of(&settings).map_err(Into::into))?;
    let change = ScalingChange::Prediction { prediction };
    context::answer(context::control()?.change_scaling(&who, &workload, expected_version, &change).await)
}

/// The demand of the last day that a forecast is made from, five minutes each: when they began (Unix ms), and the sum over all instances.
#[server(name = ReadDemand, prefix = "/api/fn", endpoint = "demand", input = GetUrl)]
pub async fn demand(workload: WorkloadId) -> Result<Vec<(i64, Option<f64>)>, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.measured_demand(&who, &workload).await)
}

/// Lays a hold on a workload for some minutes, or lets go. `to`: `pin` with `replicas`, `pause`, `pause_scale_out`, `pause_scale_in`
/// or `none`.
#[server(name = HoldScaling, prefix = "/api/fn", endpoint = "hold_scaling")]
pub async fn hold_scaling(
    workload: WorkloadId,
    expected_version: u64,
    to: String,
    replicas: Option<u32>,
    minutes: Option<u32>,
) -> Result<Changed, Problem> {
    use model::scaling::ScalingChange;

    use super::context;
    use crate::forms::hold::hold_of;
    let who = context::system_admin()?;
    let control = context::control()?;
    let hold = context::answer(hold_of(&to, replicas, minutes, control.now_ms()).map_err(Into::into))?;
    let change = ScalingChange::Hold { hold };
    context::answer(control.change_scaling(&who, &workload, expected_version, &change).await)
}

/// The ledger: decisions that pass the filter, newest first, at most `limit` of them.
#[server(name = ReadDecisions, prefix = "/api/fn", endpoint = "decisions", input = GetUrl)]
pub async fn decisions(filter: LedgerFilter, limit: u32) -> Result<Page<DecisionSpan>, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.decisions(&who, &filter, limit).await)
}

/// Changes of replicas that pass the filter, newest first, at most `limit` of them.
#[server(name = ReadScalingEvents, prefix = "/api/fn", endpoint = "scaling_events", input = GetUrl)]
pub async fn scaling_events(#[server(default)] filter: ScalingEventFilter, limit: u32) -> Result<Page<ScalingEvent>, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.scaling_events(&who, &filter, limit).await)
}

/// From when to when (Unix ms) in the coming week which bounds would hold under the rules of a form.
#[server(name = ComingWeek, prefix = "/api/fn", endpoint = "coming_week")]
pub async fn coming_week(workload: WorkloadId, #[server(default)] settings: Fields) -> Result<Vec<(i64, i64, ScheduledBounds)>, Problem> {
    use super::context;
    use crate::forms::schedule::schedule_of;
    let who = context::viewer()?;
    let rules = context::answer(schedule_of(&settings).map_err(Into::into))?;
    context::answer(context::control()?.coming_week(&who, &workload, &rules).await)
}

/// What other policies would have made of a demand. Takes seconds; ends when nobody waits for it any more.
#[server(name = AskWhatIf, prefix = "/api/fn", endpoint = "what_if", input = Json)]
pub async fn what_if(question: WhatIfQuestion) -> Result<WhatIfAnswer, Problem> {
    use super::context;
    let who = context::viewer()?;
    context::answer(context::control()?.what_if(&who, &question).await)
}

/// What of a policy, as its form has it, will make the replicas flap.
#[server(name = CheckScaling, prefix = "/api/fn", endpoint = "check_scaling")]
pub async fn check_scaling(workload: WorkloadId, #[server(default)] settings: Fields) -> Result<Vec<FlapWarning>, Problem> {
    use super::context;
    use crate::forms::policy::policy_of;
    let (who, control) = (context::viewer()?, context::control()?);
    let policy = context::answer(policy_of(&settings).map_err(Into::into))?;
    let mut plan = context::answer(control.scaling_intent(&who, &workload))?.plan;
    plan.policy = policy;
    context::answer(control.check_scaling(&who, &workload, &plan))
}
