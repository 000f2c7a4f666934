use std::sync::Arc;

use leptos::prelude::*;
use model::{
    ApiError, FieldDiff, Role, ViewData,
    cluster::{ClusterRefusal, DryRun, Fix, FixKind, ObjectCommand, RefusalKind},
};

use super::{
    draw, has, is_harmless,
    made::{HOSTILE, frame, me, object},
};
use crate::{
    api::Problem,
    pages::clusters::detail::{
        act::{Act, Refused, Review, Wish},
        context::ObjectContext,
    },
};

/// A step of the dialog, over an object whose console is a production one or not.
fn step<V: IntoView + 'static>(production: bool, name: &'static str, draw_it: impl FnOnce(Act) -> V + Send + 'static) -> String {
    draw("/", move || {
        let first = Arc::new(frame(ViewData::Object(Box::new(object(name, Vec::new())))));
        let frames = Signal::derive(move || Arc::clone(&first));
        let context = ObjectContext::new(frames, name.parse().unwrap(), me(Role::SystemAdmin, production));
        draw_it(Act::new(context))
    })
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
