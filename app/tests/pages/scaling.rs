//! The Scaling pages without scripts: what stands there, and what their forms do.

use app::{
    forms::{Fields, policy, schedule},
    url::encode,
};
use axum::http::{StatusCode, header};
use model::scaling::{
    BuiltInTrace, Prediction, ScalingPreset, ScheduleRule, WhatIf, WhatIfAnswer, WhatIfDemand, WhatIfPolicy, WhatIfQuestion,
};

use crate::support::{As, Console};

const POLICY: &str = "/scaling/web?tab=policy";

/// As a browser sends the fields of a form.
fn body(version: u64, fields: &Fields) -> String {
    let fields = fields
        .iter()
        .map(|(key, text)| format!("&{}={}", encode(&format!("settings[{key}]")), encode(text)));
    format!("workload=web&expected_version={version}{}", fields.collect::<String>())
}

#[tokio::test]
async fn every_page_is_whole() {
    let console = Console::start_scaled().await;
    for (path, texts) in [
        ("/scaling", vec!["href=\"/scaling/web\"", "1 of 1", "cpu ", "What the states mean"]),
        ("/scaling?q=nothing", vec!["No workload has that in its name"]),
        (
            "/scaling/web",
            vec![
                "Why?",
                "Last changes",
                "Processes",
                "web-1",
                "class=\"charts",
                "<title>web scaling · Evenkeel",
            ],
        ),
        ("/scaling/web?tab=history", vec!["The replicas have not been changed yet"]),
        ("/scaling/web?tab=history&outcome=failed", vec!["No change passes these filters"]),
        ("/scaling/web?tab=ledger", vec!["What was decided, and why"]),
        (
            POLICY,
            vec![
                "Version 1 is in force, set by the settings file",
                "settings[metrics.1.name]",
                "Rate-limited API",
            ],
        ),
        ("/scaling/web?tab=what-if", vec!["A replay needs scripts", "Made up: flash crowd"]),
        ("/scaling/web?tab=schedule", vec!["The coming week", "the policy"]),
    ] {
        let page = console.get(As::Viewer, path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        for text in texts {
            assert!(page.has(text), "{text:?} is not on {path}:\n{}", page.body);
        }
        assert!(!page.has("Reading…"), "{path} shows a placeholder");
    }
    let missing = console.get(As::Viewer, "/scaling/nope").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.has("See what is scaled"), "{}", missing.body);
}

#[tokio::test]
async fn where_nothing_is_scaled_the_list_says_why() {
    let console = Console::start().await;
    let page = console.get(As::Viewer, "/scaling").await;
    assert!(page.has("No workload is scaled here") && page.has("sample.max"), "{}", page.body);
}

#[tokio::test]
async fn a_plain_form_changes_the_policy_and_a_mistake_names_its_field() {
    let console = Console::start_scaled().await;
    let fields = policy::fields_of(&ScalingPreset::Production.policy());
    let changed = console
        .submit(As::Admin, POLICY, "/api/fn/change_scaling_policy", &body(1, &fields))
        .await;
    assert_eq!(changed.status, StatusCode::FOUND);
    let page = console.get(As::Admin, POLICY).await;
    assert!(page.has("Version 2 is in force, set by ada"), "{}", page.body);

    let mut wrong = fields.clone();
    wrong.insert("min_replicas".to_owned(), "21".to_owned());
    let refused = console
        .submit(As::Admin, POLICY, "/api/fn/change_scaling_policy", &body(2, &wrong))
        .await;
    let back = refused.header(header::LOCATION).replace("http://127.0.0.1:3000", "");
    let page = console.get(As::Admin, &back).await;
    assert!(
        page.has("min_replicas: 21 is not between 0 and 20, which is max_replicas"),
        "{}",
        page.body
    );

    let late = console
        .call(
            As::Admin,
            "/api/fn/change_scaling_policy",
            &body(1, &policy::fields_of(&ScalingPreset::Staging.policy())),
        )
        .await;
    assert_eq!(
        (late.status, late.has("scaling_conflict")),
        (StatusCode::CONFLICT, true),
        "{}",
        late.body
    );
}

