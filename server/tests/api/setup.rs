//! `/setup`

use crate::support::{ADMIN, Browser, PASSWORD, TestApp, on_both_databases};

on_both_databases!(
    the_link_makes_one_admin_and_then_nothing,
    a_link_of_an_earlier_start_is_worth_nothing,
    a_refused_password_does_not_use_the_link_up,
    before_there_is_an_admin_every_page_leads_to_the_set_up
);

async fn try_setup(browser: &mut Browser, token: &str, name: &str, password: &str) -> String {
    let answer = browser
        .post("/setup", &[("token", token), ("name", name), ("password", password)])
        .await;
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap().to_owned()
}

async fn the_link_makes_one_admin_and_then_nothing(mut app: TestApp) {
    let token = app.setup_token().unwrap();
    let mut first = app.visitor();
    assert_eq!(try_setup(&mut first, &token, ADMIN, PASSWORD).await, "/");
    assert!(first.cookie.is_some());
    assert_eq!(first.get("/").await.status(), 200);

    let mut second = app.visitor();
    let refused = try_setup(&mut second, &token, "mallory", PASSWORD).await;
    assert!(refused.starts_with("/setup?token=") && refused.contains("error=token"), "{refused}");
    assert!(second.cookie.is_none());
    assert_eq!(app.accounts().users().await.unwrap().len(), 1);

    app.restart().await;
    assert_eq!(app.setup_token(), None);
}

async fn a_link_of_an_earlier_start_is_worth_nothing(mut app: TestApp) {
    let old = app.setup_token().unwrap();
    app.restart().await;
    let new = app.setup_token().unwrap();
    assert_ne!(old, new);
    assert!(try_setup(&mut app.visitor(), &old, ADMIN, PASSWORD).await.contains("error=token"));
    assert_eq!(try_setup(&mut app.visitor(), &new, ADMIN, PASSWORD).await, "/");
}

async fn a_refused_password_does_not_use_the_link_up(app: TestApp) {
    let token = app.setup_token().unwrap();
    let mut browser = app.visitor();
    assert!(try_setup(&mut browser, &token, ADMIN, "short").await.contains("error=password"));
    assert!(try_setup(&mut browser, &token, "<script>", PASSWORD).await.contains("error=name"));
    assert_eq!(try_setup(&mut browser, &token, ADMIN, PASSWORD).await, "/");
}

async fn before_there_is_an_admin_every_page_leads_to_the_set_up(app: TestApp) {
    let visitor = app.visitor();
    for path in ["/", "/pools", "/nothing"] {
        let answer = visitor.get(path).await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["location"].to_str().unwrap()),
            (303, "/setup"),
            "{path}"
        );
    }
    let page = visitor.get("/setup").await.text().await.unwrap();
    assert!(page.contains("one-time link"), "{page}");
}
