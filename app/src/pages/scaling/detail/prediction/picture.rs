use leptos::prelude::*;
use model::scaling::Forecast;

use super::{
    Now,
    course::{Course, Point, Row},
};
use crate::{
    api::{self, Problem},
    components::{Callout, Empty, Tone},
    format,
    pages::scaling::{detail::context::WorkloadContext, words},
};

/// What is drawn: read anew with every forecast.
#[derive(Debug, Clone, PartialEq)]
struct Drawn {
    signal: String,
    forecast: Forecast,
}

/// The demand of the last day, and what is expected of the next.
#[component]
pub fn Picture(workload: WorkloadContext, now: Memo<Option<Now>>) -> impl IntoView {
    let drawn = Memo::new(move |_| {
        now.with(|now| {
            let now = now.as_ref().filter(|now| !now.is_off())?;
            let signal = now.signal.clone().filter(|signal| words::demand_unit(signal).is_some())?;
            let forecast = now.forecast.clone()?;
            Some(Drawn { signal, forecast })
        })
    });
    let measured = Resource::new_blocking(
        move || drawn.get(),
        move |drawn| async move {
            match drawn {
                Some(_) => api::demand(workload.id.get_value()).await,
                None => Ok(Vec::new()),
            }
        },
    );
    let is_drawn = Memo::new(move |_| drawn.with(Option::is_some));
    let unit = move || drawn.with(|drawn| drawn.as_ref().and_then(|d| words::demand_unit(&d.signal)));
    let title = move || drawn.with(|drawn| drawn.as_ref().map(|d| format!("Demand: {} ", d.signal)));
    let body = move || {
        Suspend::new(async move {
            let measured = measured.await;
            drawn.get_untracked().map(|drawn| draw(drawn, measured))
        })
    };
    move || {
        is_drawn.get().then(|| {
            view! {
                <section class="panel below" aria-labelledby="demand-title">
                    <header class="panel-head">
                        <h2 id="demand-title">{title} <small class="chart-unit">{unit}</small></h2>
                    </header>
                    <Transition fallback=|| view! { <p class="panel-note muted">"Reading…"</p> }>{body}</Transition>
                </section>
            }
        })
    }
}

fn draw(drawn: Drawn, measured: Result<Vec<Point>, Problem>) -> AnyView {
    // What is expected is drawn even where what was cannot be read.
    let problem = measured.as_ref().err().map(|problem| {
        let text = format!("What was measured cannot be read: {problem}");
        view! {
            <Callout tone=Tone::Warning>
                <p>{text}</p>
            </Callout>
        }
    });
    let course = Course::new(measured.unwrap_or_default(), &drawn.forecast);
    if course.is_empty() {
        let title = format!("Nothing of {} was measured in the last day", drawn.signal);
        return view! {
            {problem}
            <Empty title=title>
                <p>"What is measured from now on appears here, and the forecast beside it once there is enough."</p>
            </Empty>
        }
        .into_any();
    }
    let date = |at_ms: i64| format!("{} UTC", format::date_time(at_ms, course.made_ms));
    view! {
        {problem}
        <figure class="replay forecast">
            <ul class="chart-legend">
                {key("hue-0", "none", "measured")} {key("hue-4", "none", "expected")} {key("hue-4", "4 2", "upper line")}
                {key("hue-6", "1.5 2", "now")}
            </ul>
            <p class="replay-top muted" aria-hidden="true">
                {words::demand(&drawn.signal, course.top)}
            </p>
            <svg viewBox="0 0 600 160" preserveAspectRatio="none" aria-hidden="true" focusable="false">
                <path class="hue-6" stroke-dasharray="2 3" d=Course::now() />
                <path class="hue-4" stroke-dasharray="4 3" d=course.path(&course.upper) />
                <path class="hue-4" d=course.path(&course.mean) />
                <path class="hue-0" d=course.path(&course.measured) />
            </svg>
            <p class="replay-times muted" aria-hidden="true">
                <span>{date(course.from_ms)}</span>
                <span>{format!("now, {} UTC", format::clock(course.made_ms))}</span>
                <span>{date(course.to_ms)}</span>
            </p>
            {table(&drawn.signal, &course)}
        </figure>
    }
    .into_any()
}

fn table(signal: &str, course: &Course) -> AnyView {
    let value = |value: Option<f64>| value.map_or_else(|| format::MISSING.to_owned(), |value| words::demand(signal, value));
    let row = |row: Row| {
        view! {
            <tr>
                <th scope="row">{format::date_time(row.at_ms, course.made_ms)}</th>
                <td class="num">{value(row.measured)}</td>
                <td class="num">{value(row.mean)}</td>
                <td class="num">{value(row.upper)}</td>
            </tr>
        }
    };
    let rows = course.rows().into_iter().map(row).collect_view();
    view! {
        <details class="chart-table">
            <summary>"Show as table"</summary>
            <div class="chart-scroll" tabindex="0" role="region" aria-label="Demand as a table">
                <table class="chart-numbers">
                    <caption>"Five minutes of every hour, times in UTC"</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Time"</th>
                            <th scope="col" class="num">"measured"</th>
                            <th scope="col" class="num">"expected"</th>
                            <th scope="col" class="num">"upper line"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
    .into_any()
}

fn key(class: &'static str, dash: &'static str, name: &'static str) -> AnyView {
    view! {
        <li class="chart-key">
            <svg class=class viewBox="0 0 14 8" width="14" height="8" aria-hidden="true">
                <line x1="1" x2="13" y1="4" y2="4" stroke-dasharray=dash></line>
            </svg>
            {name}
        </li>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::scaling::{ForecastPoint, ForecastState};

    use super::*;

    const NOW_MS: i64 = 1_795_200_600_000;

    fn drawn(hours: i64) -> Drawn {
        let point = |n: i64| ForecastPoint {
            at_ms: NOW_MS + n * 300_000,
            mean: 300.0,
            upper: 412.0,
        };
        Drawn {
            signal: "cpu".to_owned(),
            forecast: Forecast {
                at_ms: NOW_MS,
                points: (0..hours * 12).map(point).collect(),
                error: Some(0.1),
                state: ForecastState::Good,
            },
        }
    }

    #[test]
    fn what_is_drawn_is_a_table_too_with_its_unit() {
        let measured = vec![(NOW_MS - 300_000, Some(250.0))];
        let html = draw(drawn(2), Ok(measured)).to_html();
        for text in ["measured", "upper line", "now, 18:50:00 UTC", "412 %", "300 %", "250 %", "<tbody>"] {
            assert!(html.contains(text), "{text}: {html}");
        }
    }

    #[test]
    fn what_cannot_be_read_leaves_the_forecast_and_nothing_at_all_says_so() {
        let problem = || Problem(model::ApiError::unavailable("the history", "timeout"));
        let html = draw(drawn(2), Err(problem())).to_html();
        assert!(
            html.contains("What was measured cannot be read") && html.contains("<svg viewBox=\"0 0 600"),
            "{html}"
        );
        let html = draw(drawn(0), Ok(vec![(NOW_MS, None)])).to_html();
        assert!(
            html.contains("Nothing of cpu was measured in the last day") && !html.contains("<svg viewBox=\"0 0 600"),
            "{html}"
        );
    }
}
