//! One chart with everything around it: title and unit, legend, states, numbers, file.

use std::collections::BTreeSet;

use leptos::{html, prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use model::{Event, SeriesKey, SeriesQuery};
use send_wrapper::SendWrapper;

use super::{
    align::align,
    csv::csv,
    download::download,
    echart::{self, Module, Mounted, Report},
    kind::{Input, Kind},
    lines,
    palette::{Dash, Theme},
    rolling::Rolling,
    table,
    values::{Values, held, use_values},
    window::Window,
};
use crate::{
    Assets,
    api::{Latest, Problem},
    format,
    live::{Live, LiveStatus},
    url::{Query, UseQuery, use_query},
};

/// Rows of a file: every value that a chart can hold.
const CSV_ROWS: usize = 2_000;

/// Draws the series of `keys` over the time that the URL says. Charts of one `group` share a crosshair.
#[component]
pub(crate) fn ChartPanel(
    kind: Kind,
    #[prop(into)] keys: Signal<Vec<SeriesKey>>,
    #[prop(into)] group: String,
    /// Marked in the chart; a click on a mark leads to them.
    #[prop(optional, into)]
    events: Signal<Vec<Event>>,
    /// Where a click on a mark leads to: this, and the number after the mark's.
    #[prop(default = "/events?before=".to_owned(), into)]
    marks: String,
    /// What the values should be.
    #[prop(optional, into)]
    target: Signal<Option<f64>>,
    /// A sentence above the chart.
    #[prop(optional, into)]
    note: Signal<Option<String>>,
) -> impl IntoView {
    let query = use_query();
    let window = Memo::new(move |_| query.query.with(Window::from_query));
    let values = use_values(keys, window.into());
    let hidden = RwSignal::new(BTreeSet::new());
    let drawing = use_drawing(kind, values, hidden, Extras { events, marks, target }, query);
    let live = Live::expect();
    let is_stale = move || window.get().is_live() && matches!(live.status.get(), LiveStatus::Stale { .. });
    let id = format!("chart-{}", kind.id());
    let heading = id.clone();
    view! {
        <section class="chart" class:is-stale=is_stale aria-labelledby=heading>
            <header class="chart-head">
                <h2 id=id>{kind.title()} " " <small class="chart-unit">{kind.unit()}</small></h2>
                <Zoomed window=window.into() query=query />
                <SaveCsv kind=kind rolling=values.rolling />
            </header>
            {move || note.get().map(|note| view! { <p class="chart-note">{note}</p> })}
            <Legend values=values hidden=hidden />
            <div class="chart-plot" class:is-tall=matches!(kind, Kind::Traffic | Kind::Replicas)>
                <div class="chart-canvas" node_ref=drawing.canvas data-group=group aria-hidden="true"></div>
                {move || drawing.message().map(|message| view! { <p class="chart-state">{message}</p> })}
            </div>
            <Numbers kind=kind values=values />
        </section>
    }
}

// --- the picture ---

/// Copies are the same drawing.
#[derive(Clone, Copy)]
struct Drawing {
    canvas: NodeRef<html::Div>,
    values: Values,
    /// The bundle did not load.
    failed: RwSignal<bool>,
    drawn: RwSignal<bool>,
}

impl Drawing {
    /// What stands in place of a picture. Depends on nothing that differs between the server and the first moment in the browser.
    fn message(self) -> Option<String> {
        if self.failed.get() {
            return Some("The chart could not be loaded. The table below has the same values.".to_owned());
        }
        let nothing = self
            .values
            .rolling
            .with(|rolling| rolling.as_ref().map(|r| (r.is_empty(), waiting_since(r))));
        match nothing {
            Some((true, since)) => Some(since),
            Some((false, _)) if self.drawn.get() => None,
            _ => Some("Loading…".to_owned()),
        }
    }
}

fn waiting_since(rolling: &Rolling) -> String {
    let since_ms = rolling
        .kept_since_ms()
        .map_or(rolling.span().from_ms, |kept| kept.max(rolling.span().from_ms));
    let span = rolling.span();
    let since = if span.shows_dates() {
        format::date_time(since_ms, span.to_ms)
    } else {
        format::clock(since_ms)
    };
    format!("No data yet. Waiting since {since} UTC.")
}

/// What is drawn beside the values.
struct Extras {
    events: Signal<Vec<Event>>,
    marks: String,
    target: Signal<Option<f64>>,
}

fn use_drawing(kind: Kind, values: Values, hidden: RwSignal<BTreeSet<String>>, extras: Extras, query: UseQuery) -> Drawing {
    let Extras { events, marks, target } = extras;
    let drawing = Drawing {
        canvas: NodeRef::new(),
        values,
        failed: RwSignal::new(false),
        drawn: RwSignal::new(false),
    };
    // Wrapped only once there is something: on the server, where the thread that drops a view is rarely the one that made it, there never is.
    let module = RwSignal::new(None::<SendWrapper<Module>>);
    let mounted = StoredValue::new(None::<SendWrapper<Mounted>>);
    let anew = Trigger::new();
    let report = use_reports(anew, query, events, marks);

    let url = Assets::current().charts_js;
    Effect::new(move |_| {
        if url.is_empty() {
            drawing.failed.set(true);
            return;
        }
        let url = url.clone();
        spawn_local(async move {
            // The panel may be gone by now: then there is nobody to tell.
            match echart::load(&url).await {
                Ok(loaded) => _ = module.try_set(Some(SendWrapper::new(loaded))),
                Err(why) => {
                    leptos::logging::error!("charts are not available: {why}");
                    _ = drawing.failed.try_set(true);
                }
            }
        });
    });

    Effect::new(move |_| {
        anew.track();
        let (Some(module), Some(canvas)) = (module.get(), drawing.canvas.get()) else {
            return;
        };
        let option = |theme: Theme| {
            let hidden = hidden.read();
            let events = events.read();
            let target = target.get();
            values.rolling.with(|rolling| {
                let rolling = rolling.as_ref()?;
                let chart = kind.chart(&Input {
                    series: rolling.series(),
                    span: rolling.span(),
                    hidden: &hidden,
                    events: &events,
                    target,
                    theme,
                });
                serde_json::to_string(&chart).ok()
            })
        };
        // Whatever the chart depends on is subscribed to even while nobody sees it.
        values.rolling.track();
        mounted.update_value(|mounted| match mounted {
            Some(chart) if chart.visible() => {
                if let Some(option) = option(chart.theme()) {
                    chart.update(&option);
                }
            }
            Some(_) => {}
            None => {
                if let Some(option) = option(module.page_theme()) {
                    *mounted = Mounted::new((*module).clone(), (*canvas).clone().into(), &option, report.clone()).map(SendWrapper::new);
                    drawing.drawn.set(mounted.is_some());
                    drawing.failed.set(mounted.is_none());
                }
            }
        });
    });
    drawing
}

/// What is done about what the chart reports.
fn use_reports(anew: Trigger, query: UseQuery, events: Signal<Vec<Event>>, marks: String) -> impl Fn(Report) + Clone + 'static {
    let navigate = use_navigate();
    move |report| {
        let go = |href: String| {
            let options = NavigateOptions {
                scroll: false,
                ..NavigateOptions::default()
            };
            navigate(&href, options);
        };
        match report {
            Report::Stale => anew.notify(),
            Report::Zoom { from_ms, to_ms } => {
                if let Some(window) = Window::between(from_ms, to_ms) {
                    go(untrack(|| query.link_with(|q| window.write(q))));
                }
            }
            Report::Unzoom => go(untrack(|| query.link_with(Window::clear))),
            Report::Marker { at_ms } => {
                // The list that ends with this one.
                let id = events.with_untracked(|events| events.iter().filter(|e| e.event.at_ms == at_ms).map(|e| e.id).max());
                if let Some(id) = id {
                    go(format!("{marks}{}", id + 1));
                }
            }
        }
    }
}

