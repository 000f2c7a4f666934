//! Simulations over plain HTTP.

use axum::{
    Json,
    extract::{
        Path, Query, State,
        rejection::{JsonRejection, PathRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{App, Problem};
use crate::{
    jobs::{Job, Progress, State as JobState},
    montecarlo::{Outcome, Plan},
    request::{self, Invalid},
};

#[derive(Debug, Serialize)]
struct Asked {
    #[serde(flatten)]
    plan: Plan,
    seed: u64,
}

/// Name and value as they came; an unknown name is refused, so nothing is parsed away.
pub(super) type Pairs = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// One simulation, as told over HTTP and WebSocket.
#[derive(Debug, Serialize)]
pub(super) struct Simulation<'a> {
    id: &'a str,
    instance: &'a str,
    state: JobState,
    /// 0 to 1.
    progress: f64,
    scenarios_done: u32,
    request: Asked,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Outcome>,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(app: &'a App, job: &'a Job, now: Progress) -> Self {
        Self {
            id: &job.id,
            instance: app.instance(),
            state: now.state,
            progress: f64::from(now.scenarios_done) / f64::from(job.plan.n_scenarios),
            scenarios_done: now.scenarios_done,
            request: Asked {
                plan: job.plan,
                seed: job.seed,
            },
            result: now.outcome,
        }
    }
}

/// `POST /simulations`.
pub(super) async fn start(
    State(app): State<App>,
    query: Pairs,
    body: Result<Json<Map<String, Value>>, JsonRejection>,
) -> Result<Response, Problem> {
    let waits = waits(&query?)?;
    let Json(body) = body?;
    let job = app.0.jobs.start(request::from_body(body)?)?;
    if !waits {
        let place = format!("/simulations/{}", job.id);
        let told = Json(Simulation::new(&app, &job, job.progress())).into_response();
        return Ok((StatusCode::ACCEPTED, [(header::LOCATION, place)], told).into_response());
    }
    let _ends_with_the_client = job.cancel_on_drop();
    let mut progress = job.follow();
    let end = progress.wait_for(|now| now.state.is_final()).await.map(|end| *end);
    match end {
        Ok(end) if end.state == JobState::Done => Ok(Json(Simulation::new(&app, &job, end)).into_response()),
        Ok(end) if end.state == JobState::Cancelled => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the instance is stopping")),
        _ => Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "the simulation crashed")),
    }
}

fn waits(query: &[(String, String)]) -> Result<bool, Invalid> {
    let invalid = |field: &str, reason: &str| Invalid {
        field: field.chars().take(40).collect(),
        reason: reason.to_owned(),
    };
    match query {
        [] => Ok(false),
        [(key, value)] if key == "wait" => value.parse().map_err(|_| invalid("wait", "must be true or false")),
        [(key, _), ..] => Err(invalid(key, "is not understood here; the only parameter is wait, once")),
    }
}

/// `GET /simulations/{id}`.
pub(super) async fn show(State(app): State<App>, id: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let job = app.0.jobs.find(&id?).ok_or_else(Problem::no_such_simulation)?;
    Ok(Json(Simulation::new(&app, &job, job.progress())).into_response())
}

#[derive(Serialize)]
struct Quick {
    request: Asked,
    result: Outcome,
}

/// `GET /simulate`: names neither the instance nor the time in its body, so that all instances answer alike.
pub(super) async fn quick(State(app): State<App>, query: Pairs) -> Result<Response, Problem> {
    let asked = request::from_quick_query(query?.0)?;
    let plan = asked.plan;
    let seed = asked.seed.expect("a query has a default seed");
    let result = app.0.jobs.quick(plan, seed).await??;
    Ok(Json(Quick {
        request: Asked { plan, seed },
        result,
    })
    .into_response())
}
