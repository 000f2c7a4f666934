//! Which path goes where, and through what.

use axum::{
    Router,
    http::Method,
    middleware::{from_fn, from_fn_with_state},
    routing::{get, post},
};

use super::{
    Console, accept, api, body, client, deadline, gateways, headers, host, journal, live, metrics, origin, pages, panics, probes, render,
    replicas, session, setup, sign_in, sign_out, site,
};
use crate::replica::{SNAPSHOTS, SYNC};

/// The whole console.
pub fn router(console: Console) -> Router {
    let open = Router::new()
        .route("/health", get(probes::health))
        .route("/ready", get(probes::ready))
        .route("/metrics", get(metrics::metrics))
        .merge(api::services::routes())
        .merge(site::routes(console.site()));
    let pages = pages::routes(&console)
        .fallback(pages::not_found)
        .layer(from_fn_with_state(console.clone(), render::apart));
    let known = Router::new()
        .route("/api/live", get(live::live))
        .merge(api::series::routes())
        .merge(api::doctor::routes())
        .route("/sign-in", post(sign_in::sign_in))
        .route("/setup", post(setup::setup))
        .route("/sign-out", post(sign_out::sign_out))
        .merge(pages)
        .layer(from_fn(pages::own_referer))
        .layer(from_fn_with_state(console.clone(), session::identify));
    // The last one is the outermost: even a refusal and a panic carry the security headers and get their line in the log.
    known
        .merge(open)
        .layer(from_fn_with_state(console.clone(), replicas::to_leader))
        .layer(from_fn(body::limit))
        .layer(from_fn(deadline::enforce))
        .layer(from_fn_with_state(console.clone(), origin::check))
        .layer(from_fn_with_state(console.clone(), client::identify))
        .layer(from_fn_with_state(console.clone(), host::check))
        .merge(
            Router::new()
                .route(gateways::PATH, post(gateways::sync))
                .route(SNAPSHOTS, get(replicas::snapshots))
                .route(SYNC, post(replicas::sync))
                .layer(from_fn(deadline::enforce)),
        )
        .layer(from_fn(panics::catch))
        .layer(from_fn_with_state(console.clone(), accept::explain))
        .layer(from_fn(journal::write))
        .layer(from_fn_with_state(console.clone(), headers::secure))
        .with_state(console)
}

/// Every route that answers to something else than GET: what a cross-site request must not reach. Not those of gateways: no browser can
/// be made to send their token.
pub fn mutating_routes() -> Vec<(Method, String)> {
    let own = ["/sign-in", "/setup", "/sign-out"].map(|path| (Method::POST, path.to_owned()));
    let functions = leptos::server_fn::axum::server_fn_paths().filter(|(_, method)| method != Method::GET);
    let machines = api::services::MUTATING.map(|(method, path)| (method, path.to_owned()));
    let texts = api::doctor::MUTATING.map(|(method, path)| (method, path.to_owned()));
    own.into_iter()
        .chain(machines)
        .chain(texts)
        .chain(functions.map(|(path, method)| (method, path.to_owned())))
        .collect()
}
