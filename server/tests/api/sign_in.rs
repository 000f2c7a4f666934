//! `/sign-in`

use std::time::{Duration, Instant};

use model::{ApiError, Role};
use serde_json::Value;

use crate::support::{ADMIN, PASSWORD, TestApp, on_both_databases};

on_both_databases!(
    signing_in_leads_to_where_one_wanted_to_go,
    wrong_credentials_get_one_answer_whichever_half_was_wrong,
    a_script_is_answered_in_json,
    signing_in_ends_the_session_the_browser_had
);

async fn signing_in_leads_to_where_one_wanted_to_go(app: TestApp) {
    app.admin().await;
    let mut browser = app.visitor();
    let sent = browser.get("/pools/web?tab=traffic").await;
    assert_eq!(sent.headers()["location"], "/sign-in?next=%2Fpools%2Fweb%3Ftab%3Dtraffic");
    let page = browser.get("/sign-in?next=%2Fpools%2Fweb%3Ftab%3Dtraffic").await;
    assert_eq!(page.status(), 200);

    let form = |next| [("name", ADMIN), ("password", PASSWORD), ("next", next)];
    let answer = browser.post("/sign-in", &form("/pools/web?tab=traffic")).await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (303, "/pools/web?tab=traffic")
    );
    let cookie = answer.headers()["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; SameSite=Lax; Max-Age="), "{cookie}");
    assert_eq!(browser.get("/").await.status(), 200);
    // Who is signed in already is not asked again.
    assert_eq!(browser.get("/sign-in?next=%2Fevents").await.headers()["location"], "/events");

    for away in ["https://evil.example/", "//evil.example", "/\\evil.example"] {
        let answer = app.visitor().post("/sign-in", &form(away)).await;
        assert_eq!(answer.headers()["location"], "/", "{away}");
    }
}

async fn wrong_credentials_get_one_answer_whichever_half_was_wrong(app: TestApp) {
    app.admin().await;
    let mut answers = Vec::new();
    let mut times = Vec::new();
    for name in [ADMIN, "nobody", "<not a name>"] {
        let started = Instant::now();
        let answer = app
            .visitor()
            .post("/sign-in", &[("name", name), ("password", "wrong password")])
            .await;
        times.push(started.elapsed());
        answers.push((
            answer.status(),
            answer.headers().get("location").cloned(),
            answer.headers().get("set-cookie").cloned(),
            answer.text().await.unwrap(),
        ));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    assert_eq!(answers[0].1.as_ref().unwrap(), "/sign-in?error=wrong&next=%2F");
    // Each does the work of a hash: no answer comes from a shortcut.
    assert!(times.iter().all(|t| *t > Duration::from_millis(2)), "{times:?}");
}

async fn a_script_is_answered_in_json(app: TestApp) {
    app.admin().await;
    let browser = app.visitor();
    let wrong = browser.call("/sign-in", &[("name", ADMIN), ("password", "wrong password")]).await;
    assert_eq!(wrong.status(), 401);
    assert_eq!(wrong.headers()["content-type"], "application/problem+json");
    assert_eq!(wrong.json::<ApiError>().await.unwrap(), ApiError::WrongCredentials);
    let right = browser.call("/sign-in", &[("name", ADMIN), ("password", PASSWORD)]).await;
    assert_eq!(right.status(), 200);
    assert_eq!(right.json::<Value>().await.unwrap()["role"], "system_admin");
}

async fn signing_in_ends_the_session_the_browser_had(app: TestApp) {
    let mut browser = app.admin().await;
    let before = browser.clone();
    browser.post("/sign-in", &[("name", ADMIN), ("password", PASSWORD)]).await;
    assert_ne!(browser.cookie, before.cookie);
    assert_eq!(before.get("/").await.status(), 303);
    assert_eq!(browser.get("/").await.status(), 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_slowed_down_and_says_for_how_long() {
    let app = TestApp::sqlite().await;
    app.admin().await;
    let mut browser = app.visitor();
    let mut throttled = None;
    for _ in 0..20 {
        let answer = browser.post("/sign-in", &[("name", ADMIN), ("password", "wrong password")]).await;
        let location = answer.headers()["location"].to_str().unwrap().to_owned();
        if location.contains("error=throttled") {
            throttled = Some(location);
            break;
        }
    }
    assert!(throttled.expect("twenty guesses are too many").contains("retry="));
    // Also for the right password, or a guesser would learn when it is right.
    let answer = app.visitor().call("/sign-in", &[("name", ADMIN), ("password", PASSWORD)]).await;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers()["retry-after"].to_str().unwrap().parse::<u32>().unwrap() >= 1);
    // Somebody else is not held up.
    app.signed_in("grace", Role::Viewer).await;
}
