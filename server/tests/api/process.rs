//! The whole thing as a process: killed, asked to stop, and what it leaves behind.

use std::{fs, path::Path};

use model::{Algorithm, PoolIntent};
use serde_json::Value;
use testkit::wait_until;

use crate::support::{ADMIN, Backend, Browser, PASSWORD, Program, SOON, alive, children};

/// The console's address and the set-up token, from the printed link.
fn link(program: &Program) -> (String, String) {
    let link = program.says("/setup?token=");
    let (console, token) = link.split_once("/setup?token=").unwrap();
    (console.to_owned(), token.to_owned())
}

async fn own_pool(dir: &Path) -> Backend {
    let backend = Backend::start().await;
    let toml = format!(
        "console.listen = \"127.0.0.1:0\"\ngateway.listen = \"127.0.0.1:0\"\n[[routes]]\npool = \"web\"\n[[pools]]\nid = \"web\"\n\
         instances = [{{ id = \"web-1\", address = \"{}\" }}]\n",
        backend.address
    );
    fs::write(dir.join("evenkeel.toml"), toml).unwrap();
    backend
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let _backend = own_pool(dir.path()).await;
    let mut program = Program::start(Program::command(dir.path(), &[]));
    let (console, token) = link(&program);
    let mut browser = Browser::new(&console);
    browser
        .post("/setup", &[("token", &token), ("name", ADMIN), ("password", PASSWORD)])
        .await;
    let form = [("pool", "web"), ("expected_version", "1"), ("algorithm", "least_connections")];
    assert_eq!(browser.call("/api/fn/change_algorithm", &form).await.status(), 200);
    program.kill();

    let mut again = Program::start(Program::command(dir.path(), &[]));
    let console = again.says("The console is at ").trim_start_matches("The console is at ").to_owned();
    let mut signed_in = Browser::new(&console);
    signed_in.cookie = browser.cookie;
    let intent: PoolIntent = signed_in.json("/api/fn/intent?pool=web").await;
    assert_eq!(
        (intent.version, intent.policy.algorithm, intent.changed_by.as_deref()),
        (2, Algorithm::LeastConnections, Some(ADMIN))
    );
    signed_in.cookie = None;
    assert_eq!(
        signed_in
            .post("/sign-in", &[("name", ADMIN), ("password", PASSWORD)])
            .await
            .headers()["location"],
        "/"
    );
    assert_eq!(again.terminate(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_default_serves_at_once_and_leaves_no_process_behind() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--listen", "127.0.0.1:0", "--gateway-listen", "127.0.0.1:0"];
    let mut command = Program::command(dir.path(), &args);
    // Busy or not, they stay three.
    command.env("EVENKEEL_SAMPLE__MAX", "3");
    let mut program = Program::start(command);
    let (console, token) = link(&program);
    let mut browser = Browser::new(&console);
    browser
        .post("/setup", &[("token", &token), ("name", ADMIN), ("password", PASSWORD)])
        .await;
    wait_until("all samples and the traffic are seen", SOON, async || {
        let page = browser.get("/metrics").await.text().await.unwrap();
        let up = page
            .lines()
            .filter(|l| l.starts_with("evenkeel_instance_up{pool=\"samples\"") && l.ends_with(" 1"))
            .count();
        let served = page
            .lines()
            .filter(|l| l.starts_with("evenkeel_requests_total") && !l.ends_with(" 0"))
            .count();
        up == 3 && served == 3
    })
    .await;
    let started = children(program.pid());
    assert_eq!(started.len(), 4, "three samples and the traffic generator");
    program.kill();
    wait_until("all children are gone", SOON, async || !started.iter().any(|pid| alive(*pid))).await;

    // And asked politely, it ends its children itself.
    let mut program = Program::start(Program::command(dir.path(), &args));
    program.says("The console is at ");
    wait_until("they are started", SOON, async || children(program.pid()).len() == 4).await;
    let started = children(program.pid());
    assert_eq!(program.terminate(), Some(0));
    assert!(!started.iter().any(|pid| alive(*pid)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_secret_is_logged_and_every_line_is_json() {
    let dir = tempfile::tempdir().unwrap();
    let _backend = own_pool(dir.path()).await;
    let mut command = Program::command(dir.path(), &[]);
    command.env("EVENKEEL_LOG", "debug");
    let mut program = Program::start(command);
    let (console, token) = link(&program);
    let mut browser = Browser::new(&console);
    browser.get(&format!("/setup?token={token}")).await;
    browser
        .post("/setup", &[("token", &token), ("name", ADMIN), ("password", PASSWORD)])
        .await;
    browser.get(&format!("/sign-in?next=%2Fsetup%3Ftoken%3D{token}")).await;
    browser
        .post("/sign-in", &[("name", "x\ny"), ("password", "a wrong password")])
        .await;
    let session = browser.cookie.clone().unwrap().split_once('=').unwrap().1.to_owned();
    assert_eq!(program.terminate(), Some(0));
    wait_until("the last line is there", SOON, async || program.log().contains("\"stopped\"")).await;

    let log = program.log();
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(line["message"].is_string() && line["level"].is_string(), "{line}");
    }
    assert!(log.contains("/setup?token=…"), "the requests were logged");
    for secret in [token.as_str(), &session, PASSWORD, "a wrong password"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_gateway_alone_serves_by_the_settings_file() {
    let dir = tempfile::tempdir().unwrap();
    let _backend = own_pool(dir.path()).await;
    let mut program = Program::start(Program::command(dir.path(), &["gateway"]));
    let mut address = None;
    wait_until("it tells its address", SOON, async || {
        let lines: Vec<Value> = program.log().lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        address = lines.iter().find_map(|line| line["address"].as_str().map(str::to_owned));
        address.is_some()
    })
    .await;
    let answer = reqwest::get(format!("http://{}/", address.unwrap())).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.text().await.unwrap().as_str()), (200, "hello"));
    assert!(!dir.path().join("data").exists(), "it keeps nothing");
    assert_eq!(program.terminate(), Some(0));
}

/// The access log is opened again, which nothing but the signal causes, and nothing ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hangup_without_a_terminal_looks_at_files_again_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let _backend = own_pool(dir.path()).await;
    let settings = dir.path().join("evenkeel.toml");
    let toml = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("gateway.access_log.file = \"access.log\"\n{toml}")).unwrap();
    let mut program = Program::start(Program::command(dir.path(), &[]));
    let (console, _) = link(&program);
    let (log, moved) = (dir.path().join("access.log"), dir.path().join("access.log.1"));
    fs::rename(&log, &moved).unwrap();
    program.signal("HUP");
    wait_until("the log is opened again", SOON, async || log.exists()).await;
    let page = Browser::new(&console).get("/metrics").await.text().await.unwrap();
    assert!(page.contains("\nevenkeel_access_log_dropped_total 0\n"), "{page}");
    assert_eq!(program.terminate(), Some(0));
}
