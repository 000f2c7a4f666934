//! The container file. No image is built here; what it names is looked at.

use std::{fs, path::Path};

use super::manifests::{containers, document, list, read, root};
use crate::support::Program;

/// Its instructions, continued lines joined, comments left out.
fn instructions() -> Vec<(String, String)> {
    let text = read("container/Containerfile");
    let kept: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
    let lines = kept.join("\n").replace("\\\n", "");
    let words = lines.lines().filter_map(|line| line.trim().split_once(' '));
    words.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect()
}

/// The arguments of an instruction in its JSON form.
fn exec(of: &str) -> Vec<String> {
    let all = instructions();
    let (_, text) = all.iter().find(|(name, _)| name == of).unwrap();
    let start = text.find('[').unwrap();
    serde_json::from_str(&text[start..]).unwrap_or_else(|e| panic!("{of} is not in its JSON form, and there is no shell: {e}"))
}

#[test]
fn the_builder_gets_every_crate_and_nothing_that_was_built() {
    let ignored = read("container/Containerfile.dockerignore");
    let kept: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert_eq!(
        ignored.lines().find(|line| !line.starts_with('#')),
        Some("*"),
        "everything else stays away"
    );
    for path in &kept {
        assert!(root().join(path).exists(), "{path} is not there");
    }
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = manifest.lines().find(|line| line.starts_with("members = ")).unwrap();
    for member in members.split('"').skip(1).step_by(2) {
        let top = member.split('/').next().unwrap();
        assert!(
            kept.contains(&top),
            "{member} is a part of the workspace, and is not sent to the builder"
        );
    }
    // What crates read beside their own folders.
    for path in ["migrations", "style", "public", "Cargo.lock", ".cargo"] {
        assert!(kept.contains(&path), "{path}");
    }
    let minimum = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "))
        .unwrap()
        .trim_matches('"');
    let (_, from) = &instructions()[0];
    assert!(
        from.contains(&format!("rust:{minimum}-")),
        "{from} is not the Rust {minimum} that we ask for"
    );
}

#[test]
fn what_it_starts_is_a_command_and_every_variable_is_a_setting() {
    let entry = exec("ENTRYPOINT");
    let all = instructions();
    let copied: Vec<&str> = all
        .iter()
        .filter(|(name, _)| name == "COPY")
        .filter_map(|(_, rest)| rest.rsplit(' ').next())
        .collect();
    let health = exec("HEALTHCHECK");
    assert!(
        copied.contains(&entry[0].as_str()) && entry[0] == health[0],
        "{entry:?} {health:?} {copied:?}"
    );
    let dir = tempfile::tempdir().unwrap();
    for args in [&exec("CMD")[..], &health[1..]] {
        let args: Vec<&str> = args.iter().map(String::as_str).chain(["--help"]).collect();
        assert!(Program::run(Program::command(dir.path(), &args), "").status.success(), "{args:?}");
    }
    let (_, variables) = all
        .iter()
        .find(|(name, _)| name == "ENV")
        .map(|_| &all)
        .unwrap()
        .iter()
        .rfind(|(name, _)| name == "ENV")
        .unwrap();
    let mut command = Program::command(dir.path(), &["check-config"]);
    for (name, value) in variables.split_whitespace().map(|pair| pair.split_once('=').unwrap()) {
        assert!(copied.contains(&value), "{name} names {value}, which is not in the image");
        command.env(name, value);
    }
    let output = Program::run(command, "");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn nobody_is_root_and_pods_are_the_same_user() {
    let all = instructions();
    let last = all.iter().rposition(|(name, _)| name == "FROM").unwrap();
    let (_, user) = all[last..].iter().rfind(|(name, _)| name == "USER").expect("the image is root's");
    let console = document("kubernetes/base/console.yaml", "Deployment");
    let pod = &console["spec"]["template"]["spec"]["securityContext"];
    assert_eq!(*user, format!("{}:{}", pod["runAsUser"], pod["runAsGroup"]));
    assert!(
        all[last..].iter().all(|(name, _)| name != "RUN"),
        "there is no shell in the last stage"
    );
    // Where a pod mounts its volume, the image has a directory of that user.
    let mounts = list(&containers(&console)[0], "volumeMounts");
    let data = mounts.iter().find(|mount| mount["name"] == "data").unwrap()["mountPath"]
        .as_str()
        .unwrap();
    assert!(
        all.iter()
            .any(|(name, rest)| name == "COPY" && rest.contains(&format!("--chown={user}")) && rest.ends_with(data))
    );
    let exposed = &all.iter().find(|(name, _)| name == "EXPOSE").unwrap().1;
    let gateway = document("kubernetes/components/gateway/gateway.yaml", "Deployment");
    let ports = [&console, &gateway].map(|pod| list(&containers(pod)[0], "ports")[0]["containerPort"].to_string());
    assert_eq!(exposed.split(' ').collect::<Vec<_>>(), ports);
    assert!(Path::new(data).is_absolute());
}
