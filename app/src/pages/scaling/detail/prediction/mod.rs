//! The Prediction tab: what the forecast says and how far off it has been, the demand it is made from, and its settings.

mod course;
mod form;
mod picture;
mod says;

use leptos::prelude::*;
use model::scaling::{Forecast, Prediction, PredictionMode, PredictionProof, WorkloadView};

use super::{change::Changer, context::WorkloadContext, settings::FromInForce};
use crate::url::UseQuery;

#[component]
pub fn PredictionTab(workload: WorkloadContext, changer: Changer, query: UseQuery) -> impl IntoView {
    let now = workload.part(Now::of);
    view! {
        <says::Says workload=workload now=now />
        <picture::Picture workload=workload now=now />
        <FromInForce workload=workload changer=changer form=move |intent| form::form(workload, changer, query, intent) />
    }
    .into_any()
}

/// What stands there now.
#[derive(Debug, Clone, PartialEq)]
struct Now {
    prediction: Prediction,
    /// What is forecast, where the policy has such a thing.
    signal: Option<String>,
    forecast: Option<Forecast>,
    /// What came of it in the last decision.
    asked: Option<PredictionProof>,
    every_s: u32,
}

impl Now {
    fn of(view: &WorkloadView) -> Self {
        let plan = &view.intent.plan;
        Self {
            prediction: plan.prediction.clone(),
            signal: plan.prediction.target(&plan.policy).map(|(signal, _)| signal),
            forecast: view.forecast.clone(),
            asked: view.last.as_ref().and_then(|span| span.decision.proof.prediction.clone()),
            every_s: view.evaluated_every_s,
        }
    }

    fn is_off(&self) -> bool {
        self.prediction.mode == PredictionMode::Off
    }
}
