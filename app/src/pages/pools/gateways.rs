//! The gateways that serve by this console's plan, and how to add one.

use leptos::prelude::*;
use model::{GatewaySnapshot, GatewayState, PlanState, host::is_this_machine};

use crate::{
    browser,
    components::{CopyButton, DataTable, Empty, Head, Icon, gauge, icon},
    format,
};

/// Shown until the page knows its own address.
const CONSOLE: &str = "https://CONSOLE";

/// One gateway as text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    name: String,
    is_local: bool,
    addresses: String,
    share: String,
    bar: u8,
    requests: String,
    errors: String,
    errors_tone: &'static str,
    connections: String,
    plan: Word,
    /// Why the plan was refused, and what else is wrong.
    notes: Vec<String>,
    report: Word,
    software: String,
}

/// Colour, icon and word.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Word {
    state: &'static str,
    symbol: Icon,
    text: String,
}

impl Word {
    fn new(state: &'static str, symbol: Icon, text: impl Into<String>) -> Self {
        Self {
            state,
            symbol,
            text: text.into(),
        }
    }

    fn draw(self) -> impl IntoView {
        view! {
            <span class="badge" data-state=self.state>
                {icon(self.symbol)}
                <span>{self.text}</span>
            </span>
        }
    }
}

impl Row {
    fn new(gateway: &GatewaySnapshot, now_ms: i64) -> Self {
        let facts = &gateway.facts;
        let is_up = facts.state == GatewayState::Up;
        // What a silent one does now is not known.
        let known = |text: String| if is_up { text } else { format::MISSING.to_owned() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=100 before")]
        let bar = gateway.share_percent.unwrap_or(0.0).clamp(0.0, 100.0) as u8;
        let refused = match &facts.plan {
            PlanState::Refused { why } => Some(why.clone()),
            PlanState::InForce | PlanState::Behind => None,
        };
        Self {
            name: facts.id.to_string(),
            is_local: facts.is_local,
            addresses: if facts.serves() {
                facts.listens_on()
            } else {
                "does not serve yet".to_owned()
            },
            share: format::percent(gateway.share_percent),
            bar,
            requests: known(format::rate(gateway.totals.requests_per_s)),
            errors: format::percent(gateway.totals.errors_percent),
            errors_tone: if gateway.totals.errors_percent.is_some_and(|e| e > 0.0) {
                "warning"
            } else {
                ""
            },
            connections: known(format::count(facts.connections.into())),
            plan: plan(&facts.plan),
            notes: refused.into_iter().chain(facts.troubles.iter().cloned()).collect(),
            report: report(gateway, now_ms),
            software: facts.software.clone(),
        }
    }
}

fn plan(plan: &PlanState) -> Word {
    match plan {
        PlanState::InForce => Word::new("up", Icon::Up, "in force"),
        PlanState::Behind => Word::new("going_down", Icon::Warning, "behind"),
        PlanState::Refused { .. } => Word::new("down", Icon::Down, "refused"),
    }
}

fn report(gateway: &GatewaySnapshot, now_ms: i64) -> Word {
    let age = format::age_between(gateway.facts.heard_at_ms, now_ms);
    match gateway.facts.state {
        GatewayState::Up => Word::new("up", Icon::Up, age),
        GatewayState::Stale => Word::new("going_down", Icon::Warning, format!("stale {age}")),
    }
}

/// What starts one more gateway that follows the console at `origin`.
fn command(origin: &str) -> String {
    let plain = match origin.strip_prefix("http://") {
        Some(authority) if !is_this_machine(host(authority)) => " --plain-http",
        _ => "",
    };
    format!("EVENKEEL_GATEWAY_TOKEN=TOKEN evenkeel gateway --control {origin}{plain} --gateway-listen 0.0.0.0:8080")
}

/// Without the port; an IPv6 address in its brackets.
fn host(authority: &str) -> &str {
    let end = match authority.find(']') {
        Some(bracket) => bracket + 1,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    &authority[..end]
}

const HEADS: [Head; 9] = [
    Head::text("Gateway"),
    Head::text("Listens on"),
    Head::number("Share, 10 s").hint("Of all gateways' requests"),
    Head::number("Requests"),
    Head::number("Errors").hint("5xx and failed, last 10 s"),
    Head::number("Connections").hint("Open client connections"),
    Head::text("Plan"),
    Head::text("Last report"),
    Head::text("Version"),
];

/// Nothing where the balancers tell nothing of their parts.
#[component]
pub fn Gateways(
    gateways: Memo<Vec<GatewaySnapshot>>,
    /// The console lets them in.
    accepts: Memo<bool>,
    now_ms: Memo<i64>,
) -> impl IntoView {
    // By its own address the page can be reached; known only in the browser, so drawn after it has woken.
    let origin = RwSignal::new(CONSOLE.to_owned());
    Effect::new(move |_| {
        if let Some(own) = browser::origin() {
            origin.set(own);
        }
    });
    let count = Memo::new(move |_| gateways.with(Vec::len));
    let rows = move || {
        let now_ms = now_ms.get();
        gateways.with(|gateways| gateways.iter().map(|g| draw(Row::new(g, now_ms))).collect_view())
    };
    let table = move || {
        (count.get() > 1).then(|| {
            view! {
                <DataTable label="Each gateway" heads=HEADS>{rows}</DataTable>
                <details class="legend">
                    <summary>"What the words mean"</summary>
                    <dl>
                        {meaning(plan(&PlanState::InForce), "it serves by the newest plan")}
                        {meaning(plan(&PlanState::Behind), "it has not taken the newest plan yet; it serves by the one before, if it had one")}
                        {meaning(plan(&PlanState::Refused { why: String::new() }), "it could not follow the newest plan; it serves by the one before, if it had one")}
                        {meaning(
                            Word::new("going_down", Icon::Warning, "stale"),
                            "it does not report; it may serve all the same, by the plan it keeps",
                        )}
                    </dl>
                </details>
            }
        })
    };
    let add = move || {
        if !accepts.get() {
            return view! {
                <p>
                    "This console lets no gateways in. Set "<code>"gateways.token"</code>" in its settings to a secret of at least 16 characters ("
                    <code>"openssl rand -hex 24"</code>" makes one) and start it again; then the command stands here."
                </p>
            }
            .into_any();
        }
        let command = command(&origin.get());
        view! {
            <p>"Another host becomes one more by this command:"</p>
            <div class="copy-line">
                <code>{command.clone()}</code>
                <CopyButton text=command label="Copy the command" />
            </div>
            <p class="muted">
                "TOKEN is "<code>"gateways.token"</code>
                " of this console's settings. The gateway keeps the plan, and serves by it while the console is away."
            </p>
        }
        .into_any()
    };
    let how = move || match count.get() {
        0 => None,
        1 => Some(
            view! {
                <Empty title="One gateway serves: the console's own">
                    {add}
                </Empty>
            }
            .into_any(),
        ),
        _ => Some(
            view! {
                <details class="legend">
                    <summary>"Add a gateway"</summary>
                    {add}
                </details>
            }
            .into_any(),
        ),
    };
    view! {
        <section class="panel" aria-labelledby="gateways-title" hidden=move || count.get() == 0>
            <header class="panel-head">
                <h2 id="gateways-title">"Gateways"</h2>
            </header>
            {table}
            {how}
        </section>
    }
    .into_any()
}

fn meaning(word: Word, sentence: &'static str) -> impl IntoView {
    view! {
        <div>
            <dt>{word.draw()}</dt>
            <dd>{sentence}</dd>
        </div>
    }
}

fn draw(row: Row) -> impl IntoView {
    view! {
        <tr tabindex="-1" data-row>
            <th scope="row">
                <span class="strong">{row.name}</span>
                {row.is_local.then(|| view! { <span class="cell-note">"in the console"</span> })}
            </th>
            <td>{row.addresses}</td>
            <td class="number">{gauge(row.share, row.bar, "")}</td>
            <td class="number">{row.requests}</td>
            <td class="number" data-tone=row.errors_tone>
                {row.errors}
            </td>
            <td class="number">{row.connections}</td>
            <td>
                {row.plan.draw()}
                {row.notes.into_iter().map(|note| view! { <span class="cell-note">{note}</span> }).collect_view()}
            </td>
            <td class="nowrap">{row.report.draw()}</td>
            <td>{row.software}</td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use model::{GatewayFacts, Totals};

    use super::*;

    fn gateway(state: GatewayState, plan: PlanState) -> GatewaySnapshot {
        GatewaySnapshot {
            facts: GatewayFacts {
                id: "eu-1".parse().unwrap(),
                run: 1,
                is_local: false,
                addresses: vec!["10.0.0.5:8080".parse().unwrap()],
                tls_addresses: vec!["[::]:8443".parse().unwrap()],
                software: "0.1.0".into(),
                state,
                started_at_ms: 0,
                heard_at_ms: 1_000,
                away_ms: None,
                plan,
                troubles: vec!["it could not keep the plan: no space left on device".into()],
                connections: 1_234,
            },
            totals: Totals::default(),
            share_percent: Some(250.0),
        }
    }

    #[test]
    fn a_silent_gateway_tells_since_when_and_a_refusing_one_why() {
        let why = PlanState::Refused {
            why: "pool web is named twice".into(),
        };
        let row = Row::new(&gateway(GatewayState::Stale, why), 15_000);
        assert_eq!((row.report.state, row.report.text.as_str()), ("going_down", "stale 14 s"));
        assert_eq!((row.plan.state, row.plan.text.as_str()), ("down", "refused"));
        assert_eq!(
            row.notes,
            ["pool web is named twice", "it could not keep the plan: no space left on device"]
        );
        assert_eq!(
            (row.requests.as_str(), row.connections.as_str()),
            (format::MISSING, format::MISSING)
        );
        assert_eq!((row.bar, row.addresses.as_str()), (100, "10.0.0.5:8080, [::]:8443 (TLS)"));
        let row = Row::new(&gateway(GatewayState::Up, PlanState::InForce), 1_000);
        assert_eq!((row.report.state, row.plan.state, row.connections.as_str()), ("up", "up", "1,234"));
    }

    #[test]
    fn a_gateway_that_serves_tls_alone_serves() {
        let mut only_tls = gateway(GatewayState::Up, PlanState::InForce);
        only_tls.facts.addresses.clear();
        assert_eq!(Row::new(&only_tls, 0).addresses, "[::]:8443 (TLS)");
        only_tls.facts.tls_addresses.clear();
        assert_eq!(Row::new(&only_tls, 0).addresses, "does not serve yet");
    }

    #[test]
    fn the_command_follows_the_address_of_the_page() {
        for (origin, plain) in [
            (CONSOLE, false),
            ("https://ops.example.com", false),
            ("http://127.0.0.1:3000", false),
            ("http://localhost:3000", false),
            ("http://[::1]:3000", false),
            ("http://[::1]", false),
            ("http://10.0.0.1:3000", true),
            ("http://[2001:db8::1]:3000", true),
            ("http://localhost.example.com", true),
        ] {
            assert!(command(origin).contains(&format!("--control {origin} ")), "{origin}");
            assert_eq!(command(origin).contains("--plain-http"), plain, "{origin}");
        }
    }
}
