use std::sync::Arc;

use control::ports::{CreateUserError, Identity, Journal, PasswordHash, RedeemError};
use futures::future::join_all;
use model::{EventFilter, EventKind, NewEvent, Role, User};

use crate::build;

const HOUR_MS: i64 = 3_600_000;

/// Everything that [`Identity`] promises.
pub async fn identity(store: Arc<dyn Identity>, journal: Arc<dyn Journal>) {
    assert_eq!(store.users().await.unwrap(), [], "a new store has no accounts");
    only_the_newest_link_works_and_only_in_time(&*store).await;
    a_taken_name_leaves_the_link_valid(&*store, &*journal).await;
    a_link_makes_one_system_admin(&*store, &*journal).await;
    a_name_belongs_to_one_account(&*store, &*journal).await;
    a_session_lives_until_it_ends_or_expires(&*store).await;
    a_new_password_ends_all_sessions(&*store, &*journal).await;
    what_expired_is_removed(&*store).await;
}

fn created(name: &str) -> NewEvent {
    NewEvent {
        kind: EventKind::UserCreated,
        ..build::event(&format!("user {name} was created"))
    }
}

async fn create(store: &dyn Identity, name: &str, role: Role) -> Result<User, CreateUserError> {
    store
        .create_user(
            &build::new_user(name, role),
            &build::audit("command line", "user.create", name),
            &created(name),
        )
        .await
}

async fn redeem(store: &dyn Identity, token: u64, name: &str, now_ms: i64) -> Result<User, RedeemError> {
    let (new, audit) = (build::new_user(name, Role::Viewer), build::audit(name, "user.create", name));
    store
        .redeem_setup_token(&build::token(token), &new, &audit, &created(name), now_ms)
        .await
}

async fn only_the_newest_link_works_and_only_in_time(store: &dyn Identity) {
    assert_eq!(
        redeem(store, 1, "root", build::NOW_MS).await,
        Err(RedeemError::NotValid),
        "there is no link yet"
    );
    store.put_setup_token(&build::token(1), build::NOW_MS + HOUR_MS).await.unwrap();
    store.put_setup_token(&build::token(2), build::NOW_MS + HOUR_MS).await.unwrap();
    assert_eq!(
        redeem(store, 1, "root", build::NOW_MS).await,
        Err(RedeemError::NotValid),
        "it was replaced"
    );
    assert_eq!(
        redeem(store, 2, "root", build::NOW_MS + HOUR_MS).await,
        Err(RedeemError::NotValid),
        "it expired"
    );
    assert_eq!(store.users().await.unwrap(), []);
}

async fn a_taken_name_leaves_the_link_valid(store: &dyn Identity, journal: &dyn Journal) {
    create(store, "watcher", Role::Viewer).await.unwrap();
    let audited = journal.audit(None, 10).await.unwrap().items.len();
    let taken = redeem(store, 2, "watcher", build::NOW_MS).await;
    assert_eq!(taken, Err(RedeemError::Create(CreateUserError::NameTaken)));
    assert_eq!(journal.audit(None, 10).await.unwrap().items.len(), audited);
}

async fn a_link_makes_one_system_admin(store: &dyn Identity, journal: &dyn Journal) {
    let root = redeem(store, 2, "root", build::NOW_MS + HOUR_MS - 1).await.unwrap();
    assert_eq!(root.role, Role::SystemAdmin, "whatever role was asked for");
    assert_eq!(
        journal.audit(None, 1).await.unwrap().items[0].entry,
        build::audit("root", "user.create", "root")
    );
    let told = journal.read(&EventFilter::default(), 1).await.unwrap().items;
    assert_eq!(told[0].event, created("root"));
    assert_eq!(
        redeem(store, 2, "again", build::NOW_MS).await,
        Err(RedeemError::NotValid),
        "it was used"
    );
    store.put_setup_token(&build::token(3), build::NOW_MS + HOUR_MS).await.unwrap();
    assert_eq!(
        redeem(store, 3, "again", build::NOW_MS).await,
        Err(RedeemError::NotValid),
        "an admin exists"
    );
}

async fn a_name_belongs_to_one_account(store: &dyn Identity, journal: &dyn Journal) {
    let zoë = create(store, "Zoë@example.com", Role::CacheAdmin).await.unwrap();
    assert_eq!(
        (zoë.name.as_str(), zoë.role, zoë.created_at_ms),
        ("zoë@example.com", Role::CacheAdmin, build::NOW_MS)
    );
    let audited = journal.audit(None, 1).await.unwrap().items;
    let events = journal.read(&EventFilter::default(), 1).await.unwrap().items;
    assert_eq!(
        create(store, "zoë@EXAMPLE.com", Role::Viewer).await,
        Err(CreateUserError::NameTaken)
    );
    assert_eq!(journal.audit(None, 1).await.unwrap().items, audited);
    assert_eq!(journal.read(&EventFilter::default(), 1).await.unwrap().items, events);

    let (user, password) = store.credentials(&zoë.name).await.unwrap().unwrap();
    assert_eq!((user, password.0.as_str()), (zoë.clone(), "hash of Zoë@example.com"));
    assert!(store.credentials(&build::user_name("nobody")).await.unwrap().is_none());
    let names: Vec<_> = store.users().await.unwrap().into_iter().map(|u| u.name.to_string()).collect();
    assert_eq!(names, ["watcher", "root", "zoë@example.com"], "in the order they were made");

    let tasks = (0..8).map(|_| create(store, "twin", Role::Viewer));
    let made = join_all(tasks).await.into_iter().flatten().count();
    assert_eq!(made, 1, "of many at once one gets the name");
}