// --- around the picture ---

/// Says that the time stands still, and the way back.
#[component]
fn Zoomed(window: Signal<Window>, query: UseQuery) -> impl IntoView {
    move || {
        let zoomed = window.get();
        (!zoomed.is_live()).then(|| {
            view! {
                <p class="chart-zoom">
                    {zoomed.label()} " · " <a href=query.link_with(Window::clear) data-noscroll="true">"back to live"</a>
                </p>
            }
        })
    }
}

/// Names and colours; a press hides a series or shows it again.
#[component]
fn Legend(values: Values, hidden: RwSignal<BTreeSet<String>>) -> impl IntoView {
    let toggle = move |name: &str| {
        hidden.update(|hidden| {
            if !hidden.remove(name) {
                hidden.insert(name.to_owned());
            }
        });
    };
    let entry = move |(place, key): (usize, SeriesKey)| {
        let name = lines::name(&key);
        let slot = lines::slot(&key, place);
        let dash = match slot.dash {
            Dash::Solid => "none",
            Dash::Dashed => "4 2",
            Dash::Dotted => "1.5 2",
        };
        let (pressed, clicked) = (name.clone(), name.clone());
        let last = move || {
            values.rolling.with(|rolling| {
                let series = rolling.as_ref()?.series().iter().find(|s| s.key == key)?;
                Some(table::value(key.metric, series.values.last().copied().flatten()))
            })
        };
        view! {
            <li>
                <button
                    type="button"
                    class="chart-key"
                    aria-pressed=move || hidden.with(|h| !h.contains(&pressed)).to_string()
                    on:click=move |_| toggle(&clicked)
                >
                    <svg class=format!("hue-{}", slot.hue) viewBox="0 0 14 8" width="14" height="8" aria-hidden="true">
                        <line x1="1" x2="13" y1="4" y2="4" stroke-dasharray=dash></line>
                    </svg>
                    {name}
                    <span class="chart-last">{last}</span>
                </button>
            </li>
        }
    };
    view! {
        <ul class="chart-legend" aria-label="Series; press to hide or show">
            {move || values.keys.get().into_iter().enumerate().map(entry).collect::<Vec<_>>()}
        </ul>
    }
}

