//! From host and path to a pool.

use std::{
    borrow::Cow,
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use model::{HostPattern, PathPrefix, PoolId, Priority, ReusePolicy, Route};

use crate::PlanError;

/// Routes in order of precedence: exact host, longest wildcard, any host; within one host the longest path.
#[derive(Debug, Default)]
pub(super) struct RouteTable {
    exact: HashMap<String, Vec<Target>>,
    /// Longest name first, so that `*.eu.example.com` comes before `*.example.com`.
    wildcards: Vec<(HostPattern, Vec<Target>)>,
    any: Vec<Target>,
}

#[derive(Debug)]
struct Target {
    path: PathPrefix,
    /// Index of the pool in the plan.
    pool: usize,
    way: Way,
}

/// The route that leads to a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Way {
    /// Its number in the plan.
    pub(crate) number: u32,
    pub(crate) priority: Priority,
    pub(crate) reuse: ReusePolicy,
}

impl RouteTable {
    pub(super) fn new(routes: &[Route], pools: &HashMap<PoolId, usize>) -> Result<Self, PlanError> {
        let mut table = Self::default();
        let mut seen = HashSet::new();
        for (number, route) in (0_u32..).zip(routes) {
            if !seen.insert((route.host.as_ref(), normal_path(&route.path))) {
                return Err(PlanError::DuplicateRoute {
                    host: route.host.as_ref().map_or_else(String::new, ToString::to_string),
                    path: route.path.to_string(),
                });
            }
            let pool = *pools.get(&route.pool).ok_or_else(|| PlanError::UnknownPool(route.pool.clone()))?;
            let target = Target {
                path: route.path.clone(),
                pool,
                way: Way {
                    number,
                    priority: route.priority,
                    reuse: route.reuse,
                },
            };
            match &route.host {
                None => table.any.push(target),
                Some(host) if !host.is_wildcard() => table.exact.entry(host.as_str().to_owned()).or_default().push(target),
                Some(host) => match table.wildcards.iter_mut().find(|(pattern, _)| pattern == host) {
                    Some((_, targets)) => targets.push(target),
                    None => table.wildcards.push((host.clone(), vec![target])),
                },
            }
        }
        table.wildcards.sort_by_key(|(host, _)| Reverse(host.as_str().len()));
        let lists = table
            .exact
            .values_mut()
            .chain(table.wildcards.iter_mut().map(|(_, targets)| targets));
        for targets in lists.chain([&mut table.any]) {
            targets.sort_by_key(|target| Reverse(normal_path(&target.path).len()));
        }
        Ok(table)
    }

    /// The pool's index, and the way there. `authority` is a host with or without port, in any case.
    pub(super) fn find(&self, authority: &str, path: &str) -> Option<(usize, Way)> {
        let host = lower(host_of(authority));
        let exact = self.exact.get(host.as_ref()).into_iter();
        let wildcards = self
            .wildcards
            .iter()
            .filter(|(pattern, _)| pattern.matches(&host))
            .map(|(_, targets)| targets);
        exact
            .chain(wildcards)
            .chain([&self.any])
            .flatten()
            .find(|target| target.path.matches(path))
            .map(|target| (target.pool, target.way))
    }
}

/// `/api/` and `/api` match the same requests.
fn normal_path(path: &PathPrefix) -> &str {
    path.as_str().trim_end_matches('/')
}

/// Without port and without the dot of a fully qualified name.
fn host_of(authority: &str) -> &str {
    let host = match authority.rfind(']') {
        // An IPv6 address in brackets is no host name; its colons are not a port's.
        Some(end) => &authority[..=end],
        None => authority.split_once(':').map_or(authority, |(host, _)| host),
    };
    host.strip_suffix('.').unwrap_or(host)
}

fn lower(host: &str) -> Cow<'_, str> {
    if host.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pool(name: &str) -> PoolId {
        PoolId::new(name).unwrap()
    }

    fn route(host: &str, path: &str, to: &str) -> Route {
        Route {
            host: (!host.is_empty()).then(|| HostPattern::new(host).unwrap()),
            path: PathPrefix::new(path).unwrap(),
            pool: pool(to),
            priority: model::Priority::Normal,
            reuse: model::ReusePolicy::default(),
        }
    }

    const NAMES: [&str; 6] = ["any", "any-api", "exact", "wild", "wild-api", "wild-eu"];

    fn table() -> RouteTable {
        let pools = NAMES.iter().enumerate().map(|(index, name)| (pool(name), index)).collect();
        let routes = [
            route("", "/", "any"),
            route("", "/api", "any-api"),
            route("*.example.com", "/", "wild"),
            route("*.example.com", "/api/v2", "wild-api"),
            route("*.eu.example.com", "/", "wild-eu"),
            route("shop.example.com", "/cart", "exact"),
        ];
        RouteTable::new(&routes, &pools).unwrap()
    }

    #[test]
    fn the_most_specific_route_wins() {
        for (host, path, expected) in [
            ("shop.example.com", "/cart/1", "exact"),
            ("SHOP.example.com:8080", "/cart", "exact"),
            ("shop.example.com.", "/cart", "exact"),
            // No path of the exact host fits: the wildcard is next.
            ("shop.example.com", "/", "wild"),
            ("a.example.com", "/api/v2/x", "wild-api"),
            ("a.example.com", "/api/v1", "wild"),
            ("a.eu.example.com", "/api/v2", "wild-eu"),
            ("example.com", "/api", "any-api"),
            ("example.com", "/apix", "any"),
            ("", "/", "any"),
            ("[::1]:8080", "/api", "any-api"),
        ] {
            assert_eq!(
                table().find(host, path).map(|(pool, _)| NAMES[pool]),
                Some(expected),
                "{host} {path}"
            );
        }
    }

    #[test]
    fn what_no_route_names_is_unrouted() {
        let pools = HashMap::from([(pool("p"), 0)]);
        let table = RouteTable::new(&[route("a.com", "/x", "p")], &pools).unwrap();
        for (host, path) in [("a.com", "/"), ("b.com", "/x"), ("a.com", "/xy"), ("a.com", "*"), ("a.com", "")] {
            assert_eq!(table.find(host, path), None, "{host} {path}");
        }
    }

    #[test]
    fn contradictions_are_named() {
        let pools = HashMap::from([(pool("p"), 0)]);
        let twice = [route("", "/api", "p"), route("", "/api/", "p")];
        assert_eq!(
            RouteTable::new(&twice, &pools).unwrap_err().to_string(),
            "two routes answer to /api/"
        );
        assert_eq!(
            RouteTable::new(&[route("", "/", "q")], &pools).unwrap_err(),
            PlanError::UnknownPool(pool("q"))
        );
    }

    proptest! {
        #[test]
        fn any_host_and_path_is_looked_up_without_harm(host in ".*", path in ".*") {
            table().find(&host, &path);
        }
    }
}
