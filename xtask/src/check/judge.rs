//! Applies the law to a graph. Pure.

use super::{
    graph::{Dependency, Graph, Kind, Member},
    law::{GUARDED, OWN, Own, PURE},
};

pub(super) fn judge(graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for member in &graph.members {
        match OWN.iter().find(|own| own.name == member.name) {
            Some(own) => violations.extend(own_imports(graph, member, own)),
            None => violations.push(format!(
                "`{}` is not in the import law: give it a row (name, what it may import, why) in the build tool's law table",
                member.name
            )),
        }
        violations.extend(guarded_imports(member));
    }
    violations.extend(reached(graph));
    violations
}

fn own_imports(graph: &Graph, member: &Member, own: &Own) -> Vec<String> {
    let ours = member
        .dependencies
        .iter()
        .filter(|dependency| graph.members.iter().any(|other| other.name == dependency.name));
    ours.filter_map(|dependency| {
        let name = dependency.name.as_str();
        let in_tests = dependency.kind == Kind::Dev;
        if !(own.may_import.contains(&name) || in_tests && own.tests_may_import.contains(&name)) {
            let how = if in_tests { " in its tests" } else { "" };
            let testkit = if name == "testkit" && !in_tests {
                " (testkit is a dev-dependency only)"
            } else {
                ""
            };
            return Some(format!("`{}` imports `{name}`{how}: {}{testkit}", member.name, own.sentence));
        }
        let (_, feature) = own.only_with_feature.iter().find(|(krate, _)| *krate == name)?;
        let only_that_feature = dependency.optional && dependency.switched_on_by == [(*feature).to_owned()];
        (!in_tests && !only_that_feature).then(|| {
            format!(
                "`{}` imports `{name}` without its feature `{feature}`: {}",
                member.name, own.sentence
            )
        })
    })
    .collect()
}

/// Tests count: a test that reaches around a crate tests something else.
fn guarded_imports(member: &Member) -> Vec<String> {
    let imports = |dependency: &Dependency| {
        let rule = GUARDED.iter().find(|rule| matches(rule.pattern, &dependency.name))?;
        let allowed = rule.only.contains(&member.name.as_str());
        (!allowed).then(|| format!("`{}` imports `{}`: {}", member.name, dependency.name, rule.sentence))
    };
    member.dependencies.iter().filter_map(imports).collect()
}

fn reached(graph: &Graph) -> Vec<String> {
    let mut violations = Vec::new();
    for pure in PURE {
        let forbidden = |krate: &String| pure.never_reaches.iter().any(|pattern| matches(pattern, krate));
        for (krate, way) in graph.reaches(pure.name) {
            // What is reached only through a forbidden crate is that crate's business; one sentence is enough.
            if way.iter().filter(|step| forbidden(step)).count() == 1 && forbidden(&krate) {
                violations.push(format!(
                    "`{}` reaches `{krate}` ({}): {}",
                    pure.name,
                    way.join(" -> "),
                    pure.sentence
                ));
            }
        }
    }
    violations
}