/// Made in the browser from what the chart holds, so it is not offered before there is something.
#[component]
fn SaveCsv(kind: Kind, rolling: RwSignal<Option<Rolling>>) -> impl IntoView {
    let save = move |_| {
        let file = rolling.with_untracked(|rolling| {
            let rolling = rolling.as_ref()?;
            let names: Vec<_> = rolling.series().iter().map(|s| s.key.to_string()).collect();
            let rows = align(rolling.series(), rolling.span(), CSV_ROWS);
            let end = format::iso(rolling.span().to_ms).replace(':', "");
            Some((format!("{}-{end}.csv", kind.id()), csv(&names, &rows, format::iso)))
        });
        if let Some((name, text)) = file {
            download(&name, "text/csv;charset=utf-8", &text);
        }
    };
    let nothing = move || rolling.with(Option::is_none);
    view! {
        <button type="button" class="chart-save" disabled=nothing on:click=save>
            "Download CSV"
        </button>
    }
}

/// The same data for everybody: rendered on the server, brought up to date while it is open.
#[component]
fn Numbers(kind: Kind, values: Values) -> impl IntoView {
    let open = RwSignal::new(false);
    let details = NodeRef::<html::Details>::new();
    let on_toggle = move |_| open.set(details.get_untracked().is_some_and(|d| d.open()));
    let whole = move || values.keys.with(|keys| whole_file(keys, values.window.get()));
    let caption = move || values.keys.with(|keys| table::sentence(kind.title(), keys));
    view! {
        <details class="chart-table" node_ref=details on:toggle=on_toggle>
            <summary>"Show as table"</summary>
            <div class="chart-scroll" tabindex="0" role="region" aria-label=caption>
                <Transition fallback=|| view! { <p>"Loading…"</p> }>
                    {move || Suspend::new(async move { tables(values, open, values.first.await) })}
                </Transition>
            </div>
            <p class="chart-note">
                <a href=whole rel="external" download="">
                    "All values of this time as CSV"
                </a>
            </p>
        </details>
    }
}

/// Where the server gives every value that it has kept, not only those that are drawn.
fn whole_file(keys: &[SeriesKey], window: Window) -> String {
    let keys: Vec<_> = keys.iter().take(SeriesQuery::MAX_KEYS).map(ToString::to_string).collect();
    let query = Query::default().with("keys", &keys.join(","));
    let query = match window {
        Window::Last(range) => query.with("last_ms", &range.ms().to_string()),
        Window::Between(span) => query
            .with("from_ms", &span.from_ms.to_string())
            .with("to_ms", &span.to_ms.to_string()),
    };
    query.href("/api/series.csv")
}

fn tables(values: Values, open: RwSignal<bool>, first: Result<Latest, Problem>) -> impl IntoView {
    let first = match first {
        Ok(answer) => held(answer, &values.keys.get_untracked()),
        Err(problem) => {
            let retry = move |_| values.first.refetch();
            return view! {
                <p class="chart-error">
                    {problem.to_string()} " " <button type="button" on:click=retry>"Try again"</button>
                </p>
            }
            .into_any();
        }
    };
    // Closed, it costs nothing: the server's rows stay in the document.
    let latest = Memo::new(move |_| if open.get() { values.rolling.get() } else { None });
    (move || {
        latest.with(|latest| {
            let shown = latest.as_ref().unwrap_or(&first);
            if shown.is_empty() {
                return view! { <p>{waiting_since(shown)}</p> }.into_any();
            }
            (
                table::summary_table(shown.series()),
                table::values_table(shown.series(), shown.span()),
            )
                .into_any()
        })
    })
    .into_any()
}
