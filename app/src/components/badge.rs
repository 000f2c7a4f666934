//! State as colour, icon and word, always all three.

use leptos::prelude::*;
use model::{BreakerState, InstanceState, Severity, Standing, cluster::ObjectState, scaling::ScalingState};

use super::{Icon, icon};

const fn state_icon(state: InstanceState) -> Icon {
    match state {
        InstanceState::Up => Icon::Up,
        InstanceState::GoingDown | InstanceState::Ejected | InstanceState::BreakerOpen => Icon::Warning,
        InstanceState::Down => Icon::Down,
        InstanceState::Drain => Icon::Drain,
        InstanceState::Maintenance => Icon::Maintenance,
        InstanceState::Unknown => Icon::Unknown,
        InstanceState::Unchecked => Icon::Unchecked,
    }
}

/// For cells that are drawn again with every change: keeps its elements and changes colour, icon and word in place.
pub fn state_badge(state: InstanceState) -> impl IntoView {
    view! {
        <span class="badge" data-state=state.id()>
            {icon(state_icon(state))}
            <span>{state.label()}</span>
        </span>
    }
}

/// Whether an instance could be picked, in the colours of states.
pub fn standing_badge(standing: Standing) -> impl IntoView {
    let state = match standing {
        Standing::Takes => InstanceState::Up,
        Standing::Tried => InstanceState::GoingDown,
        Standing::Drain => InstanceState::Drain,
        Standing::Maintenance => InstanceState::Maintenance,
        Standing::Down => InstanceState::Down,
        Standing::Ejected => InstanceState::Ejected,
        Standing::BreakerOpen => InstanceState::BreakerOpen,
    };
    view! {
        <span class="badge" data-state=state.id()>
            {icon(state_icon(state))}
            <span>{standing.label()}</span>
        </span>
    }
}

const fn breaker_icon(state: BreakerState) -> Icon {
    match state {
        BreakerState::Closed => Icon::Up,
        BreakerState::HalfOpen => Icon::Unchecked,
        BreakerState::Open => Icon::Down,
        BreakerState::ForcedOpen | BreakerState::ForcedClosed => Icon::Maintenance,
    }
}

pub fn breaker_badge(state: BreakerState) -> impl IntoView {
    view! {
        <span class="badge" data-breaker=state.id()>
            {icon(breaker_icon(state))}
            <span>{state.label()}</span>
        </span>
    }
}

/// Worst first, as in lists.
const SCALING: [ScalingState; 7] = [
    ScalingState::Unknown,
    ScalingState::MetricsFailed,
    ScalingState::AtMax,
    ScalingState::ScalingOut,
    ScalingState::ScalingIn,
    ScalingState::Held,
    ScalingState::Steady,
];

/// Id for styles, symbol, and what it means.
const fn scaling_look(state: ScalingState) -> (&'static str, Icon, &'static str) {
    match state {
        ScalingState::Unknown => ("unknown", Icon::Unknown, "what runs it does not answer"),
        ScalingState::MetricsFailed => (
            "metrics_failed",
            Icon::Down,
            "the last decision could not read its metrics: nothing is scaled down",
        ),
        ScalingState::AtMax => ("at_max", Icon::Warning, "as many as it may have, and its metrics ask for more"),
        ScalingState::ScalingOut => ("scaling_out", Icon::ScaleOut, "fewer are ready than asked for"),
        ScalingState::ScalingIn => ("scaling_in", Icon::ScaleIn, "more are there than asked for"),
        ScalingState::Held => ("held", Icon::Maintenance, "an operator has laid a hold on it, for a time"),
        ScalingState::Steady => ("steady", Icon::Up, "as many are ready as asked for"),
    }
}

pub fn scaling_badge(state: ScalingState) -> impl IntoView {
    let (id, symbol, _) = scaling_look(state);
    view! {
        <span class="badge" data-scaling=id>
            {icon(symbol)}
            <span>{state.label()}</span>
        </span>
    }
}

#[component]
pub fn ScalingLegend() -> impl IntoView {
    legend(
        SCALING
            .into_iter()
            .map(|state| (scaling_badge(state).into_any(), scaling_look(state).2)),
    )
}

/// Worst first, as in lists.
const OBJECTS: [ObjectState; 7] = [
    ObjectState::Unknown,
    ObjectState::Failing,
    ObjectState::AtMax,
    ObjectState::Scaling,
    ObjectState::Attention,
    ObjectState::Steady,
    ObjectState::Off,
];

/// Id for styles, symbol, and what it means.
const fn object_look(state: ObjectState) -> (&'static str, Icon, &'static str) {
    match state {
        ObjectState::Unknown => ("unknown", Icon::Unknown, "its cluster does not answer: the last that was known"),
        ObjectState::Failing => ("failing", Icon::Down, "it cannot scale, and its page says why"),
        ObjectState::AtMax => ("at_max", Icon::Warning, "as large as it may be, and it wants more"),
        ObjectState::Scaling => ("scaling", Icon::Unchecked, "not as many are ready as there should be"),
        ObjectState::Attention => ("attention", Icon::Warning, "something about it is worth a look"),
        ObjectState::Steady => ("steady", Icon::Up, "as many are ready as there should be"),
        ObjectState::Off => ("off", Icon::Maintenance, "scaled to zero by hand"),
    }
}

pub fn object_badge(state: ObjectState) -> impl IntoView {
    let (id, symbol, _) = object_look(state);
    view! {
        <span class="badge" data-object=id>
            {icon(symbol)}
            <span>{state.label()}</span>
        </span>
    }
}

#[component]
pub fn ObjectLegend() -> impl IntoView {
    legend(
        OBJECTS
            .into_iter()
            .map(|state| (object_badge(state).into_any(), object_look(state).2)),
    )
}

#[component]
pub fn SeverityBadge(severity: Severity) -> impl IntoView {
    let symbol = match severity {
        Severity::Info => Icon::Info,
        Severity::Warning => Icon::Warning,
        Severity::Critical => Icon::Down,
    };
    view! {
        <span class="badge" data-severity=severity.id()>
            {icon(symbol)}
            <span>{severity.id()}</span>
        </span>
    }
}

/// What each state means; under every table that shows them.
#[component]
pub fn Legend() -> impl IntoView {
    legend(
        InstanceState::ALL
            .into_iter()
            .map(|state| (state_badge(state).into_any(), state.meaning())),
    )
}

#[component]
pub fn BreakerLegend() -> impl IntoView {
    legend(
        BreakerState::ALL
            .into_iter()
            .map(|state| (breaker_badge(state).into_any(), state.meaning())),
    )
}

fn legend(states: impl Iterator<Item = (AnyView, &'static str)>) -> impl IntoView {
    let entries = states
        .map(|(badge, meaning)| {
            view! {
                <div>
                    <dt>{badge}</dt>
                    <dd>{meaning}</dd>
                </div>
            }
        })
        .collect_view();
    view! {
        <details class="legend">
            <summary>"What the states mean"</summary>
            <dl>{entries}</dl>
        </details>
    }
}
