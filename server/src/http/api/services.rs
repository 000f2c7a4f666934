//! `/api/scalability/services` and `/api/scalability/health/update`: instances that announce themselves and say how they are.
//!
//! Changes need the registry's token; a session's cookie alone opens only the list.

use std::net::IpAddr;

use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{
        FromRequestParts, Path, Query, State,
        rejection::{BytesRejection, QueryRejection},
    },
    http::{HeaderMap, Method, StatusCode, request::Parts},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use control::{
    access::Registrar,
    decide::report::Report,
    registration::{Alive, Outcome, Part, Reader, Services},
};
use model::{ApiError, Offer};
use serde::Deserialize;

use super::{
    super::{Console, ProblemDetails, client::ClientAddress, machine, session},
    json, json_or_default,
};

const LIST: &str = "/api/scalability/services";
const REGISTER: &str = "/api/scalability/services/register";
const ONE: &str = "/api/scalability/services/{pool}/{id}";
const HEARTBEAT: &str = "/api/scalability/services/{pool}/{id}/heartbeat";
const UPDATE: &str = "/api/scalability/health/update";

pub(in super::super) fn routes() -> Router<Console> {
    Router::new()
        .route(LIST, get(list))
        .route(REGISTER, post(register))
        .route(ONE, delete(deregister))
        .route(HEARTBEAT, post(heartbeat))
        .route(UPDATE, post(update))
}

/// Those that change something.
pub(in super::super) const MUTATING: [(Method, &str); 4] = [
    (Method::POST, REGISTER),
    (Method::DELETE, ONE),
    (Method::POST, HEARTBEAT),
    (Method::POST, UPDATE),
];

/// What instances send all the time: signs of life, load reports, and registrations that are not new.
pub(in super::super) fn is_frequent(path: &str, status: StatusCode) -> bool {
    match path.strip_prefix(LIST) {
        Some(below) => below.ends_with("/heartbeat") || (path == REGISTER && status == StatusCode::OK),
        None => path == UPDATE,
    }
}

/// A pool and an instance as they stand in the address; not looked at yet.
struct Named {
    pool: String,
    id: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((pool, id))) => Ok(Self { pool, id }),
            Err(_) => Err(ProblemDetails::new(StatusCode::NOT_FOUND, "there is nothing at this address")),
        }
    }
}

/// Whoever holds the registry's token.
struct Machine(Registrar);

impl FromRequestParts<Console> for Machine {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, console: &Console) -> Result<Self, ProblemDetails> {
        let Extension(ClientAddress(from)) = Extension::from_request_parts(parts, console)
            .await
            .map_err(|_| ProblemDetails::new(StatusCode::INTERNAL_SERVER_ERROR, "the client's address is not known"))?;
        Ok(Self(registrar(console, &parts.headers, from)?))
    }
}

fn registrar(console: &Console, headers: &HeaderMap, from: IpAddr) -> Result<Registrar, ProblemDetails> {
    Ok(console.control().registrar(machine::token(headers), from)?)
}

async fn register(
    State(console): State<Console>,
    Machine(who): Machine,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, ProblemDetails> {
    let offer: Offer = json(&headers, body)?;
    let accepted = console.control().register(&who, offer).await?;
    let status = match accepted.outcome {
        Outcome::Registered => StatusCode::CREATED,
        Outcome::Updated | Outcome::Refreshed => StatusCode::OK,
    };
    Ok((status, Json(accepted)).into_response())
}

async fn heartbeat(
    State(console): State<Console>,
    Machine(who): Machine,
    Named { pool, id }: Named,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Alive>, ProblemDetails> {
    let report: Report = json_or_default(&headers, body)?;
    Ok(Json(console.control().heartbeat(&who, &pool, &id, &report).await?))
}

async fn deregister(
    State(console): State<Console>,
    Machine(who): Machine,
    Named { pool, id }: Named,
) -> Result<StatusCode, ProblemDetails> {
    console.control().deregister(&who, &pool, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whose load report, and the report.
#[derive(Deserialize)]
struct Update {
    pool: String,
    id: String,
    #[serde(flatten)]
    report: Report,
}

async fn update(
    State(console): State<Console>,
    Machine(who): Machine,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, ProblemDetails> {
    let Update { pool, id, report } = json(&headers, body)?;
    console.control().report_load(&who, &pool, &id, &report).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct Asked {
    pool: Option<String>,
    after: Option<String>,
    limit: Option<usize>,
}

async fn list(
    State(console): State<Console>,
    Extension(ClientAddress(from)): Extension<ClientAddress>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Services>, ProblemDetails> {
    let who = reader(&console, &headers, from).await?;
    let Query(asked) = asked.map_err(|_| ApiError::invalid("limit", "must be a number; pool and after are text"))?;
    let part = Part {
        pool: asked.pool.as_deref(),
        after: asked.after.as_deref(),
        limit: asked.limit,
    };
    Ok(Json(console.control().services(&who, part)?))
}

/// A token decides alone; without one, the session.
async fn reader(console: &Console, headers: &HeaderMap, from: IpAddr) -> Result<Reader, ProblemDetails> {
    if machine::has_token(headers) {
        return Ok(Reader::Registrar(registrar(console, headers, from)?));
    }
    let principal = session::principal(console, headers, from).await?;
    let principal = principal.ok_or_else(session::signed_out)?;
    Ok(Reader::Viewer(principal.viewer()))
}
