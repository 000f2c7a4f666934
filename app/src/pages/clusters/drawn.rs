//! The pages over made-up clusters: what stands there in every state, and what strangers' words may do in it.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{components::Router, location::RequestUrl};
use model::{
    ApiError, Environment, FieldDiff, Frame, FrameId, Role, Severity, SourceState, SourceStatus, Tail, ViewData,
    cluster::{
        Attribution, Certainty, ClusterRefusal, ClusterStatus, ClustersView, ConditionRow, DryRun, Finding, FindingCode, Fix, FixKind,
        IngressRow, KindState, KindStatus, Manager, MetricRow, ObjectCommand, ObjectEvent, ObjectQuery, ObjectRow, ObjectState, ObjectView,
        OwnerKind, PodRow, RefusalKind, ServiceRow, Trigger, VpaRow,
    },
    scaling::{Behavior, MetricSpec, MetricState, MetricTarget, ScalingPolicy, TargetChip},
};

use super::{
    detail::{
        Object,
        act::{Act, Refused, Review, Wish},
        context::ObjectContext,
    },
    list::{Clusters, query::Asked},
};
use crate::{
    Assets,
    api::{Me, Problem, context::pages},
    components::Toasts,
    live::Live,
    url::use_query,
};

const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=alert(1)>";
const NOW_MS: i64 = 1_795_200_763_000;

/// The page at an address, as the server writes it.
fn draw<V: IntoView + 'static>(path: &'static str, page: impl FnOnce() -> V + Send + 'static) -> String {
    // Walking the routes sets up what runs resources; nothing is drawn before that is over.
    pages();
    let owner = Owner::new();
    owner.with(|| {
        provide_context(RequestUrl::new(path));
        provide_meta_context();
        provide_context(Assets::default());
        Live::provide();
        Toasts::provide();
        view! { <Router>{page().into_any()}</Router> }.to_html()
    })
}

fn frame(view: ViewData) -> Frame {
    Frame {
        id: FrameId { boot: 1, seq: 1 },
        at_ms: NOW_MS,
        view,
        tail: Tail::default(),
    }
}

fn me(role: Role, production: bool) -> Me {
    Me {
        name: "ada".to_owned(),
        role,
        environment: Environment {
            name: "test bench".into(),
            production,
        },
        replica: None,
    }
}

fn source(state: SourceState) -> SourceStatus {
    SourceStatus {
        id: "prod".parse().unwrap(),
        what: "cluster prod".into(),
        state,
        answered_at_ms: Some(NOW_MS - 14_000),
        took_us: 900,
    }
}

fn cluster(state: SourceState) -> ClusterStatus {
    let kind = |resource: &str, state| KindStatus {
        resource: resource.to_owned(),
        state,
        objects: 3,
        heard_at_ms: Some(NOW_MS - 2_000),
    };
    ClusterStatus {
        id: "prod".parse().unwrap(),
        source: source(state),
        version: Some("v1.36.3".to_owned()),
        kinds: vec![
            kind("pods", KindState::Up),
            kind(
                "events",
                KindState::Forbidden {
                    rule: "- apiGroups: [\"\"]\n  resources: [events]".to_owned(),
                },
            ),
            kind("verticalpodautoscalers.autoscaling.k8s.io", KindState::Absent),
        ],
        hpas: 4_999,
        workloads: 12,
        pods: 31,
        read_only: Some("read_only is set in the settings".to_owned()),
    }
}

fn chip() -> TargetChip {
    TargetChip {
        name: "cpu".to_owned(),
        current: Some("82 %".to_owned()),
        target: "70 %".to_owned(),
        state: MetricState::Above,
        current_value: Some(82.0),
        target_value: 70.0,
        is_simulated: false,
    }
}

fn helm() -> Manager {
    Manager {
        tool: "Helm".to_owned(),
        name: HOSTILE.to_owned(),
        seen_by: HOSTILE.to_owned(),
    }
}

fn row(object: &str, state: ObjectState) -> ObjectRow {
    ObjectRow {
        object: object.parse().unwrap(),
        reference: "Deployment/web".to_owned(),
        targets: vec![chip()],
        min_replicas: Some(2),
        max_replicas: Some(10),
        desired: 5,
        replicas: 4,
        ready: 3,
        created_at_ms: NOW_MS - 3 * 86_400_000,
        state,
        trouble: Some(HOSTILE.to_owned()),
        managed_by: Some(helm()),
    }
}

