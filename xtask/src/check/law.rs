//! The import law as data. `judge` applies it; a violation prints the sentence written here.

/// One of our crates and those of ours it may depend on.
#[derive(Debug)]
pub(super) struct Own {
    pub(super) name: &'static str,
    pub(super) may_import: &'static [&'static str],
    /// Only in tests, examples and benches.
    pub(super) tests_may_import: &'static [&'static str],
    /// Only through an optional dependency that this feature switches on.
    pub(super) only_with_feature: &'static [(&'static str, &'static str)],
    pub(super) sentence: &'static str,
}

/// An outside crate (or a family: `pingora*`) that only some of ours may know.
#[derive(Debug)]
pub(super) struct Guarded {
    pub(super) pattern: &'static str,
    pub(super) only: &'static [&'static str],
    pub(super) sentence: &'static str,
}

/// One of our crates that must not even reach an outside crate through others.
#[derive(Debug)]
pub(super) struct Pure {
    pub(super) name: &'static str,
    pub(super) never_reaches: &'static [&'static str],
    pub(super) sentence: &'static str,
}

const NOTHING: &[&str] = &[];
const TESTKIT: &[&str] = &["testkit"];
const ALWAYS: &[(&str, &str)] = &[];

pub(super) const OWN: &[Own] = &[
    Own {
        name: "model",
        may_import: NOTHING,
        tests_may_import: NOTHING,
        only_with_feature: ALWAYS,
        sentence: "model imports none of ours: it is the nouns, shared with the browser",
    },
    Own {
        name: "gateway",
        may_import: &["model"],
        tests_may_import: TESTKIT,
        only_with_feature: ALWAYS,
        sentence: "gateway imports model only: it keeps serving when everything above it stops",
    },
    Own {
        name: "control",
        may_import: &["model"],
        tests_may_import: TESTKIT,
        only_with_feature: ALWAYS,
        sentence: "control imports model only: it talks to the outside through its ports",
    },
    Own {
        name: "sample",
        may_import: NOTHING,
        tests_may_import: TESTKIT,
        only_with_feature: ALWAYS,
        sentence: "sample imports none of ours: it is a service like any other that is balanced",
    },
    Own {
        name: "store",
        may_import: &["control", "model"],
        tests_may_import: TESTKIT,
        only_with_feature: ALWAYS,
        sentence: "store imports control::ports and model: it is a port's other side and nothing else",
    },
    Own {
        name: "adapters",
        may_import: &["control", "gateway", "model"],
        tests_may_import: &["sample", "testkit"],
        only_with_feature: ALWAYS,
        sentence: "adapters imports control::ports, model and, for builtin alone, gateway; never app, never store",
    },
    Own {
        name: "testkit",
        may_import: &["control", "model"],
        tests_may_import: NOTHING,
        only_with_feature: ALWAYS,
        sentence: "testkit imports control::ports and model: contract suites know the port, never what is behind it",
    },
    Own {
        name: "app",
        may_import: &["control", "model"],
        tests_may_import: TESTKIT,
        only_with_feature: &[("control", "ssr")],
        sentence: "app imports model, and control only with the feature ssr: the browser gets nouns, never the brain",
    },
    Own {
        name: "frontend",
        may_import: &["app"],
        tests_may_import: NOTHING,
        only_with_feature: ALWAYS,
        sentence: "frontend imports app only: it is ten lines that hydrate it",
    },
    Own {
        name: "server",
        may_import: &["adapters", "app", "control", "gateway", "model", "sample", "store"],
        tests_may_import: TESTKIT,
        only_with_feature: ALWAYS,
        sentence: "server is the composition root: it sees everything except tools and test doubles",
    },
    Own {
        name: "xtask",
        may_import: NOTHING,
        tests_may_import: NOTHING,
        only_with_feature: ALWAYS,
        sentence: "xtask imports none of ours: the build tool must build when nothing else does",
    },
];

pub(super) const GUARDED: &[Guarded] = &[
    Guarded {
        pattern: "sqlx*",
        only: &["store"],
        sentence: "store is the only crate that knows sqlx",
    },
    Guarded {
        pattern: "kube*",
        only: &["adapters", "testkit"],
        sentence: "kube belongs to adapters, and to testkit, which starts a control plane: one folder per outside system",
    },
    Guarded {
        pattern: "k8s-openapi",
        only: &["adapters", "testkit"],
        sentence: "kube belongs to adapters, and to testkit, which starts a control plane: one folder per outside system",
    },
    Guarded {
        pattern: "redis*",
        only: &["adapters"],
        sentence: "redis belongs to adapters: one folder per outside system",
    },
    Guarded {
        pattern: "pingora*",
        only: &["gateway"],
        sentence: "pingora belongs to gateway: nothing else knows what serves",
    },
    Guarded {
        pattern: "leptos*",
        only: &["app", "server", "frontend"],
        sentence: "leptos belongs to app, server and frontend: everything below works without a page",
    },
];

pub(super) const PURE: &[Pure] = &[
    Pure {
        name: "control",
        never_reaches: &["sqlx*", "kube*", "redis*", "hyper*", "pingora*", "axum*", "leptos*"],
        sentence: "control has no sqlx, kube, redis, hyper, pingora, axum or leptos, not even through another crate",
    },
    Pure {
        name: "model",
        never_reaches: &["tokio*", "sqlx*", "kube*", "redis*", "hyper*", "pingora*", "axum*", "leptos*"],
        sentence: "model is serde values only: no I/O, not even through another crate",
    },
];
