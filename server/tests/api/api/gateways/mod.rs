//! `/api/gateways/{id}/sync`: a console, and real gateways that follow it as processes of their own.

mod hostile;
mod orders;
mod serving;

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use adapters::builtin::fleet::{Command, Orders, OrdersText, PROTOCOL, SecretKey, SyncAnswer, SyncRequest};
use axum::{
    Json, Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::post,
};
use model::{
    Algorithm, BreakerTarget, Event, EventKind, Frame, GatewayPlan, GatewaySnapshot, GatewayState, InstancePlan, Page, PathPrefix,
    PlanState, PoolPlan, Priority, Route, UpstreamTls, ViewData,
};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::wait_until;
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Backend, Browser, Program, SOON, TestApp};

const TOKEN: &str = "a-token-of-the-tests-0123456789";

async fn console() -> TestApp {
    TestApp::with(&format!("gateways.token = \"{TOKEN}\"")).await
}

/// A gateway process with a data directory of its own.
struct Remote {
    dir: TempDir,
    control: String,
    token: &'static str,
    program: Program,
}

impl Remote {
    fn start(control: &str, token: &'static str) -> Self {
        Self::with(tempfile::tempdir().unwrap(), control, token)
    }

    fn with(dir: TempDir, control: &str, token: &'static str) -> Self {
        Self {
            program: Program::start(Self::command(dir.path(), control, token)),
            control: control.to_owned(),
            dir,
            token,
        }
    }

    fn command(dir: &Path, control: &str, token: &str) -> std::process::Command {
        let args = ["gateway", "--control", control, "--id", "eu-1", "--gateway-listen", "127.0.0.1:0"];
        let mut command = Program::command(dir, &args);
        command.env("EVENKEEL_GATEWAY_TOKEN", token).env("EVENKEEL_LOG", "debug");
        command
    }

    fn kill_and_start(&mut self) {
        self.program.kill();
        self.program = Program::start(Self::command(self.dir.path(), &self.control, self.token));
    }

    fn says(&self, text: &str) -> bool {
        self.program.log().contains(text)
    }

    async fn until_says(&self, text: &str) {
        wait_until(text, SOON, async || self.says(text)).await;
    }

    /// Where it serves, as soon as it does.
    async fn url(&self) -> String {
        let mut url = None;
        wait_until("the gateway listens", SOON, async || {
            let lines = self.program.log();
            let mut lines = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            let listening = lines.rfind(|line| line["message"] == "the gateway listens");
            url = listening.and_then(|line| Some(format!("http://{}/", line["address"].as_str()?)));
            url.is_some()
        })
        .await;
        url.unwrap()
    }

    fn plan_file(&self) -> PathBuf {
        self.dir.path().join("data/gateway-plan.json")
    }
}

/// Which instance answered.
async fn served_by(url: &str) -> String {
    let answer = Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{url}");
    answer.headers()["x-served-by"].to_str().unwrap().to_owned()
}

async fn gateways(browser: &Browser) -> Vec<GatewaySnapshot> {
    let frame: Frame = browser.json("/api/fn/view?key=pools").await;
    match frame.view {
        ViewData::Pools(view) => view.gateways,
        other => panic!("not the pools: {other:?}"),
    }
}

async fn elsewhere(browser: &Browser) -> Option<GatewaySnapshot> {
    gateways(browser).await.into_iter().find(|g| g.facts.id.as_str() == "eu-1")
}

/// Returns when whatever has been reported until now would be on the page.
async fn looked(browser: &Browser) {
    let at_ms = async || browser.json::<Frame>("/api/fn/view?key=pools").await.at_ms;
    // The first may have been under way already.
    for _ in 0..2 {
        let before = at_ms().await;
        wait_until("a newer frame", SOON, async || at_ms().await > before).await;
    }
}

/// Requests of all instances.
async fn requests(browser: &Browser) -> u64 {
    let page = browser.get("/metrics").await.text().await.unwrap();
    let counts = page.lines().filter(|line| line.starts_with("evenkeel_requests_total{"));
    counts.map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

async fn told(browser: &Browser, kind: EventKind) -> Option<Event> {
    let page: Page<Event> = browser.json(&format!("/api/fn/events?limit=100&kind={}", kind.id())).await;
    page.items.into_iter().find(|e| e.event.kind == kind)
}

async fn until_told(browser: &Browser, kind: EventKind) -> Event {
    let mut event = None;
    wait_until(kind.label(), SOON, async || {
        event = told(browser, kind).await;
        event.is_some()
    })
    .await;
    event.unwrap()
}