fn view(clusters: Vec<ClusterStatus>, rows: Vec<ObjectRow>, found: u32, query: ObjectQuery) -> Frame {
    frame(ViewData::Clusters(Box::new(ClustersView {
        clusters,
        namespaces: vec!["shop".to_owned(), HOSTILE.to_owned()],
        rows,
        found,
        query,
    })))
}

fn list(path: &'static str, clusters: Vec<ClusterStatus>, rows: Vec<ObjectRow>, found: u32) -> String {
    draw(path, move || {
        let query = use_query();
        let asked = query.query.with_untracked(Asked::from_query);
        let frame = view(clusters, rows, found, asked.query.clone());
        view! { <Clusters query=query frame=frame asked=asked /> }
    })
}

fn finding() -> Finding {
    Finding {
        code: FindingCode::RequestMissing,
        severity: Severity::Critical,
        certainty: Certainty::Estimated,
        title: format!("Not scaling out: {HOSTILE}"),
        why: HOSTILE.to_owned(),
        fixes: vec![Fix {
            kind: FixKind::Command,
            title: "Give the container a request".to_owned(),
            text: format!("kubectl set resources deployment/web --requests=cpu=100m # {HOSTILE}"),
        }],
        field: Some("spec.metrics[0]".to_owned()),
    }
}

fn object(name: &str, refused: Vec<(Trigger, String)>) -> ObjectView {
    let is_hpa = name.contains(":hpa:");
    let mut row = row(name, ObjectState::Failing);
    if !is_hpa {
        (row.min_replicas, row.max_replicas) = (None, None);
    }
    ObjectView {
        row,
        findings: vec![finding()],
        metrics: vec![MetricRow {
            index: 0,
            chip: chip(),
            source: "Resource".to_owned(),
            target: MetricTarget::Utilization { average_utilization: 70 },
            controller: Some("82 % of 70 %".to_owned()),
            proposal: Some(6),
        }],
        conditions: vec![ConditionRow {
            name: "ScalingActive".to_owned(),
            is_true: false,
            reason: "FailedGetResourceMetric".to_owned(),
            message: HOSTILE.to_owned(),
            since_ms: Some(NOW_MS - 60_000),
        }],
        policy: None,
        behavior: is_hpa.then(Behavior::default),
        resource_version: "41".to_owned(),
        last: None,
        evaluated_every_s: 15,
        is_measured: true,
        changes: Vec::new(),
        set_by: Some(Attribution {
            kind: OwnerKind::Person,
            who: "kubectl-scale".to_owned(),
            certainty: Certainty::Observed,
            seen_by: HOSTILE.to_owned(),
        }),
        events: vec![ObjectEvent {
            at_ms: NOW_MS - 5_000,
            is_warning: true,
            reason: "FailedGetResourceMetric".to_owned(),
            message: HOSTILE.to_owned(),
            count: 7,
            source: "horizontal-pod-autoscaler".to_owned(),
        }],
        pods: vec![PodRow {
            name: "web-abc".to_owned(),
            phase: "Pending".to_owned(),
            is_ready: false,
            node: None,
            why: Some(HOSTILE.to_owned()),
            restarts: 2,
            created_at_ms: NOW_MS - 90_000,
            cpu_milli: None,
            memory_bytes: Some(64_000_000),
            cpu_request_milli: Some(100),
            memory_request_bytes: Some(128_000_000),
        }],
        pods_total: 5,
        related: vec![
            if is_hpa { "prod:shop:deployment:web" } else { "prod:shop:hpa:web" }
                .parse()
                .unwrap(),
        ],
        budgets: vec![("web-budget".to_owned(), 0)],
        vpa: vec![VpaRow {
            name: "web-vpa".to_owned(),
            mode: "Auto".to_owned(),
            recommendations: Vec::new(),
        }],
        services: vec![ServiceRow {
            name: "web-service".to_owned(),
            ready: 3,
            endpoints: 4,
            port: Some("web-service:80".to_owned()),
        }],
        ingresses: vec![IngressRow {
            name: "web-ingress".to_owned(),
            class: "nginx".to_owned(),
            hosts: vec![HOSTILE.to_owned()],
            annotations: vec![("nginx.ingress.kubernetes.io/load-balance".to_owned(), HOSTILE.to_owned())],
            resource_version: "5".to_owned(),
            managed_by: Some(helm()),
        }],
        refused,
        source: source(SourceState::Up),
    }
}

fn page(path: &'static str, view: ObjectView, me: Me) -> String {
    draw(path, move || {
        let frame = frame(ViewData::Object(Box::new(view)));
        view! { <Object query=use_query() frame=frame me=me /> }
    })
}

