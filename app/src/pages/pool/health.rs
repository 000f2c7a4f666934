//! The Health tab: what the checks find, how long they take, and what keeps an instance from its requests.

use leptos::prelude::*;
use model::{InstanceId, InstanceRow};

use super::PoolContext;
use crate::{
    components::{DataTable, Head, Legend, breaker_badge, state_badge},
    format,
};

/// More rows than this are not drawn: the Instances tab searches and pages.
const ROWS_MAX: usize = 200;

const HEADS: [Head; 9] = [
    Head::text("State"),
    Head::text("Instance"),
    Head::text("Last check"),
    Head::number("Took").hint("From connecting to the answer's head"),
    Head::number("Checked"),
    Head::number("Since"),
    Head::text("Breaker"),
    Head::number("Failed").hint("Requests in the breaker's window that failed"),
    Head::number("Load report").hint("Age of what the instance reports of its own load"),
];

#[component]
pub(super) fn HealthTab(pool: PoolContext) -> impl IntoView {
    let policy = pool.part(|v| v.health_check.clone());
    let words = move || {
        policy.get().map(|check| {
            let what = match check.kind {
                model::CheckKind::Http => format!("GET {}", check.path),
                model::CheckKind::Tcp => "A connection".to_owned(),
            };
            format!(
                "{what} every {} ms ± {} %, time-out {} ms; down after {} failed, up after {} passed.",
                check.interval_ms, check.jitter_percent, check.timeout_ms, check.fall, check.rise
            )
        })
    };
    let ids = Memo::new(move |_| {
        pool.members
            .with(|members| members.iter().take(ROWS_MAX).cloned().collect::<Vec<_>>())
    });
    let more = move || {
        let hidden = pool.members.with(std::collections::BTreeSet::len).saturating_sub(ROWS_MAX);
        (hidden > 0).then(|| view! { <p class="table-foot">{format!("{hidden} more are on the Instances tab.")}</p> })
    };
    let row = move |id: InstanceId| view! { <Row id=id pool=pool /> };
    view! {
        <section class="panel" aria-labelledby="checks-title">
            <header class="panel-head">
                <h2 id="checks-title">"Health checks"</h2>
            </header>
            <p class="panel-note muted">{words}</p>
            <DataTable label="Each instance" heads=HEADS sticky=true><For each=move || ids.get() key=Clone::clone children=row /></DataTable>
            {more}
            <Legend />
        </section>
    }
    .into_any()
}

#[component]
fn Row(id: InstanceId, pool: PoolContext) -> impl IntoView {
    let instance = Memo::new(move |_| pool.with_view(|v| v.and_then(|v| v.instances.iter().find(|i| i.id == id).cloned())));
    let stale_ms = pool.part(|v| v.health_check.report_stale_ms());
    let cells = move || {
        instance
            .get()
            .map(|i| cells(&i, pool.now_ms.get(), stale_ms.get().unwrap_or(i64::MAX)))
    };
    view! {
        <tr tabindex="-1" data-row>
            {cells}
        </tr>
    }
}

fn cells(instance: &InstanceRow, now_ms: i64, stale_ms: i64) -> AnyView {
    let check = instance.last_check.as_ref();
    let failed = check.is_some_and(|check| !check.passed);
    let breaker = instance.breaker.as_ref();
    let window = breaker
        .filter(|b| b.requests > 0)
        .map(|b| format!("{} of {}", b.failures, b.requests));
    let report = report(instance, now_ms, stale_ms);
    let missing = || format::MISSING.to_owned();
    view! {
        <td>{state_badge(instance.state)}</td>
        <th scope="row">{instance.id.to_string()}</th>
        <td class:bad=failed>{check.map_or_else(missing, |check| check.detail.clone())}</td>
        <td class="number">{format::millis(check.map(|check| check.took_ms))}</td>
        <td class="number">{check.map_or_else(missing, |check| ago(check.at_ms, now_ms))}</td>
        <td class="number">{format::age_between(instance.since_ms, now_ms)}</td>
        <td>{breaker.map(|b| breaker_badge(b.state))}</td>
        <td class="number">{window.unwrap_or_else(missing)}</td>
        <td class="number" class:muted=report.1 title=report.1.then_some("Too old: the balancer does not use it")>
            {report.0}
        </td>
    }
    .into_any()
}

fn ago(at_ms: i64, now_ms: i64) -> String {
    format!("{} ago", format::age_between(at_ms, now_ms))
}

/// The age of the load report, and whether it is too old to be used.
fn report(instance: &InstanceRow, now_ms: i64, stale_ms: i64) -> (String, bool) {
    match &instance.load {
        None => (format::MISSING.to_owned(), false),
        Some(load) if now_ms - load.at_ms > stale_ms => (format!("{}, stale", ago(load.at_ms, now_ms)), true),
        Some(load) => (ago(load.at_ms, now_ms), false),
    }
}

#[cfg(test)]
mod tests {
    use model::LoadReport;

    use super::*;
    use crate::pages::pool::instances::order::tests::row;

    #[test]
    fn a_report_that_is_not_used_says_so() {
        let mut instance = row("a");
        assert_eq!(report(&instance, 20_000, 8_000), (format::MISSING.to_owned(), false));
        instance.load = Some(LoadReport {
            at_ms: 18_000,
            cpu: None,
            memory: None,
            gpu: None,
            gpu_simulated: false,
            sessions: None,
        });
        assert_eq!(report(&instance, 20_000, 8_000), ("2 s ago".to_owned(), false));
        assert_eq!(report(&instance, 30_000, 8_000), ("12 s ago, stale".to_owned(), true));
    }
}
