//! Nothing of one machine in the tree, and a report of files that have grown long.

use std::{env, path::Path};

use super::verdict;
use crate::{failure::Failure, files, steps::note, workspace::Workspace};

/// A file above this is probably more than one idea. Reported, not refused: some tables are long.
const LONG_FILE_LINES: usize = 400;

/// Text we write by hand. Lock files and pictures are not.
const WRITTEN: [&str; 15] = [
    "rs", "ts", "go", "css", "toml", "md", "json", "sql", "sh", "yaml", "yml", "html", "svg", "conf", "",
];
const GENERATED: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// Homes of people and of root; split so that this file does not find itself.
const HOMES: [&str; 3] = [concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Us", "ers/")];

pub(super) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let places = places(workspace.root(), env::var("HOME").ok().as_deref());
    let mut violations = Vec::new();
    for file in files::sources(workspace.root())? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let ending = file.extension().unwrap_or_default().to_string_lossy().into_owned();
        if !WRITTEN.contains(&ending.as_str()) || GENERATED.contains(&name.as_str()) {
            continue;
        }
        // What is not text cannot hold a path that somebody wrote.
        let Ok(text) = String::from_utf8(files::read(&file)?) else {
            continue;
        };
        let shown = file.strip_prefix(workspace.root()).unwrap_or(&file).display().to_string();
        violations.extend(paths_of_one_machine(&shown, &text, &places));
        let lines = text.lines().count();
        if lines > LONG_FILE_LINES && matches!(ending.as_str(), "rs" | "ts" | "css" | "go") {
            note(format!("long: {shown} has {lines} lines; is it still one idea?"));
        }
    }
    verdict("the tree", violations)
}

/// What must not stand in a file: homes, and the folder this checkout happens to be in.
fn places(root: &Path, home: Option<&str>) -> Vec<String> {
    let mut places = HOMES.map(str::to_owned).to_vec();
    // A checkout in `/src` would forbid a word that is everywhere.
    if root.components().count() > 2 {
        places.push(root.display().to_string());
    }
    places.extend(
        home.filter(|home| home.len() > 1 && *home != "/")
            .map(|home| format!("{}/", home.trim_end_matches('/'))),
    );
    places.sort();
    places.dedup();
    places
}

fn paths_of_one_machine(name: &str, text: &str, places: &[String]) -> Vec<String> {
    let mut violations = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for place in places {
            let starts_a_path = |at: usize| !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-/}$".contains(before));
            if line.match_indices(place.as_str()).any(|(at, _)| starts_a_path(at)) {
                violations.push(format!("{name}:{} holds a path of one machine ({place}…)", index + 1));
                break;
            }
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(line: &str) -> usize {
        paths_of_one_machine("a.md", line, &places(Path::new("/builds/evenkeel"), Some("/srv/ann"))).len()
    }

    #[test]
    fn a_home_or_the_checkout_is_found() {
        assert_eq!(found(&format!("cd {}ann/evenkeel", HOMES[0])), 1);
        assert_eq!(found("see /builds/evenkeel/README.md"), 1);
        assert_eq!(found("export X=/srv/ann/bin"), 1);
    }

    #[test]
    fn a_path_that_only_looks_alike_is_not() {
        assert_eq!(found(&format!("GET /site{}index.html", HOMES[1])), 0);
        assert_eq!(found("/usr/bin/chromium and /etc/nginx"), 0);
    }

    #[test]
    fn a_checkout_at_the_top_forbids_no_word() {
        assert!(!places(Path::new("/src"), None).contains(&"/src".to_owned()));
    }
}
