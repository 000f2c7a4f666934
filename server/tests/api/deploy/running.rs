//! The overlays, started: the program with the arguments, variables and settings of its pod. Only ports and folders are other ones.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use testkit::{Postgres, wait_until};
use tokio::net::TcpStream;

use super::manifests::{containers, deploy, document, list, texts};
use crate::support::{Program, SOON};

/// What kubelet would fill in: the address of the nth pod.
fn pod_ip(nth: u64) -> String {
    format!("10.42.0.{}", 17 + nth)
}

const TOKEN: &str = "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a";

/// A container as its manifest describes it, put together from a workload and the patch over it.
struct Container {
    args: Vec<String>,
    variables: Vec<(String, String)>,
    mounts: Vec<String>,
}

impl Container {
    fn of(workload: &Value, patch: Option<&Value>, nth: u64, secret: &dyn Fn(&str) -> String) -> Self {
        let own = &containers(workload)[0];
        let patched = patch.map(|patch| &containers(patch)[0]);
        assert!(patched.is_none_or(|patched| patched["name"] == own["name"] && patched.get("args").is_none()));
        let variables = list(own, "env")
            .iter()
            .chain(patched.into_iter().flat_map(|patched| list(patched, "env")));
        let value = |variable: &Value| match (variable["value"].as_str(), variable["name"].as_str()) {
            (Some(value), _) => value.replace("$(POD_IP)", &pod_ip(nth)),
            (None, Some("POD_IP")) => pod_ip(nth),
            _ => secret(variable["valueFrom"]["secretKeyRef"]["key"].as_str().unwrap()),
        };
        Self {
            args: texts(&own["args"]).into_iter().map(str::to_owned).collect(),
            variables: variables
                .map(|variable| (variable["name"].as_str().unwrap().to_owned(), value(variable)))
                .collect(),
            mounts: list(own, "volumeMounts")
                .iter()
                .map(|mount| mount["mountPath"].as_str().unwrap().to_owned())
                .collect(),
        }
    }

    /// A path of the container has to be in one of its volumes: everything else is read-only and of the image.
    fn mounted(&self, path: &str) {
        let inside = |mount: &String| path == mount || Path::new(path).starts_with(mount);
        assert!(self.mounts.iter().any(inside), "{path} is in no volume of {:?}", self.mounts);
    }

    /// To be run on this machine, in `dir`.
    fn command(&self, dir: &Path, settings: &Path, more: &[&str]) -> Command {
        let args: Vec<&str> = self.args.iter().map(String::as_str).chain(more.iter().copied()).collect();
        let mut command = Program::command(dir, &args);
        for (name, value) in &self.variables {
            match name.as_str() {
                "EVENKEEL_CONFIG" => {
                    self.mounted(value);
                    assert_eq!(Path::new(value).file_name(), settings.file_name());
                    command.env(name, settings);
                }
                "EVENKEEL_DATABASE__DATA_DIR" => {
                    self.mounted(value);
                    command.env(name, dir.join("data"));
                }
                _ => drop(command.env(name, value)),
            }
        }
        command
    }
}

/// Where the console or the gateway of this process listens, from its log.
async fn address(program: &Program, who: &str) -> SocketAddr {
    let mut found = None;
    wait_until(&format!("the {who} listens"), SOON, async || {
        let log = program.log();
        let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let listening = lines.find(|line| line["message"] == format!("the {who} listens"));
        found = listening.and_then(|line| line["address"].as_str()?.parse::<SocketAddr>().ok());
        found.is_some()
    })
    .await;
    SocketAddr::from(([127, 0, 0, 1], found.unwrap().port()))
}

/// What kubelet sends: the pod's address as the name of the host.
async fn probe(console: SocketAddr, workload: &Value, which: &str) -> u16 {
    let path = containers(workload)[0][which]["httpGet"]["path"].as_str().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let asked = client
        .get(format!("http://{console}{path}"))
        .header("host", format!("{}:3000", pod_ip(0)))
        .send()
        .await;
    asked.unwrap().status().as_u16()
}

async fn serves(program: &Program, workload: &Value) -> SocketAddr {
    let console = address(program, "console").await;
    for which in ["startupProbe", "livenessProbe"] {
        assert_eq!(probe(console, workload, which).await, 200, "{which}");
    }
    wait_until("the console is ready", SOON, async || {
        probe(console, workload, "readinessProbe").await == 200
    })
    .await;
    console
}

fn health(dir: &Path, flags: &[&str]) -> bool {
    let args: Vec<&str> = ["health"].iter().chain(flags).copied().collect();
    Program::run(Program::command(dir, &args), "").status.success()
}

