//! Installs Debian packages where that is allowed; elsewhere says exactly what to install, and stops.

use std::fmt::Write as _;

use super::tools::Missing;
use crate::{
    failure::Failure,
    process::{Cmd, find_program},
    steps::note,
};

/// How this user may change the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rights {
    Root,
    /// `sudo` that asks for no password.
    Sudo,
    None,
}

impl Rights {
    pub(super) fn of_this_user() -> Self {
        let is_root = Cmd::new("id").arg("-u").output().is_ok_and(|id| id.trim() == "0");
        if is_root {
            Self::Root
        } else if find_program("sudo").is_some() && Cmd::new("sudo").args(["-n", "true"]).output().is_ok() {
            Self::Sudo
        } else {
            Self::None
        }
    }

    /// The program as this user may run it.
    pub(super) fn command(self, program: &str) -> Cmd {
        match self {
            Self::Sudo => Cmd::new("sudo").args(["-n", "env", "DEBIAN_FRONTEND=noninteractive", program]),
            Self::Root | Self::None => Cmd::new(program).env("DEBIAN_FRONTEND", "noninteractive"),
        }
    }
}

pub(super) fn install(missing: &[Missing]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    let has_apt = find_program("apt-get").is_some();
    let rights = Rights::of_this_user();
    if !has_apt || rights == Rights::None {
        return Err(Failure::MustInstall(instructions(missing, has_apt)));
    }
    let packages = packages(missing);
    note(format!("installing Debian packages: {}", packages.join(" ")));
    rights.command("apt-get").args(["update", "--quiet=2"]).run()?;
    rights
        .command("apt-get")
        .args(["install", "--yes", "--quiet=2", "--no-install-recommends"])
        .args(&packages)
        .run()?;
    note("Debian starts the services of some packages (postgresql, nginx, haproxy); Evenkeel uses only their programs,");
    note("so `systemctl disable --now NAME` is fine.");
    Ok(())
}

fn packages(missing: &[Missing]) -> Vec<&'static str> {
    let mut packages: Vec<_> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    packages.sort_unstable();
    packages.dedup();
    packages
}

fn instructions(missing: &[Missing], has_apt: bool) -> String {
    let reason = if has_apt {
        "not root, and sudo wants a password"
    } else {
        "no apt-get on this machine"
    };
    let mut text = format!("these are missing and cannot be installed from here ({reason}):\n");
    for tool in missing {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {:<28} {} (Debian: {})", tool.name, tool.why, tool.packages.join(", "));
    }
    let packages = packages(missing).join(" ");
    if has_apt {
        let _ = write!(
            text,
            "Install them with\n  sudo apt-get update && sudo apt-get install --yes --no-install-recommends {packages}\nand repeat the same command."
        );
    } else {
        let _ = write!(
            text,
            "Install what carries these names on this system, and repeat the same command. On Debian they are\n  {packages}"
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CMAKE: Missing = Missing {
        name: "cmake",
        why: "the gateway",
        packages: &["cmake"],
    };
    const NODE: Missing = Missing {
        name: "node",
        why: "bundles",
        packages: &["nodejs", "npm"],
    };

    #[test]
    fn the_instructions_hold_the_whole_command() {
        let text = instructions(&[NODE, CMAKE], true);
        assert!(
            text.contains("sudo apt-get install --yes --no-install-recommends cmake nodejs npm\n"),
            "{text}"
        );
        assert!(text.contains("bundles"), "{text}");
    }

    #[test]
    fn without_apt_the_instructions_promise_no_apt() {
        let text = instructions(&[CMAKE], false);
        assert!(!text.contains("apt-get install"), "{text}");
        assert!(text.contains("no apt-get"), "{text}");
    }

    #[test]
    fn a_package_is_asked_for_once() {
        assert_eq!(packages(&[NODE, CMAKE, NODE]), ["cmake", "nodejs", "npm"]);
    }
}
