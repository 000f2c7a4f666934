//! Databases that are locked, full, read-only, gone or damaged: a bounded wait, a clear answer, nothing by half, and recovery without
//! help.

use std::time::Duration;

use control::ports::{Identity, Journal, Policies, PutError, RedeemError, StoreError};
use model::{Algorithm, EventFilter, PoolPolicy, Role};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use store::{DatabaseUrl, Store};
use testkit::{Postgres, build, wait_until};

use crate::support::{Opened, SOON, postgres, postgres_config, postgres_with, sql, sqlite, sqlite_with};

const BRIEFLY: Duration = Duration::from_millis(200);

async fn with_a_pool(opened: &Opened) {
    opened
        .store
        .ensure(&build::pool("web"), &PoolPolicy::default(), build::NOW_MS)
        .await
        .unwrap();
}

async fn change(opened: &Opened) -> Result<u64, PutError> {
    let put = build::put(&build::pool("web"), 1, &build::policy(Algorithm::LeastConnections));
    // Far more than the store's own bounds together: a call that hangs fails here.
    let answer = tokio::time::timeout(SOON, opened.store.put(&put))
        .await
        .expect("the wait is bounded");
    answer.map(|intent| intent.version)
}

/// Reading goes on, and the refused change has left nothing.
async fn unchanged(opened: &Opened) {
    let intents = opened.store.list().await.unwrap();
    assert_eq!((intents[0].version, &intents[0].policy), (1, &PoolPolicy::default()));
    assert_eq!(opened.store.audit(None, 10).await.unwrap().items, []);
}

fn unavailable(answer: &Result<u64, PutError>) -> bool {
    matches!(answer, Err(PutError::Store(StoreError::Unavailable(_))))
}

fn unwritable(answer: &Result<u64, PutError>, why: &str) -> bool {
    matches!(answer, Err(PutError::Store(StoreError::Unwritable(said))) if said.contains(why))
}

#[tokio::test]
async fn a_locked_file_is_waited_for_briefly_and_read_meanwhile() {
    let opened = sqlite_with(|config| config.answer_within = BRIEFLY).await;
    with_a_pool(&opened).await;
    let mut other = SqliteConnection::connect(opened.file().to_str().unwrap()).await.unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    let answer = change(&opened).await;
    assert!(unavailable(&answer), "{answer:?}");
    unchanged(&opened).await;
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(change(&opened).await, Ok(2));
}

#[tokio::test]
async fn a_locked_table_is_waited_for_briefly() {
    let opened = postgres_with(|config| config.answer_within = BRIEFLY).await;
    with_a_pool(&opened).await;
    let mut other = PgConnection::connect(&Postgres::shared().url(opened.database())).await.unwrap();
    other.execute("BEGIN; LOCK TABLE pool_policies IN EXCLUSIVE MODE").await.unwrap();
    let answer = change(&opened).await;
    assert!(unavailable(&answer), "{answer:?}");
    unchanged(&opened).await;
    other.execute("ROLLBACK").await.unwrap();
    assert_eq!(change(&opened).await, Ok(2));
}

#[tokio::test]
async fn a_full_disk_refuses_the_change_keeps_reading_and_recovers() {
    // The schema alone takes fewer pages; sessions fill the rest.
    let opened = sqlite_with(|config| config.sqlite_max_pages = Some(60)).await;
    with_a_pool(&opened).await;
    let audit = build::audit("command line", "user.create", "alice");
    let alice = opened
        .store
        .create_user(&build::new_user("alice", Role::Viewer), &audit, &build::event("alice was created"))
        .await
        .unwrap();
    let full = 'filling: {
        for n in 0..100_000 {
            let mut session = build::session(n, alice.id);
            session.from = "x".repeat(2_000);
            if let Err(error) = opened.store.create_session(&session).await {
                break 'filling error;
            }
        }
        panic!("the file grew beyond its limit");
    };
    assert!(
        matches!(&full, StoreError::Unwritable(why) if why.contains("the disk is full")),
        "{full:?}"
    );

    // No room for the audit row, so no change either. Its diff makes the change larger than what is left on any page.
    let mut put = build::put(&build::pool("web"), 1, &build::policy(Algorithm::LeastConnections));
    put.audit.diff[0].after = "y".repeat(20_000);
    let refused = opened.store.put(&put).await;
    assert!(matches!(&refused, Err(PutError::Store(StoreError::Unwritable(_)))), "{refused:?}");
    assert_eq!(opened.store.list().await.unwrap()[0].version, 1);
    assert_eq!(opened.store.audit(None, 10).await.unwrap().items.len(), 1);

    assert!(opened.store.remove_expired(i64::MAX).await.unwrap() > 0);
    assert_eq!(opened.store.put(&put).await.unwrap().version, 2, "the same store, with room again");
}

