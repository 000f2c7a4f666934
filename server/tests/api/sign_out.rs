//! `/sign-out`

use crate::support::{ADMIN, LiveEvents, PASSWORD, Program, TestApp, on_both_databases};

on_both_databases!(signing_out_ends_the_session_and_its_streams, signing_out_twice_is_no_error);

async fn signing_out_ends_the_session_and_its_streams(app: TestApp) {
    let mut browser = app.admin().await;
    let stolen = browser.clone();
    let mut live = LiveEvents::open(&browser, "/api/live?view=overview", None).await;
    live.event().await.unwrap();

    let answer = browser.post("/sign-out", &[]).await;
    assert_eq!(
        (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
        (303, "/sign-in")
    );
    assert!(answer.headers()["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    assert_eq!(browser.cookie, None);
    live.ends().await;
    assert_eq!(stolen.get("/").await.status(), 303, "the token itself is worth nothing any more");
}

async fn signing_out_twice_is_no_error(app: TestApp) {
    let mut browser = app.admin().await;
    browser.post("/sign-out", &[]).await;
    assert_eq!(browser.post("/sign-out", &[]).await.status(), 303);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_set_on_the_command_line_ends_sessions_and_streams_of_the_running_console() {
    let app = TestApp::sqlite().await;
    let browser = app.admin().await;
    let mut live = LiveEvents::open(&browser, "/api/live?view=overview", None).await;
    live.event().await.unwrap();
    let data = app.data();
    let command = Program::command(
        data.parent().unwrap(),
        &["user", "passwd", ADMIN, "--data-dir", data.to_str().unwrap()],
    );
    // The settings of the test are in that directory too and are read.
    let output = tokio::task::spawn_blocking(|| Program::run(command, &format!("{PASSWORD} and more\n")))
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(browser.get("/").await.status(), 303);
    live.ends().await;
}