/// `pingora*` is pingora and everything that starts with `pingora-` or `pingora_`.
fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(family) => name
            .strip_prefix(family)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', '_'])),
        None => name == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str, kind: Kind) -> Dependency {
        Dependency {
            name: name.into(),
            kind,
            optional: false,
            switched_on_by: Vec::new(),
        }
    }

    fn optional(name: &str, features: &[&str]) -> Dependency {
        Dependency {
            optional: true,
            switched_on_by: features.iter().map(ToString::to_string).collect(),
            ..dependency(name, Kind::Normal)
        }
    }

    /// Every crate of ours with nothing but what the drawing shows.
    fn lawful() -> Graph {
        let mut graph = Graph::default();
        for own in OWN {
            let drawn = own
                .may_import
                .iter()
                .map(|name| match own.only_with_feature.iter().find(|(krate, _)| krate == name) {
                    Some((_, feature)) => optional(name, &[feature]),
                    None => dependency(name, Kind::Normal),
                });
            let tests = own.tests_may_import.iter().map(|name| dependency(name, Kind::Dev));
            graph.members.push(Member {
                name: own.name.into(),
                dependencies: drawn.chain(tests).collect(),
            });
        }
        graph
    }

    /// The lawful graph with one more dependency.
    fn with(member: &str, extra: Dependency) -> Vec<String> {
        let mut graph = lawful();
        graph.edges.insert(member.into(), vec![extra.name.clone()]);
        let target = graph.members.iter_mut().find(|candidate| candidate.name == member).unwrap();
        target.dependencies.retain(|dependency| dependency.name != extra.name);
        target.dependencies.push(extra);
        judge(&graph)
    }

    #[track_caller]
    fn assert_forbidden(violations: &[String], sentence: &str) {
        assert!(
            violations.iter().any(|violation| violation.contains(sentence)),
            "expected a violation with {sentence:?}, found {violations:?}"
        );
    }

    #[test]
    fn what_is_drawn_is_allowed() {
        assert_eq!(judge(&lawful()), Vec::<String>::new());
    }

    #[test]
    fn a_wrong_import_among_ours_is_named_with_its_sentence() {
        for (member, import, sentence) in [
            ("model", "control", "model imports none of ours"),
            ("gateway", "control", "gateway imports model only"),
            ("control", "store", "control imports model only"),
            ("control", "gateway", "control imports model only"),
            ("store", "gateway", "store imports control::ports"),
            ("adapters", "app", "never app"),
            ("adapters", "store", "never store"),
            ("sample", "model", "sample imports none of ours"),
            ("frontend", "control", "frontend imports app only"),
            ("app", "store", "app imports model"),
            ("server", "xtask", "composition root"),
            ("xtask", "model", "xtask imports none of ours"),
        ] {
            let violations = with(member, dependency(import, Kind::Normal));
            assert_forbidden(&violations, sentence);
            assert_forbidden(&violations, &format!("`{member}` imports `{import}`"));
        }
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        assert_forbidden(
            &with("store", dependency("testkit", Kind::Normal)),
            "testkit is a dev-dependency only",
        );
        assert_eq!(with("store", dependency("testkit", Kind::Dev)), Vec::<String>::new());
        assert_forbidden(&with("frontend", dependency("testkit", Kind::Dev)), "frontend imports app only");
    }

    #[test]
    fn the_browser_never_gets_the_brain() {
        let sentence = "control only with the feature ssr";
        assert_forbidden(&with("app", dependency("control", Kind::Normal)), sentence);
        assert_forbidden(&with("app", optional("control", &["hydrate"])), sentence);
        assert_forbidden(&with("app", optional("control", &["hydrate", "ssr"])), sentence);
        assert_eq!(with("app", optional("control", &["ssr"])), Vec::<String>::new());
    }

    #[test]
    fn outside_crates_stay_where_they_belong() {
        for (member, import, sentence) in [
            ("control", "sqlx", "store is the only crate that knows sqlx"),
            ("server", "sqlx-core", "store is the only crate that knows sqlx"),
            ("server", "kube", "kube belongs to adapters"),
            ("store", "redis", "redis belongs to adapters"),
            ("adapters", "pingora-proxy", "pingora belongs to gateway"),
            ("sample", "leptos_router", "leptos belongs to app, server and frontend"),
        ] {
            assert_forbidden(&with(member, dependency(import, Kind::Normal)), sentence);
            assert_forbidden(&with(member, dependency(import, Kind::Dev)), sentence);
        }
        for (member, import) in [
            ("store", "sqlx"),
            ("gateway", "pingora-core"),
            ("adapters", "kube"),
            ("app", "leptos_meta"),
        ] {
            assert_eq!(with(member, dependency(import, Kind::Normal)), Vec::<String>::new());
        }
    }

    #[test]
    fn control_does_not_reach_a_web_server_through_another_crate() {
        let mut graph = lawful();
        graph.edges.insert("control".into(), vec!["reqwest".into()]);
        graph.edges.insert("reqwest".into(), vec!["hyper".into()]);
        graph.edges.insert("hyper".into(), vec!["hyper-util".into()]);
        let violations = judge(&graph);
        assert_eq!(violations.len(), 1, "{violations:?}");
        assert_forbidden(&violations, "`control` reaches `hyper` (control -> reqwest -> hyper)");
    }

    #[test]
    fn a_crate_without_a_row_is_refused() {
        let mut graph = lawful();
        graph.members.push(Member {
            name: "helpers".into(),
            dependencies: Vec::new(),
        });
        assert_forbidden(&judge(&graph), "`helpers` is not in the import law");
    }

    #[test]
    fn a_family_is_not_every_name_that_starts_alike() {
        assert!(matches("kube*", "kube-client"));
        assert!(matches("leptos*", "leptos_router"));
        assert!(!matches("redis*", "redistribute"));
        assert!(!matches("k8s-openapi", "k8s-openapi-derive"));
    }
}