#[tokio::test]
async fn a_schedule_is_changed_and_its_week_is_told() {
    let console = Console::start_scaled().await;
    let rule = |cron: &str| ScheduleRule {
        name: "office hours".to_owned(),
        cron: cron.to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        duration_s: 36_000,
        min_replicas: Some(5),
        max_replicas: None,
    };
    let wrong = body(1, &schedule::fields_of(&[rule("0 25 * * *")]));
    let refused = console.call(As::Viewer, "/api/fn/coming_week", &wrong).await;
    assert_eq!(
        (refused.status.as_u16(), refused.has("schedule[0].cron")),
        (422, true),
        "{}",
        refused.body
    );
    let right = body(1, &schedule::fields_of(&[rule("0 8 * * 1-5")]));
    let changed = console.call(As::Admin, "/api/fn/change_schedule", &right).await;
    assert_eq!(
        (changed.status, changed.has("\"outcome\":\"done\"")),
        (StatusCode::OK, true),
        "{}",
        changed.body
    );
    let page = console.get(As::Viewer, "/scaling/web?tab=schedule").await;
    assert!(page.has("5 to 10, by office hours") && page.has("10 h"), "{}", page.body);
    // All rules gone: a form without a field.
    let cleared = console
        .call(As::Admin, "/api/fn/change_schedule", "workload=web&expected_version=2")
        .await;
    assert!(cleared.has("\"outcome\":\"done\""), "{}", cleared.body);
}

#[tokio::test]
async fn a_hold_is_shown_until_somebody_lets_go_and_is_not_for_viewers() {
    let console = Console::start_scaled().await;
    let hold = |who, form: &'static str| console.call(who, "/api/fn/hold_scaling", form);
    let pin = "workload=web&expected_version=1&to=pin&replicas=3&minutes=1";
    assert_eq!(hold(As::Viewer, pin).await.status, StatusCode::FORBIDDEN);
    let endless = hold(As::Admin, "workload=web&expected_version=1&to=pause").await;
    assert_eq!(
        (endless.status.as_u16(), endless.has("\"field\":\"minutes\"")),
        (422, true),
        "{}",
        endless.body
    );
    assert_eq!(hold(As::Admin, pin).await.status, StatusCode::OK);
    let page = console.get(As::Viewer, "/scaling/web").await;
    assert!(page.has("Pinned to 3 for another"), "{}", page.body);
    assert_eq!(
        hold(As::Admin, "workload=web&expected_version=2&to=none").await.status,
        StatusCode::OK
    );
    let page = console.get(As::Viewer, "/scaling/web").await;
    assert!(!page.has("Pinned to 3 for another"), "{}", page.body);
}

#[tokio::test]
async fn a_made_up_demand_is_replayed_and_a_mistake_is_named() {
    let console = Console::start_scaled().await;
    let ask = |start_delay_s: u32| {
        let policy = |name: &str, preset: ScalingPreset| WhatIfPolicy {
            name: name.to_owned(),
            policy: preset.policy(),
            schedule: Vec::new(),
            prediction: Prediction::default(),
        };
        let question = WhatIfQuestion {
            workload: "web".parse().unwrap(),
            demand: WhatIfDemand::BuiltIn { trace: BuiltInTrace::Step },
            what_if: WhatIf {
                policies: vec![
                    policy("in force", ScalingPreset::Staging),
                    policy("Balanced", ScalingPreset::Balanced),
                ],
                start_delay_s,
                sync_period_s: 15,
                initial_replicas: None,
            },
        };
        let body = serde_json::json!({ "question": question }).to_string();
        let request = axum::extract::Request::post("/api/fn/what_if")
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(axum::body::Body::from(body));
        console.ask(As::Viewer, request.unwrap())
    };
    let answered = ask(30).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.body);
    let answer: WhatIfAnswer = serde_json::from_str(&answered.body).unwrap();
    let names: Vec<_> = answer.outcomes.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["in force", "Balanced"]);
    assert!(
        answer.outcomes.iter().all(|o| o.instance_hours > 0.0 && o.peak_replicas > 2),
        "{answer:?}"
    );
    let refused = ask(999_999).await;
    assert_eq!(
        (refused.status.as_u16(), refused.has("start_delay_s")),
        (422, true),
        "{}",
        refused.body
    );
}

#[tokio::test]
async fn what_will_flap_is_said_before_it_is_saved() {
    let console = Console::start_scaled().await;
    let check = async |window_s: &str| {
        let mut fields = policy::fields_of(&ScalingPreset::Staging.policy());
        fields.insert("behavior.scale_down.stabilization_window_s".to_owned(), window_s.to_owned());
        console.call(As::Viewer, "/api/fn/check_scaling", &body(1, &fields)).await
    };
    let warned = check("0").await;
    assert!(
        warned.has("behavior.scale_down.stabilization_window_s") && warned.has("instead"),
        "{}",
        warned.body
    );
    assert_eq!(check("300").await.body, "[]");
    assert_eq!(check("9999").await.status.as_u16(), 422);
}
