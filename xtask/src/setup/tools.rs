//! Programs of the machine that we need: what for, how we see that they are there, and what brings them on Debian.

use std::{fs, path::Path};

use crate::process::{Cmd, find_program};

/// What a command may need of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Build,
    Node,
    Browser,
    Database,
    Peers,
}

impl Part {
    pub(crate) const ALL: &[Self] = &[Self::Build, Self::Node, Self::Browser, Self::Database, Self::Peers];
}

#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) part: Part,
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    /// Debian's names, also useful elsewhere as a hint.
    pub(crate) packages: &'static [&'static str],
    probe: Probe,
}

#[derive(Debug)]
enum Probe {
    Programs(&'static [&'static str]),
    /// Node of at least this major version, with npm.
    Node(u32),
    /// Debian keeps the server's programs out of the PATH, one folder per version.
    Postgres,
    /// A file with one of these endings somewhere below the folder.
    AnyFile(&'static str, &'static [&'static str]),
}

/// esbuild and Playwright both ask for 18, which is what Debian 12 has.
const NODE_MAJOR: u32 = 18;

const TOOLS: [Tool; 13] = [
    Tool {
        part: Part::Build,
        name: "C and C++ compiler, make",
        why: "SQLite, compression and TLS code inside crates",
        packages: &["build-essential"],
        probe: Probe::Programs(&["cc", "c++", "make"]),
    },
    Tool {
        part: Part::Build,
        name: "cmake",
        why: "the gateway's compression library",
        packages: &["cmake"],
        probe: Probe::Programs(&["cmake"]),
    },
    Tool {
        part: Part::Node,
        name: "node 18 or newer, npm",
        why: "bundles scripts and styles, drives the browser tests",
        packages: &["nodejs", "npm"],
        probe: Probe::Node(NODE_MAJOR),
    },
    Tool {
        part: Part::Browser,
        name: "chromium",
        why: "browser tests",
        packages: &["chromium"],
        probe: Probe::Programs(&["chromium"]),
    },
    Tool {
        part: Part::Browser,
        name: "a font",
        why: "text on screenshots",
        packages: &["fonts-dejavu-core"],
        probe: Probe::AnyFile("/usr/share/fonts", &["ttf", "otf"]),
    },
    Tool {
        part: Part::Database,
        name: "PostgreSQL server",
        why: "store tests on a real server",
        packages: &["postgresql"],
        probe: Probe::Postgres,
    },
    Tool {
        part: Part::Peers,
        name: "nginx",
        why: "the gateway is measured beside it",
        packages: &["nginx"],
        probe: Probe::Programs(&["nginx"]),
    },
    Tool {
        part: Part::Peers,
        name: "haproxy",
        why: "the gateway is measured beside it",
        packages: &["haproxy"],
        probe: Probe::Programs(&["haproxy"]),
    },
    Tool {
        part: Part::Peers,
        name: "wrk",
        why: "makes the load of the measurements",
        packages: &["wrk"],
        probe: Probe::Programs(&["wrk"]),
    },
    Tool {
        part: Part::Peers,
        name: "h2load",
        why: "makes the steady load of the measurements",
        packages: &["nghttp2-client"],
        probe: Probe::Programs(&["h2load"]),
    },
    Tool {
        part: Part::Peers,
        name: "valgrind",
        why: "counts the instructions of a pick",
        packages: &["valgrind"],
        probe: Probe::Programs(&["valgrind"]),
    },
    Tool {
        part: Part::Peers,
        name: "prometheus",
        why: "the history is measured beside it",
        packages: &["prometheus"],
        probe: Probe::Programs(&["prometheus"]),
    },
    Tool {
        part: Part::Peers,
        name: "taskset",
        why: "gives every proxy the same core",
        packages: &["util-linux"],
        probe: Probe::Programs(&["taskset"]),
    },
];

impl Tool {
    pub(crate) fn present(&self) -> bool {
        match self.probe {
            Probe::Programs(names) => names.iter().all(|name| find_program(name).is_some()),
            Probe::Node(major) => find_program("npm").is_some() && node_major().is_some_and(|found| found >= major),
            Probe::Postgres => find_program("postgres").is_some() || debian_postgres(),
            Probe::AnyFile(folder, endings) => has_file(Path::new(folder), endings),
        }
    }
}

pub(crate) fn all() -> &'static [Tool] {
    &TOOLS
}

/// What has to be installed for these parts.
pub(crate) fn missing(parts: &[Part]) -> Vec<Missing> {
    let absent = TOOLS.iter().filter(|tool| parts.contains(&tool.part) && !tool.present());
    absent
        .map(|tool| Missing {
            name: tool.name,
            why: tool.why,
            packages: tool.packages,
        })
        .collect()
}

/// One thing to install, with what the person who has to do it by hand needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missing {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
    pub(crate) packages: &'static [&'static str],
}

fn node_major() -> Option<u32> {
    major_version(&Cmd::new("node").arg("--version").output().ok()?)
}

/// `v20.20.2` is 20.
fn major_version(text: &str) -> Option<u32> {
    text.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

fn debian_postgres() -> bool {
    let Ok(versions) = fs::read_dir("/usr/lib/postgresql") else {
        return false;
    };
    versions.flatten().any(|version| version.path().join("bin/postgres").is_file())
}

fn has_file(folder: &Path, endings: &[&str]) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().map(|entry| entry.path()).any(|path| {
        let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
        endings.contains(&ending.as_str()) || (path.is_dir() && has_file(&path, endings))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_read_from_what_node_prints() {
        assert_eq!(major_version("v20.20.2\n"), Some(20));
        assert_eq!(major_version("v18.20.4"), Some(18));
        assert_eq!(major_version("node: not found"), None);
    }

    #[test]
    fn every_part_has_a_tool_and_every_tool_a_package() {
        for part in Part::ALL {
            assert!(TOOLS.iter().any(|tool| tool.part == *part), "{part:?} needs nothing");
        }
        assert!(TOOLS.iter().all(|tool| !tool.packages.is_empty()));
    }

    #[test]
    fn a_font_is_found_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_file(folder.path(), &["ttf"]));
        fs::create_dir_all(folder.path().join("truetype/one")).unwrap();
        fs::write(folder.path().join("truetype/one/a.ttf"), "").unwrap();
        assert!(has_file(folder.path(), &["ttf"]));
        assert!(!has_file(folder.path(), &["otf"]));
    }
}