#[tokio::test]
async fn a_database_turned_read_only_is_read_and_not_written_until_it_turns_back() {
    let opened = postgres().await;
    with_a_pool(&opened).await;
    let read_only = |value: &str| {
        let name = opened.database();
        format!(
            "ALTER DATABASE {name} SET default_transaction_read_only = {value};
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
    };
    sql("postgres", &read_only("on")).await;
    let answer = change(&opened).await;
    assert!(unwritable(&answer, "it is read-only"), "{answer:?}");
    unchanged(&opened).await;
    sql("postgres", &read_only("off")).await;
    assert_eq!(change(&opened).await, Ok(2));
}

#[tokio::test]
async fn a_server_that_goes_away_is_said_so_and_used_again_when_it_is_back() {
    let mut server = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let mut config = postgres_config(server.database());
    config.connect_timeout = BRIEFLY;
    config.answer_within = BRIEFLY;
    let store = loop {
        // The bounds are short even for the first connection on a busy machine.
        if let Ok(store) = Store::open(&config).await {
            break store;
        }
    };
    let pool = build::pool("web");
    wait_until("the first policy is written", SOON, async || {
        store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.is_ok()
    })
    .await;
    server.stop();
    let put = build::put(&pool, 1, &build::policy(Algorithm::LeastConnections));
    let answer = tokio::time::timeout(SOON, store.put(&put)).await.expect("the wait is bounded");
    assert!(matches!(&answer, Err(PutError::Store(StoreError::Unavailable(_)))), "{answer:?}");
    assert!(matches!(store.list().await, Err(StoreError::Unavailable(_))));
    server.start_again();
    wait_until("the store uses the server again", SOON, async || store.list().await.is_ok()).await;
    assert_eq!(store.list().await.unwrap()[0].version, 1);
}

#[tokio::test]
async fn a_link_waits_for_an_account_that_is_being_made_and_yields_to_an_admin() {
    let opened = postgres().await;
    opened.store.put_setup_token(&build::token(1), i64::MAX).await.unwrap();
    let mut other = PgConnection::connect(&Postgres::shared().url(opened.database())).await.unwrap();
    other
        .execute("BEGIN; INSERT INTO users (name, role, password, created_at_ms) VALUES ('first', 'system_admin', 'x', 0)")
        .await
        .unwrap();
    let store = opened.store.clone();
    let link = tokio::spawn(async move {
        let (new, audit) = (
            build::new_user("second", Role::SystemAdmin),
            build::audit("second", "user.create", "second"),
        );
        let event = build::event("second was created");
        store
            .redeem_setup_token(&build::token(1), &new, &audit, &event, build::NOW_MS)
            .await
    });
    wait_until("the link waits for the account", SOON, async || {
        let waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut other).await.unwrap() > 0
    })
    .await;
    other.execute("COMMIT").await.unwrap();
    assert_eq!(link.await.unwrap(), Err(RedeemError::NotValid));
    assert_eq!(opened.store.users().await.unwrap().len(), 1);
}

/// Writes the values past the store, as an old bug, a bad disk or a curious person would.
async fn damage(opened: &Opened, statements: &str) {
    match &opened.config.url {
        DatabaseUrl::Sqlite { path } => {
            let mut connection = SqliteConnection::connect(path.to_str().unwrap()).await.unwrap();
            connection.execute(sqlx::AssertSqlSafe(statements.to_owned())).await.unwrap();
            connection.close().await.unwrap();
        }
        DatabaseUrl::Postgres { .. } => sql(opened.database(), statements).await,
    }
}

async fn unknown_values_are_named(opened: &Opened) {
    with_a_pool(opened).await;
    let audit = build::audit("alice", "user.create", "bob");
    let (bob, event) = (build::new_user("bob", Role::Viewer), build::event("bob was created"));
    let bob = opened.store.create_user(&bob, &audit, &event).await.unwrap();
    opened.store.create_session(&build::session(1, bob.id)).await.unwrap();
    damage(
        opened,
        "UPDATE users SET role = 'emperor'; UPDATE events SET kind = 'console.exploded'; UPDATE audit_log SET diff = '{';
         UPDATE pool_policies SET policy = '{\"algorithm\":\"astrology\"}';",
    )
    .await;
    let said = |error: StoreError| match error {
        StoreError::Corrupt(what) => what,
        other => panic!("{other:?}"),
    };
    let users = said(opened.store.users().await.unwrap_err());
    assert!(users.starts_with(&format!("users {}: role: ", bob.id.0)), "{users}");
    let session = opened.store.session(&build::token(1), build::NOW_MS).await;
    assert_eq!(said(session.unwrap_err()), users, "an unknown role opens nothing");
    let events = said(opened.store.read(&EventFilter::default(), 10).await.unwrap_err());
    assert!(events.starts_with("events 1: kind: "), "{events}");
    assert!(said(opened.store.audit(None, 10).await.unwrap_err()).starts_with("audit_log 1: "));
    let policies = said(opened.store.list().await.unwrap_err());
    assert!(
        policies.starts_with("pool_policies web: ") && policies.contains("astrology"),
        "{policies}"
    );
}

#[tokio::test]
async fn unknown_values_in_sqlite_are_named_by_table_and_id() {
    unknown_values_are_named(&sqlite().await).await;
}

#[tokio::test]
async fn unknown_values_in_postgres_are_named_by_table_and_id() {
    unknown_values_are_named(&postgres().await).await;
}