fn settings(below: &str) -> PathBuf {
    deploy("kubernetes").join(below)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_embedded_overlay_starts_and_answers_its_probes() {
    let dir = tempfile::tempdir().unwrap();
    let workload = document("kubernetes/base/console.yaml", "Deployment");
    let patch = document("kubernetes/overlays/embedded/console.yaml", "Deployment");
    let container = Container::of(&workload, Some(&patch), 0, &|key| {
        panic!("the embedded overlay needs no secret, but asks for {key}")
    });
    let ports = ["--listen", "0.0.0.0:0", "--gateway-listen", "0.0.0.0:0"];
    let mut program = Program::start(container.command(dir.path(), &settings("overlays/embedded/evenkeel.toml"), &ports));
    program.says("/setup?token=");
    let console = serves(&program, &workload).await;
    let gateway = address(&program, "gateway").await;
    let (console, gateway) = (console.to_string(), gateway.to_string());
    assert!(health(dir.path(), &["--listen", &console]) && health(dir.path(), &["--gateway", "--gateway-listen", &gateway]));
    assert_eq!(program.terminate(), Some(0));
    assert!(!health(dir.path(), &["--listen", &console]) && !health(dir.path(), &["--gateway", "--gateway-listen", &gateway]));
    assert!(dir.path().join("data/evenkeel.db").is_file(), "the database is on the volume");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_consoles_of_the_production_overlay_start_and_a_gateway_joins_them() {
    let dir = tempfile::tempdir().unwrap();
    let workload = document("kubernetes/base/console.yaml", "Deployment");
    let patch = document("kubernetes/overlays/production/console.yaml", "Deployment");
    let database = Postgres::shared().database();
    let secret = |key: &str| match key {
        "database-url" => database.clone(),
        "gateways-token" | "registry-token" => TOKEN.to_owned(),
        other => panic!("nobody was told of the key {other}"),
    };
    let ports = ["--listen", "0.0.0.0:0", "--gateway-listen", "127.0.0.1:0"];
    let toml = settings("overlays/production/evenkeel.toml");
    let (mut consoles, mut programs) = (Vec::new(), Vec::new());
    let replicas = patch["spec"]["replicas"].as_u64().unwrap();
    assert!(replicas > 1);
    for nth in 0..replicas {
        let container = Container::of(&workload, Some(&patch), nth, &secret);
        let program = Program::start(container.command(dir.path(), &toml, &ports));
        consoles.push(serves(&program, &workload).await);
        programs.push(program);
    }
    // The first one leads.
    let console = consoles[0];

    let workload = document("kubernetes/components/gateway/gateway.yaml", "Deployment");
    let mut container = Container::of(&workload, None, replicas, &secret);
    let volumes = list(&workload["spec"]["template"]["spec"], "volumes");
    let volume = &volumes.iter().find(|volume| volume["name"] == "token").unwrap()["secret"]["items"][0];
    let token = dir.path().join("token");
    fs::write(&token, secret(volume["key"].as_str().unwrap())).unwrap();
    for at in 1..container.args.len() {
        let value = container.args[at].clone();
        match container.args[at - 1].as_str() {
            "--token-file" => {
                container.mounted(&value);
                assert!(value.ends_with(&format!("/{}", volume["path"].as_str().unwrap())), "{value}");
                container.args[at] = token.display().to_string();
            }
            "--control" => {
                let service = document("kubernetes/base/console.yaml", "Service");
                assert_eq!(value, format!("http://{}", service["metadata"]["name"].as_str().unwrap()));
                container.args[at] = format!("http://{console}");
            }
            _ => {}
        }
    }
    let home = tempfile::tempdir().unwrap();
    let more = ["--gateway-listen", "0.0.0.0:0", "--id", "evenkeel-gateway-0"];
    let mut gateway = Program::start(container.command(home.path(), &settings("components/gateway/gateway.toml"), &more));
    // Ready is: it accepts a connection.
    assert!(TcpStream::connect(address(&gateway, "gateway").await).await.is_ok());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    wait_until("the console shows the gateway", SOON, async || {
        let page = client
            .get(format!("http://{console}/metrics"))
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        page.contains("evenkeel_gateway_up{gateway=\"evenkeel-gateway-0\"} 1")
    })
    .await;
    wait_until("the plan is on the volume", SOON, async || {
        home.path().join("data/gateway-plan.json").is_file()
    })
    .await;
    assert_eq!(gateway.terminate(), Some(0));
}