/// A step of the dialog, over an object whose console is a production one or not.
fn step<V: IntoView + 'static>(production: bool, name: &'static str, draw_it: impl FnOnce(Act) -> V + Send + 'static) -> String {
    draw("/", move || {
        let first = Arc::new(frame(ViewData::Object(Box::new(object(name, Vec::new())))));
        let frames = Signal::derive(move || Arc::clone(&first));
        let context = ObjectContext::new(frames, name.parse().unwrap(), me(Role::SystemAdmin, production));
        draw_it(Act::new(context))
    })
}

#[track_caller]
fn has(page: &str, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text:?} is not in:\n{page}");
    }
}

/// Strangers' words stay words, and no two elements or landmarks have one name.
#[track_caller]
fn is_harmless(page: &str) {
    for bad in ["<script>", "<img", "</script><"] {
        assert!(!page.contains(bad), "{bad:?} is in:\n{page}");
    }
    let value = |tag: &str, name: &str| {
        let rest = tag.split(&format!(" {name}=\"")).nth(1)?;
        rest.split('"').next().map(str::to_owned)
    };
    let tags = || page.split('<').filter_map(|tag| tag.split('>').next());
    let regions = tags()
        .filter(|tag| tag.contains("role=\"region\""))
        .filter_map(|tag| value(tag, "aria-label"));
    for names in [tags().filter_map(|tag| value(tag, "id")).collect::<Vec<_>>(), regions.collect()] {
        let mut once = names.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), names.len(), "one name twice among {names:?}");
    }
}

/// The tag of the button with this text.
#[track_caller]
fn button<'a>(page: &'a str, words: &str) -> &'a str {
    let end = page.find(words).unwrap_or_else(|| panic!("no {words:?} in:\n{page}"));
    let start = page[..end].rfind("<button").unwrap();
    &page[start..end]
}

#[tokio::test]
async fn the_list_shows_clusters_and_rows_and_strangers_words_stay_words() {
    let rows = vec![
        row("prod:shop:hpa:web", ObjectState::AtMax),
        row("prod:shop:deployment:web", ObjectState::Steady),
    ];
    let page = list("/clusters?namespace=shop&page=1", vec![cluster(SourceState::Up)], rows, 4_999);
    is_harmless(&page);
    has(
        &page,
        &[
            "v1.36.3",
            "4,999",
            "Nothing is changed from here: read_only is set in the settings",
            "1 of 3 kinds are read: 1 not there, 1 forbidden",
            "To read events, add this to the rules",
            "resources: [events]",
            "href=\"/clusters/prod/shop/hpa/web\"",
            "href=\"/clusters/prod/shop/deployment/web\"",
            "cpu 82 % / 70 %",
            "3 / 5",
            "data-object=\"at_max\"",
            "3 d",
            "101–102 of 4,999",
            "href=\"/clusters?namespace=shop\"",
            "href=\"/clusters?namespace=shop&amp;page=2\"",
            "<option value=\"shop\" selected",
            "What the states mean",
        ],
    );
}

#[tokio::test]
async fn an_empty_list_says_why_it_is_empty() {
    let none = draw("/clusters", || {
        let query = use_query();
        view! { <Clusters query=query frame=frame(ViewData::Gone) asked=Asked::default() /> }
    });
    has(&none, &["No cluster is in the settings", "[[clusters]]", "kubeconfig = "]);
    let up = || vec![cluster(SourceState::Up)];
    has(
        &list("/clusters?text=nothing", up(), vec![], 0),
        &["Nothing passes these filters", "Show everything", "0 of 0"],
    );
    has(&list("/clusters", up(), vec![], 0), &["Nothing here can be scaled"]);
    has(&list("/clusters?page=7", up(), vec![], 3), &["The list does not go that far"]);
    let waiting = vec![cluster(SourceState::Waiting { since_ms: NOW_MS })];
    has(&list("/clusters", waiting, vec![], 0), &["Waiting for the first list", "waiting"]);
    let impossible = list("/clusters?text=%3Cscript%3E", up(), vec![], 0);
    is_harmless(&impossible);
    has(&impossible, &["No name has that in it"]);
}

#[tokio::test]
async fn a_silent_cluster_keeps_its_last_known_rows_with_their_age() {
    let down = cluster(SourceState::Down {
        since_ms: NOW_MS - 10_000,
        why: HOSTILE.to_owned(),
    });
    let page = list("/clusters", vec![down], vec![row("prod:shop:hpa:web", ObjectState::Unknown)], 1);
    is_harmless(&page);
    has(
        &page,
        &["down 14 s", "has not answered for 14 s", "last-known", "data-object=\"unknown\""],
    );
}

