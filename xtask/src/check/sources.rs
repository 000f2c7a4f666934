//! The part of the law that manifests cannot show: which module of a crate may be named where.

use std::path::Path;

use crate::{failure::Failure, files, workspace::Workspace};

pub(super) fn check(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let mut violations = Vec::new();
    for krate in ["crates/adapters", "crates/store"] {
        for (name, text) in rust_files(workspace, &format!("{krate}/src"))? {
            violations.extend(ports_only(&name, &text));
        }
    }
    let adapters = "crates/adapters/src";
    let systems = folders(&workspace.path(adapters))?;
    for (name, text) in rust_files(workspace, adapters)? {
        violations.extend(adapters_apart(&name, &text, &systems));
    }
    for (name, text) in rust_files(workspace, "app/src")? {
        violations.extend(one_place_for_the_server(&name, &text));
    }
    Ok(violations)
}

/// The pages are the same on both sides; one module of `app` knows which side it is on. Tests may ask.
fn one_place_for_the_server(name: &str, text: &str) -> Vec<String> {
    if name == "app/src/api/context.rs" {
        return Vec::new();
    }
    let without_tests = code_lines(text).take_while(|(_, line)| line.trim() != "#[cfg(test)]");
    without_tests
        .filter(|(_, line)| {
            ["ssr", "hydrate"]
                .iter()
                .any(|side| line.contains(&format!("feature = \"{side}\"")))
        })
        .map(|(number, _)| format!("{name}:{number} asks for ssr or hydrate: app/src/api/context.rs is the only module that may"))
        .collect()
}

/// `control::` is followed by `ports`, whatever uses it.
fn ports_only(name: &str, text: &str) -> Vec<String> {
    let mut violations = Vec::new();
    for (number, line) in code_lines(text) {
        for (at, _) in line.match_indices("control::") {
            let whole_word = !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':');
            let module = &line[at + "control::".len()..];
            if whole_word && !module.starts_with("ports") {
                violations.push(format!(
                    "{name}:{number} reaches into control beside its ports: adapters and store know control::ports only"
                ));
            }
        }
    }
    violations
}

/// One adapter never names another, and only `builtin` names the gateway.
fn adapters_apart(name: &str, text: &str, systems: &[String]) -> Vec<String> {
    let Some((own, _)) = name.trim_start_matches("crates/adapters/src/").split_once('/') else {
        return Vec::new();
    };
    let mut violations = Vec::new();
    for (number, line) in code_lines(text) {
        for other in systems.iter().filter(|other| other.as_str() != own) {
            if line.contains(&format!("crate::{other}")) {
                violations.push(format!(
                    "{name}:{number} imports the adapter `{other}`: adapters never import each other"
                ));
            }
        }
        let names_gateway = line.trim_start().starts_with("use gateway") || line.contains(" gateway::") || line.contains("(gateway::");
        if own != "builtin" && names_gateway {
            violations.push(format!(
                "{name}:{number} imports gateway: adapters::builtin is the only adapter that may"
            ));
        }
    }
    violations
}

/// Lines with their numbers, comments left out.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn rust_files(workspace: &Workspace, below: &str) -> Result<Vec<(String, String)>, Failure> {
    let mut found = Vec::new();
    for file in files::sources(&workspace.path(below))? {
        if file.extension().is_some_and(|ending| ending == "rs") {
            let name = file.strip_prefix(workspace.root()).unwrap_or(&file).display().to_string();
            found.push((name, files::read_text(&file)?));
        }
    }
    Ok(found)
}

fn folders(folder: &Path) -> Result<Vec<String>, Failure> {
    let folders = files::list(folder)?.into_iter().filter(|path| path.is_dir());
    Ok(folders
        .filter_map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_knows_the_ports_only() {
        assert!(ports_only("a.rs", "use control::ports::{Balancer, Clock};\n// control::access is elsewhere").is_empty());
        let violations = ports_only("a.rs", "use std::fmt;\nuse control::access::Viewer;");
        assert_eq!(violations.len(), 1);
        assert!(violations[0].starts_with("a.rs:2 "), "{violations:?}");
        assert!(ports_only("a.rs", "use crate::flow_control::Window;").is_empty());
    }

    #[test]
    fn one_module_of_the_app_knows_its_side() {
        let text = "use std::fmt;\n#[cfg(feature = \"ssr\")]\nfn a() {}\n";
        assert_eq!(one_place_for_the_server("app/src/pages/pool/mod.rs", text).len(), 1);
        assert!(one_place_for_the_server("app/src/api/context.rs", text).is_empty());
        assert!(one_place_for_the_server("app/src/live.rs", &format!("#[cfg(test)]\nmod tests {{\n{text}}}")).is_empty());
    }

    #[test]
    fn adapters_do_not_know_each_other() {
        let systems = ["builtin".to_owned(), "haproxy".to_owned()];
        let in_haproxy = "crates/adapters/src/haproxy/mod.rs";
        assert_eq!(adapters_apart(in_haproxy, "use crate::builtin::Supervisor;", &systems).len(), 1);
        assert_eq!(
            adapters_apart(in_haproxy, "use crate::haproxy::parse;", &systems),
            Vec::<String>::new()
        );
        assert_eq!(adapters_apart(in_haproxy, "use gateway::Gateway;", &systems).len(), 1);
        assert_eq!(
            adapters_apart("crates/adapters/src/builtin/mod.rs", "use gateway::Gateway;", &systems),
            Vec::<String>::new()
        );
        assert_eq!(
            adapters_apart("crates/adapters/src/lib.rs", "pub use crate::builtin::Supervisor;", &systems),
            Vec::<String>::new()
        );
    }
}
