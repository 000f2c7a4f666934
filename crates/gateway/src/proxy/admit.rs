//! Whether a request may go to its pool: limits, breaker, instances, in this order. Each says so in the request's receipt.

use std::sync::Arc;

use http::header;
use model::{Guard, Priority};
use pingora_proxy::Session;

use super::{Exchange, answer::Answer, request::picked_by};
use crate::{
    plan::{Pool, Way},
    state::Refusal,
};

/// Why the gateway answers itself, as it is counted and as the client is told.
pub(super) type Refused = (Refusal, Answer);

/// What the client is told when the pool does not take it.
pub(super) fn admit(session: &Session, exchange: &mut Exchange, pool: &Arc<Pool>, way: Way) -> Result<(), Answer> {
    let admitted = check_limits(session, exchange, pool, way);
    let entered = admitted.and_then(|()| enter(session, exchange, pool));
    entered.map_err(|(refusal, answer)| {
        pool.state.refused(refusal);
        answer
    })
}

/// What needs no instance. Nothing is counted here but the client's requests.
pub(super) fn check_limits(session: &Session, exchange: &mut Exchange, pool: &Pool, way: Way) -> Result<(), Refused> {
    exchange.note(|draft| draft.routed(pool.id(), pool.plan.version, pool.plan.algorithm));
    let refused = |refusal, answer| Err((refusal, answer));
    let request = picked_by(session, exchange);
    let limits = &pool.plan.limits;

    if let Some(rate) = &pool.rate {
        let taken = rate.take(request.client, way.number);
        exchange.note(|draft| {
            let detail = match &taken {
                Ok(()) => format!("within {} in {} s, burst {}", limits.requests, limits.period_s, limits.burst),
                Err(wait) => format!(
                    "more than {} in {} s; next in {} ms",
                    limits.requests,
                    limits.period_s,
                    wait.as_millis()
                ),
            };
            draft.verdict(Guard::Rate, taken.is_ok(), detail);
        });
        if let Err(wait) = taken {
            return refused(Refusal::Rate, Answer::TooManyRequests { wait });
        }
    }

    if let Some(why) = pool.state.degradation.why() {
        let passes = way.priority != Priority::Low;
        exchange.note(|draft| draft.verdict(Guard::Degradation, passes, format!("degraded: {why}")));
        if !passes {
            return refused(Refusal::Shed, Answer::Degraded);
        }
    }

    if limits.body_bytes > 0
        && let Some(length) = content_length(session)
    {
        let passes = length <= limits.body_bytes.into();
        exchange.note(|draft| draft.verdict(Guard::Body, passes, format!("{length} of at most {} bytes", limits.body_bytes)));
        if !passes {
            return refused(Refusal::Body, Answer::BodyTooLarge);
        }
    }

    if limits.in_flight > 0 {
        let in_flight = pool.state.tally.in_flight();
        let passes = in_flight < limits.in_flight;
        exchange.note(|draft| {
            draft.verdict(
                Guard::InFlight,
                passes,
                format!("{in_flight} of at most {} in flight", limits.in_flight),
            );
        });
        if !passes {
            return refused(Refusal::InFlight, Answer::TooBusy);
        }
    }

    Ok(())
}

/// Through the pool's breaker to an instance.
pub(super) fn enter(session: &Session, exchange: &mut Exchange, pool: &Arc<Pool>) -> Result<(), Refused> {
    let request = picked_by(session, exchange);
    let known = pool
        .affinity
        .as_ref()
        .map(|affinity| affinity.know(&session.req_header().headers, request.client));
    exchange.enter(pool.clone(), known, &request).map_err(|refusal| match refusal {
        Refusal::Breaker => (refusal, Answer::BreakerOpen),
        _ => (refusal, Answer::NoInstance),
    })
}

fn content_length(session: &Session) -> Option<u64> {
    session
        .req_header()
        .headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
}
