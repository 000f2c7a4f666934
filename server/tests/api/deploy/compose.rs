//! The compose file.

use serde_json::Value;

use super::manifests::{deploy, documents, read, texts};
use crate::support::Program;

fn compose() -> Value {
    documents("compose/compose.yaml").remove(0)
}

/// As compose fills it in, from a complete `.env`.
fn filled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, behind) = after.split_once('}').unwrap();
        let name = name.split([':', '?']).next().unwrap();
        assert!(
            read("compose/env.example").contains(&format!("\n{name}=")),
            "env.example does not tell of {name}"
        );
        out.push_str(before);
        out.push_str(&"0a".repeat(24));
        rest = behind;
    }
    out + rest
}

#[test]
fn every_service_is_locked_down() {
    let compose = compose();
    let services = compose["services"].as_object().unwrap();
    assert_eq!(services.len(), 3);
    for (name, service) in services {
        assert_eq!(service["read_only"], true, "{name}");
        assert_eq!(texts(&service["cap_drop"]), ["ALL"], "{name}");
        assert_eq!(texts(&service["security_opt"]), ["no-new-privileges:true"], "{name}");
        assert!(service["user"].as_str().is_some_and(|user| !user.starts_with('0')), "{name}");
        assert!(service["mem_limit"].is_string() && service["pids_limit"].is_u64(), "{name}");
        for key in ["privileged", "cap_add", "network_mode", "pid", "ipc"] {
            assert_eq!(service.get(key), None, "{name}");
        }
        for network in texts(&service["networks"]) {
            assert!(compose["networks"].get(network).is_some(), "{name}: {network}");
        }
        for volume in service["volumes"].as_array().map(Vec::as_slice).unwrap_or_default() {
            let (from, rest) = volume.as_str().unwrap().split_once(':').unwrap();
            match from.strip_prefix("./") {
                Some(file) => assert!(deploy("compose").join(file).is_file() && rest.ends_with(":ro"), "{name}: {volume}"),
                None => assert!(compose["volumes"].get(from).is_some(), "{name}: {volume}"),
            }
        }
    }
    let context = deploy("compose").join(compose["services"]["console"]["build"]["context"].as_str().unwrap());
    assert!(
        context
            .join(compose["services"]["console"]["build"]["dockerfile"].as_str().unwrap())
            .is_file()
    );
}

#[test]
fn every_variable_is_a_setting_and_every_command_is_one() {
    let compose = compose();
    let dir = tempfile::tempdir().unwrap();
    for (name, service) in compose["services"].as_object().unwrap() {
        if !service["image"].as_str().unwrap().starts_with("evenkeel") {
            continue;
        }
        let mut check = Program::command(dir.path(), &["check-config"]);
        for (variable, value) in service["environment"].as_object().unwrap() {
            let value = filled(value.as_str().unwrap());
            // A file of the container is one of ours here.
            let value = value.replace("/etc/evenkeel/", &format!("{}/", deploy("compose").display()));
            check.env(variable, value);
        }
        let output = Program::run(check, "");
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let health = texts(&service["healthcheck"]["test"]);
        let health = health.iter().skip(2).copied().collect::<Vec<_>>();
        for args in [texts(&service["command"]), health] {
            let args: Vec<&str> = args.into_iter().chain(["--help"]).collect();
            assert!(
                Program::run(Program::command(dir.path(), &args), "").status.success(),
                "{name}: {args:?}"
            );
        }
    }
}
