use leptos::prelude::*;
use model::scaling::ScheduledBounds;

use super::bars::{Day, days, label};
use crate::{
    api::Problem,
    components::{Callout, DataTable, Head, Tone},
    format,
};

/// From when to when (Unix ms) which bounds hold.
pub type Week = Vec<(i64, i64, ScheduledBounds)>;

/// One line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    pub from_ms: i64,
    pub to_ms: i64,
    pub min: u32,
    pub max: u32,
    /// By their names; empty: the policy's own bounds.
    pub rules: Vec<String>,
}

impl Stretch {
    /// `2 to 10`, `5 to 10, by office hours`.
    pub fn bounds(&self) -> String {
        let by = if self.rules.is_empty() {
            String::new()
        } else {
            format!(", by {}", self.rules.join(" and "))
        };
        format!("{} to {}{by}", self.min, self.max)
    }
}

fn stretches(week: &Week, names: &[String]) -> Vec<Stretch> {
    let of = |(from_ms, to_ms, bounds): &(i64, i64, ScheduledBounds)| Stretch {
        from_ms: *from_ms,
        to_ms: *to_ms,
        min: bounds.min_replicas,
        max: bounds.max_replicas,
        rules: bounds.rules.iter().filter_map(|n| names.get(*n).cloned()).collect(),
    };
    week.iter().map(of).collect()
}

/// A week with more changes than that is told in its first part.
const ROWS_MAX: usize = 100;

const HEADS: [Head; 5] = [
    Head::text("From (UTC)"),
    Head::text("To (UTC)"),
    Head::number("At least"),
    Head::number("At most"),
    Head::text("By"),
];

/// The coming week as bars and as a table: what is typed if something is, else what is in force.
#[component]
pub fn WeekPanel(
    first: Resource<Result<Week, Problem>>,
    edited: RwSignal<Option<Result<Week, Problem>>>,
    names: Memo<Vec<String>>,
) -> impl IntoView {
    let drawn = move |week: Result<Week, Problem>, typed: bool| match week {
        Ok(week) => draw(&stretches(&week, &names.get()), typed),
        Err(problem) => view! {
            <Callout tone=Tone::Warning>
                <p>{format!("The week cannot be told: {problem}")}</p>
            </Callout>
        }
        .into_any(),
    };
    let body = move || match edited.get() {
        Some(week) => drawn(week, true),
        None => view! {
            <Suspense fallback=|| view! { <p class="panel-note muted">"Reading…"</p> }>
                {move || Suspend::new(async move { drawn(first.await, false) })}
            </Suspense>
        }
        .into_any(),
    };
    view! {
        <section class="panel" aria-labelledby="week-title">
            <header class="panel-head">
                <h2 id="week-title">"The coming week"</h2>
            </header>
            {body}
        </section>
    }
    .into_any()
}

fn draw(week: &[Stretch], typed: bool) -> AnyView {
    let bars = days(week).into_iter().map(day).collect_view();
    let rows = week
        .iter()
        .take(ROWS_MAX)
        .map(|s| {
            let by = if s.rules.is_empty() {
                "the policy".to_owned()
            } else {
                s.rules.join(", ")
            };
            view! {
                <tr>
                    <td class="nowrap">{moment(s.from_ms)}</td>
                    <td class="nowrap">{moment(s.to_ms)}</td>
                    <td class="number">{s.min}</td>
                    <td class="number">{s.max}</td>
                    <td>{by}</td>
                </tr>
            }
        })
        .collect_view();
    let more = week.len().saturating_sub(ROWS_MAX);
    let note = if typed {
        "With the rules as typed; not in force yet."
    } else {
        "With the rules in force."
    };
    view! {
        <p class="panel-note muted" role="status">
            {note}
        </p>
        <div class="week" aria-hidden="true">
            {bars}
        </div>
        <DataTable label="Bounds of the coming week" heads=HEADS>
            {rows}
        </DataTable>
        {(more > 0).then(|| view! { <p class="table-foot">{format!("{more} more changes follow.")}</p> })}
    }
    .into_any()
}

/// `Sat 21 Nov 18:52`.
fn moment(unix_ms: i64) -> String {
    let clock = format::clock(unix_ms);
    format!("{} {}", label(unix_ms), clock.get(..5).unwrap_or(&clock))
}

fn day(day: Day) -> impl IntoView {
    let bars = day
        .bars
        .into_iter()
        .map(|bar| {
            view! {
                <rect class="week-bar" class:ruled=bar.is_ruled x=bar.from_min.to_string() y="0" width=bar.minutes.to_string() height="10">
                    <title>{bar.title}</title>
                </rect>
            }
        })
        .collect_view();
    view! {
        <div class="week-day">
            <span>{day.label}</span>
            <svg viewBox="0 0 1440 10" preserveAspectRatio="none" focusable="false">
                {bars}
            </svg>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_names_the_rules_that_made_it() {
        let week = vec![
            (
                0,
                60_000,
                ScheduledBounds {
                    min_replicas: 5,
                    max_replicas: 10,
                    rules: vec![1, 9],
                },
            ),
            (
                60_000,
                120_000,
                ScheduledBounds {
                    min_replicas: 2,
                    max_replicas: 10,
                    rules: Vec::new(),
                },
            ),
        ];
        let told: Vec<_> = stretches(&week, &["night".to_owned(), "office".to_owned()])
            .iter()
            .map(Stretch::bounds)
            .collect();
        assert_eq!(told, ["5 to 10, by office", "2 to 10"]);
    }
}
