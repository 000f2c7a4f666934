use model::{ApiError, Role};

use crate::support::{HERE, PASSWORD, World, sign_in};

#[tokio::test]
async fn the_first_link_makes_one_admin_and_then_is_dead() {
    let world = World::new();
    let (control, running) = world.start().await;
    let accounts = control.accounts();
    let old = accounts.issue_setup_token().await.unwrap().unwrap();
    let link = accounts.issue_setup_token().await.unwrap().unwrap();
    let setup = async |token: &str, name: &str, password: &str| accounts.setup(token, name, password, HERE).await;
    for (token, name, password, wrong) in [
        (old.expose(), "ada", PASSWORD, "token"),
        ("guess", "ada", PASSWORD, "token"),
        (link.expose(), "<b>ada</b>", PASSWORD, "name"),
        (link.expose(), "ada", "short", "password"),
    ] {
        assert!(
            matches!(setup(token, name, password).await, Err(ApiError::Invalid { field, .. }) if field == wrong),
            "{wrong}"
        );
    }
    let session = setup(link.expose(), "Ada", PASSWORD).await.unwrap();
    let principal = accounts.authenticate(session.token.expose(), HERE).await.unwrap().unwrap();
    assert_eq!((principal.user().name.as_str(), principal.user().role), ("ada", Role::SystemAdmin));
    assert!(setup(link.expose(), "eve", PASSWORD).await.is_err());
    assert!(accounts.issue_setup_token().await.unwrap().is_none());
    running.stop().await;
}

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_get_the_same_answer() {
    let world = World::new();
    let (control, running) = world.start().await;
    sign_in(&control, "ada", Role::Viewer).await;
    for (name, password) in [
        ("ada", "wrong wrong wrong"),
        ("nobody", PASSWORD),
        ("<b>", PASSWORD),
        ("ada", &"x".repeat(10_000)),
    ] {
        assert_eq!(
            control.accounts().sign_in(name, password, HERE).await,
            Err(ApiError::WrongCredentials)
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn signing_out_and_a_new_password_end_sessions_at_once() {
    let world = World::new();
    let (control, running) = world.start().await;
    let accounts = control.accounts();
    sign_in(&control, "ada", Role::Viewer).await;
    let first = accounts.sign_in("ada", PASSWORD, HERE).await.unwrap().token;
    accounts.sign_out(first.expose()).await.unwrap();
    assert_eq!(accounts.authenticate(first.expose(), HERE).await, Ok(None));

    let second = accounts.sign_in("ada", PASSWORD, HERE).await.unwrap().token;
    accounts.set_password("ada", "another good password", "command line").await.unwrap();
    assert_eq!(accounts.authenticate(second.expose(), HERE).await, Ok(None));
    assert_eq!(accounts.sign_in("ada", PASSWORD, HERE).await, Err(ApiError::WrongCredentials));
    running.stop().await;
}

#[tokio::test]
async fn a_session_ends_by_itself() {
    let world = World::new();
    let (control, running) = world.start().await;
    sign_in(&control, "ada", Role::Viewer).await;
    let session = control.accounts().sign_in("ada", PASSWORD, HERE).await.unwrap();
    world.clock.set(session.expires_at_ms);
    assert_eq!(control.accounts().authenticate(session.token.expose(), HERE).await, Ok(None));
    running.stop().await;
}

#[tokio::test]
async fn a_viewer_gets_no_proof_of_being_an_admin() {
    let world = World::new();
    let (control, running) = world.start().await;
    for role in [Role::Viewer, Role::CacheAdmin] {
        let principal = sign_in(&control, role.id(), role).await;
        assert!(matches!(principal.system_admin(), Err(ApiError::Forbidden { .. })));
    }
    running.stop().await;
}
