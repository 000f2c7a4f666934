//! Every key by name, with what is allowed: the one list behind error sentences, `check-config` and the example file's test.

use super::{
    clusters, console, controller, database, environment, gateway, gateways, health, log, pools, registry, retention, routes, sample,
    traffic,
};

/// One setting. The name of a list's member has `[]`: `pools[].id`.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    /// Completes "allowed: …".
    pub allowed: &'static str,
    /// Never shown.
    pub secret: bool,
}

impl Key {
    pub(super) const fn new(name: &'static str, allowed: &'static str) -> Self {
        Self {
            name,
            allowed,
            secret: false,
        }
    }

    pub(super) const fn secret(name: &'static str, allowed: &'static str) -> Self {
        Self {
            name,
            allowed,
            secret: true,
        }
    }
}

pub fn all_keys() -> impl Iterator<Item = &'static Key> {
    [
        console::KEYS,
        gateway::KEYS,
        gateways::KEYS,
        health::KEYS,
        database::KEYS,
        sample::KEYS,
        traffic::KEYS,
        environment::KEYS,
        log::KEYS,
        registry::KEYS,
        retention::KEYS,
        pools::KEYS,
        routes::KEYS,
        clusters::KEYS,
        controller::KEYS,
    ]
    .into_iter()
    .flatten()
}

/// The entry for a path as figment writes it (`pools.0.instances.1.address`).
pub(super) fn find(path: &[String]) -> Option<&'static Key> {
    let name = name(path);
    all_keys().find(|key| key.name == name)
}

/// `pools.0.id` → `pools[].id`.
fn name(path: &[String]) -> String {
    join(path, |_| "[]".to_owned())
}

/// `pools.0.id` → `pools[0].id`, as shown to a person.
pub(super) fn shown(path: &[String]) -> String {
    join(path, |index| format!("[{index}]"))
}

fn join(path: &[String], index: impl Fn(&str) -> String) -> String {
    path.iter().fold(String::new(), |mut out, part| {
        if part.bytes().all(|b| b.is_ascii_digit()) {
            out.push_str(&index(part));
        } else {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(part);
        }
        out
    })
}

/// The keys directly below a group, for "allowed here: …".
pub(super) fn below(path: &[String]) -> Vec<&'static str> {
    let prefix = if path.is_empty() {
        String::new()
    } else {
        format!("{}.", name(path))
    };
    let mut out: Vec<&'static str> = Vec::new();
    for key in all_keys() {
        if let Some(rest) = key.name.strip_prefix(prefix.as_str()) {
            let child = rest.split(['.', '[']).next().unwrap_or(rest);
            if !out.contains(&child) {
                out.push(child);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').filter(|p| !p.is_empty()).map(str::to_owned).collect()
    }

    #[test]
    fn paths_are_shown_with_list_positions() {
        assert_eq!(shown(&path("pools.0.instances.12.address")), "pools[0].instances[12].address");
        assert_eq!(
            find(&path("pools.3.instances.1.address")).map(|k| k.name),
            Some("pools[].instances[].address")
        );
    }

    #[test]
    fn a_group_knows_its_members() {
        assert!(below(&path("")).contains(&"console") && below(&path("")).contains(&"pools"));
        assert!(below(&path("pools.0")).contains(&"instances"));
        assert!(below(&path("console")).contains(&"listen"));
    }

    #[test]
    fn no_key_is_listed_twice() {
        let mut names: Vec<_> = all_keys().map(|k| k.name).collect();
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