async fn a_session_lives_until_it_ends_or_expires(store: &dyn Identity) {
    let (watcher, _) = store.credentials(&build::user_name("watcher")).await.unwrap().unwrap();
    let session = build::session(10, watcher.id);
    store.create_session(&session).await.unwrap();
    let found = store.session(&session.token, build::NOW_MS).await.unwrap().unwrap();
    assert_eq!((found.user, found.expires_at_ms), (watcher.clone(), session.expires_at_ms));
    assert!(store.session(&session.token, session.expires_at_ms - 1).await.unwrap().is_some());
    assert!(store.session(&session.token, session.expires_at_ms).await.unwrap().is_none());
    assert!(store.session(&build::token(11), build::NOW_MS).await.unwrap().is_none());
    store.end_session(&session.token).await.unwrap();
    store.end_session(&session.token).await.unwrap();
    assert!(store.session(&session.token, build::NOW_MS).await.unwrap().is_none());
    let nobody = build::session(12, model::UserId(999_999));
    assert!(store.create_session(&nobody).await.is_err(), "a session has an account");
}

async fn a_new_password_ends_all_sessions(store: &dyn Identity, journal: &dyn Journal) {
    let (watcher, _) = store.credentials(&build::user_name("watcher")).await.unwrap().unwrap();
    let (root, _) = store.credentials(&build::user_name("root")).await.unwrap().unwrap();
    for (n, user) in [(20, watcher.id), (21, watcher.id), (22, root.id)] {
        store.create_session(&build::session(n, user)).await.unwrap();
    }
    let audit = build::audit("root", "user.password", "watcher");
    let new = PasswordHash("new hash".into());
    assert!(store.set_password(&watcher.name, &new, &audit).await.unwrap());
    assert_eq!(store.credentials(&watcher.name).await.unwrap().unwrap().1, new);
    let mut alive = Vec::new();
    for n in [20, 21, 22] {
        alive.push(store.session(&build::token(n), build::NOW_MS).await.unwrap().is_some());
    }
    assert_eq!(alive, [false, false, true]);
    let newest = journal.audit(None, 1).await.unwrap().items;
    assert_eq!(newest[0].entry, audit);
    assert!(!store.set_password(&build::user_name("nobody"), &new, &audit).await.unwrap());
    assert_eq!(
        journal.audit(None, 1).await.unwrap().items,
        newest,
        "what did not happen is not audited"
    );
}

async fn what_expired_is_removed(store: &dyn Identity) {
    let (root, _) = store.credentials(&build::user_name("root")).await.unwrap().unwrap();
    let mut late = build::session(30, root.id);
    late.expires_at_ms = build::NOW_MS + 2 * HOUR_MS;
    store.create_session(&late).await.unwrap();
    // Session 22 and link 3 end after one hour.
    assert_eq!(store.remove_expired(build::NOW_MS).await.unwrap(), 0);
    assert_eq!(store.remove_expired(build::NOW_MS + HOUR_MS).await.unwrap(), 2);
    assert_eq!(store.remove_expired(build::NOW_MS + HOUR_MS).await.unwrap(), 0);
    assert!(store.session(&late.token, build::NOW_MS).await.unwrap().is_some());
}

/// However many people use the link at the same moment, one becomes admin. Expects a store without accounts.
pub async fn first_admin_race(store: Arc<dyn Identity>, journal: Arc<dyn Journal>) {
    const PEOPLE: u32 = 12;
    store.put_setup_token(&build::token(1), build::NOW_MS + HOUR_MS).await.unwrap();
    let people = (0..PEOPLE).map(|n| {
        let store = store.clone();
        tokio::spawn(async move { redeem(&*store, 1, &format!("admin-{n}"), build::NOW_MS).await })
    });
    let answers: Vec<_> = join_all(people).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers.iter().filter(|a| a.is_ok()).count(), 1, "{answers:?}");
    assert!(
        answers.iter().filter_map(|a| a.as_ref().err()).all(|e| *e == RedeemError::NotValid),
        "{answers:?}"
    );
    assert_eq!(store.users().await.unwrap().len(), 1);
    assert_eq!(journal.audit(None, 100).await.unwrap().items.len(), 1);
}