#[tokio::test]
async fn one_object_says_why_before_anything_else() {
    let page = page(
        "/clusters/prod/shop/hpa/web",
        object("prod:shop:hpa:web", vec![]),
        me(Role::Viewer, false),
    );
    is_harmless(&page);
    has(
        &page,
        &[
            "data-finding=\"request_missing\"",
            "Not scaling out: ",
            "data-certainty=\"estimated\"",
            "reckoned here from what the cluster shows",
            "Give the container a request",
            "kubectl set resources deployment/web",
            "spec.metrics[0]",
            "82 % of 70 %",
            "ScalingActive",
            "a person (kubectl-scale)",
            "managed by ",
            "href=\"/clusters/prod/shop/deployment/web\"",
            "web-budget",
            "web-service:80",
            "nginx.ingress.kubernetes.io/load-balance",
            "web-vpa, mode Auto",
            "Nothing has been decided yet",
            "2 – 10",
            "id=\"chart-replicas\"",
        ],
    );
    let why = page.find("id=\"why-title\"").unwrap();
    assert!(why < page.find("id=\"chart-replicas\"").unwrap(), "the reasons come first");
}

#[tokio::test]
async fn pods_and_events_are_told_and_a_viewer_evicts_nobody() {
    let hpa = || object("prod:shop:hpa:web", vec![]);
    let pods = page("/clusters/prod/shop/hpa/web?tab=pods", hpa(), me(Role::SystemAdmin, false));
    is_harmless(&pods);
    has(&pods, &["web-abc", "1 of 5", "– / 100 m", "64.0 MB / 128 MB", "pending"]);
    assert!(!button(&pods, "Evict…").contains(" disabled"), "{pods}");
    let looked = page("/clusters/prod/shop/hpa/web?tab=pods", hpa(), me(Role::Viewer, false));
    let evict = button(&looked, "Evict…");
    assert!(evict.contains(" disabled") && evict.contains("Needs the role"), "{evict}");
    let events = page("/clusters/prod/shop/hpa/web?tab=events", hpa(), me(Role::Viewer, false));
    is_harmless(&events);
    has(
        &events,
        &["FailedGetResourceMetric", "horizontal-pod-autoscaler", "data-severity=\"warning\""],
    );
}

#[tokio::test]
async fn an_hpa_is_edited_field_by_field_and_a_workload_of_an_hpa_leads_to_it() {
    let edit = page(
        "/clusters/prod/shop/hpa/web?tab=edit",
        object("prod:shop:hpa:web", vec![]),
        me(Role::SystemAdmin, false),
    );
    has(
        &edit,
        &[
            "name=\"settings[min_replicas]\"",
            "name=\"settings[metrics.0.target]\"",
            "% of the request",
            "name=\"settings[behavior.scale_down.policies.0.value]\"",
        ],
    );
    assert!(!button(&edit, "Review…").contains(" disabled"));

    let why = "the HPA web sets the replicas".to_owned();
    let owned = object("prod:shop:deployment:web", vec![(Trigger::Scale, why.clone())]);
    let scale = page("/clusters/prod/shop/deployment/web?tab=edit", owned, me(Role::SystemAdmin, false));
    has(&scale, &[&why, "It is scaled by ", "href=\"/clusters/prod/shop/hpa/web\""]);
    assert!(button(&scale, "Review…").contains(" disabled"));
    assert!(!button(&scale, "Restart…").contains(" disabled"), "only scaling is refused");

    // Who keeps it in Git is told, and given the patch by the review.
    let kept = object(
        "prod:shop:hpa:web",
        vec![(Trigger::Edit, "Helm keeps it and would undo the change".to_owned())],
    );
    let kept = page("/clusters/prod/shop/hpa/web?tab=edit", kept, me(Role::SystemAdmin, false));
    is_harmless(&kept);
    has(&kept, &["would undo a change from here"]);
    assert!(!button(&kept, "Review…").contains(" disabled"));

    let looked = page(
        "/clusters/prod/shop/deployment/web?tab=edit",
        object("prod:shop:deployment:web", vec![]),
        me(Role::Viewer, false),
    );
    assert!(button(&looked, "Review…").contains(" disabled") && button(&looked, "Restart…").contains(" disabled"));
}

