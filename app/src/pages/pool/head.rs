use leptos::prelude::*;
use model::{BreakerState, Refusals, Retries, Reused};

use super::{PoolContext, tabs::Tab};
use crate::{
    components::{Callout, CopyButton, PageTab, Tone, state_badge},
    format,
    url::UseQuery,
};

/// What the pool is, in one line: name, state, balancer, algorithm, version.
#[component]
pub fn Head(pool: PoolContext, query: UseQuery) -> impl IntoView {
    let name = pool.id.with_value(ToString::to_string);
    let state = pool.part(|v| v.pool.state);
    let facts = pool.part(|v| {
        (
            v.pool.balancer.to_string(),
            v.intended_algorithm,
            v.pool.instances_up,
            v.pool.instances_total,
        )
    });
    let version = pool.part(|v| (v.intended_version, v.applied_version, v.changed_by.clone()));
    let unserved = pool.part(|v| v.unserved);
    let refusals = pool.part(|v| refusal_words(&v.refusals));
    let retries = pool.part(|v| retry_words(v.retries));
    let reused = pool.part(|v| reuse_words(v.reused));
    let degraded = pool.part(|v| v.degraded.clone());
    let panics = pool.part(|v| v.is_panicking);
    let open = pool.part(|v| {
        v.breaker
            .as_ref()
            .filter(|b| b.state < BreakerState::HalfOpen)
            .map(|b| (b.state, b.cause.clone()))
    });
    let refused = pool.part(|v| v.refused.clone());
    let change = move || query.link_with(|q| Tab::Settings.write(&q));
    view! {
        <header class="page-head">
            <p class="crumbs">
                <a href="/pools">"Pools"</a>
                <span aria-hidden="true">"/"</span>
            </p>
            <h1>{name.clone()}</h1>
            <CopyButton text=name label="Copy the name" />
            {move || state.get().map(state_badge)}
        </header>
        <dl class="facts">
            <div>
                <dt>"Balancer"</dt>
                <dd>{move || facts.get().map(|f| f.0)}</dd>
            </div>
            <div>
                <dt>"Algorithm"</dt>
                <dd>
                    <span>{move || facts.get().map(|f| f.1.label())}</span>
                    <a class="button small" href=change>
                        "Change"
                        <span class="hidden-visually">" the algorithm"</span>
                    </a>
                </dd>
            </div>
            <div>
                <dt>"Instances up"</dt>
                <dd>{move || facts.get().map(|f| format!("{} / {}", f.2, f.3))}</dd>
            </div>
            <div>
                <dt>"Policy"</dt>
                <dd>{move || version.get().map(|(intended, applied, by)| version_words(intended, applied, by))}</dd>
            </div>
            <div>
                <dt>"Without an instance"</dt>
                <dd>{move || unserved.get().map(format::count)}</dd>
            </div>
            {move || {
                refusals
                    .get()
                    .flatten()
                    .map(|words| {
                        view! {
                            <div>
                                <dt>"Refused"</dt>
                                <dd>{words}</dd>
                            </div>
                        }
                    })
            }}
            {move || {
                reused
                    .get()
                    .flatten()
                    .map(|words| {
                        view! {
                            <div>
                                <dt>"Shared answers"</dt>
                                <dd>{words}</dd>
                            </div>
                        }
                    })
            }}
            {move || {
                retries
                    .get()
                    .flatten()
                    .map(|words| {
                        view! {
                            <div>
                                <dt>"Retries"</dt>
                                <dd>{words}</dd>
                            </div>
                        }
                    })
            }}
        </dl>
        {move || {
            open.get()
                .flatten()
                .map(|(state, cause)| {
                    view! {
                        <Callout tone=Tone::Critical>
                            <p class="strong">{format!("The pool's breaker is {}: every request is answered 503.", state.label())}</p>
                            <p>{cause} " " <a href="/breakers">"See the breakers"</a></p>
                        </Callout>
                    }
                })
        }}
        {move || {
            degraded
                .get()
                .flatten()
                .map(|why| {
                    view! {
                        <Callout tone=Tone::Warning>
                            <p class="strong">"The pool is degraded: routes of low priority are answered 503."</p>
                            <p>{why}</p>
                        </Callout>
                    }
                })
        }}
        {move || {
            (panics.get() == Some(true))
                .then(|| {
                    view! {
                        <Callout tone=Tone::Critical>
                            <p class="strong">"The pool panics: too few instances are in service, so health is ignored and all get requests."</p>
                        </Callout>
                    }
                })
        }}
        {move || {
            refused
                .get()
                .flatten()
                .map(|why| {
                    view! {
                        <Callout tone=Tone::Critical>
                            <p class="strong">"The balancer refused the policy; the one before it stays in force."</p>
                            <p>{why}</p>
                        </Callout>
                    }
                })
        }}
    }
    .into_any()
}

/// `12 × 429, 3 × 503 breaker`; nothing while nothing was refused.
fn refusal_words(refusals: &Refusals) -> Option<String> {
    let kinds = [
        (refusals.rate, "429"),
        (refusals.body, "413"),
        (refusals.in_flight, "503 too busy"),
        (refusals.shed, "503 degraded"),
        (refusals.breaker, "503 breaker"),
    ];
    let words: Vec<_> = kinds
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, kind)| format!("{} × {kind}", format::count(*count)))
        .collect();
    (!words.is_empty()).then(|| words.join(", "))
}

/// Requests that were given an answer fetched for another one.
fn reuse_words(reused: Reused) -> Option<String> {
    let told = [
        (reused.deduplicated, "fetched once for several"),
        (reused.stale, "kept from before"),
    ];
    let told: Vec<_> = told
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", format::count(*count)))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn retry_words(retries: Retries) -> Option<String> {
    let over = match retries.over_budget {
        0 => String::new(),
        over => format!(", {} over budget", format::count(over)),
    };
    (retries != Retries::default()).then(|| format!("{}{over}", format::count(retries.sent)))
}

/// `version 7 by ann`, and while a change is under way `version 6 → 7, applying`.
fn version_words(intended: u64, applied: u64, by: Option<String>) -> impl IntoView {
    let pending = applied < intended;
    let by = by.unwrap_or_else(|| "the settings file".to_owned());
    let words = if pending {
        format!("version {applied} → {intended}, applying")
    } else {
        format!("version {intended} by {by}")
    };
    view! { <span class:pending=pending>{words}</span> }
}