#[tokio::test]
async fn an_hpa_is_replayed_beside_others_and_says_what_is_not_kept_of_it() {
    let mut hpa = object("prod:shop:hpa:web", vec![]);
    hpa.policy = Some(ScalingPolicy::hpa(
        2,
        10,
        vec![MetricSpec::utilization("cpu", 70), MetricSpec::per_pod(HOSTILE, 3_000)],
    ));
    let what_if = page("/clusters/prod/shop/hpa/web?tab=what-if", hpa, me(Role::Viewer, false));
    is_harmless(&what_if);
    has(
        &what_if,
        &[
            "A replay needs scripts",
            "Measured: the last hour",
            "Made up: flash crowd",
            "and of its metrics: cpu.",
            "Not kept over time",
            "id=\"another-title\"",
            "name=\"settings[metrics.0.target]\"",
        ],
    );
    let unread = page(
        "/clusters/prod/shop/hpa/web?tab=what-if",
        object("prod:shop:hpa:web", vec![]),
        me(Role::Viewer, false),
    );
    has(&unread, &["Our engine has not read this HPA yet"]);
    let workload = object("prod:shop:deployment:web", vec![]);
    let workload = page("/clusters/prod/shop/deployment/web?tab=what-if", workload, me(Role::Viewer, false));
    has(&workload, &["Only HPAs can be replayed", "href=\"/clusters/prod/shop/hpa/web\""]);
}

fn dry(diff: Vec<FieldDiff>) -> DryRun {
    DryRun {
        object: "prod:shop:deployment:web".parse().unwrap(),
        diff,
        after: format!("spec:\n  replicas: 3 # {HOSTILE}\n"),
        warnings: vec![format!("deprecated {HOSTILE}")],
        resource_version: "42".to_owned(),
    }
}

#[tokio::test]
async fn a_review_shows_the_answer_of_the_api_server_and_production_asks_for_the_name() {
    let scale = || {
        Wish(ObjectCommand::Scale {
            resource_version: "41".to_owned(),
            replicas: 3,
        })
    };
    let field = FieldDiff {
        field: "spec.replicas".to_owned(),
        before: "2".to_owned(),
        after: HOSTILE.to_owned(),
    };
    let shown = field.clone();
    let review = step(false, "prod:shop:deployment:web", move |act| {
        view! { <Review act=act wish=scale() dry=dry(vec![shown]) /> }
    });
    is_harmless(&review);
    has(
        &review,
        &[
            "spec.replicas",
            "replicas: 3",
            "The API server warns",
            "nothing has been changed yet",
        ],
    );
    assert!(!review.contains("This is production"));
    let asked = step(true, "prod:shop:deployment:web", move |act| {
        view! { <Review act=act wish=scale() dry=dry(vec![field]) /> }
    });
    has(&asked, &["This is production. Type "]);
    let same = step(true, "prod:shop:deployment:web", move |act| {
        view! { <Review act=act wish=scale() dry=dry(vec![]) /> }
    });
    has(&same, &["Nothing would change."]);
    assert!(!same.contains("This is production"), "there is nothing to confirm");
}

#[tokio::test]
async fn every_refusal_says_what_why_and_the_way_out() {
    let refused = |kind, fix: Option<Fix>| {
        step(false, "prod:shop:deployment:web", move |act| {
            let refusal = ClusterRefusal {
                kind,
                why: format!("because {HOSTILE}"),
                fix,
            };
            view! { <Refused act=act problem=Problem(ApiError::Cluster(Box::new(refusal))) /> }
        })
    };
    let patch = Fix {
        kind: FixKind::Patch,
        title: "Change it in the repository".to_owned(),
        text: "spec:\n  maxReplicas: 12".to_owned(),
    };
    let managed = refused(RefusalKind::Managed, Some(patch));
    has(
        &managed,
        &[
            "GitOps would undo it",
            "because ",
            "Change it in the repository",
            "maxReplicas: 12",
            "aria-label=\"Copy\"",
        ],
    );
    for (kind, text) in [
        (RefusalKind::Conflict, "Load the newest"),
        (RefusalKind::Conflict, "Review mine on top of it"),
        (RefusalKind::Budget, "Try again once another pod"),
        (RefusalKind::Forbidden, "account may not do that"),
        (RefusalKind::OwnedByHpa, "href=\"/clusters/prod/shop/hpa/web\""),
        (RefusalKind::Invalid, "does not take it"),
        (RefusalKind::ReadOnly, "settings forbid it"),
        (RefusalKind::Stale, "too old to act on"),
        (RefusalKind::Busy, "Try again"),
        (RefusalKind::Unreachable, "may have been done all the same"),
    ] {
        let shown = refused(kind, None);
        is_harmless(&shown);
        has(&shown, &[text, "because "]);
    }
}
