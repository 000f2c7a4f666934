//! What cannot be opened is said in one sentence, and stays as it was.

use std::{fs, net::TcpListener, path::Path};

use control::ports::Policies;
use futures::future::join_all;
use model::PoolPolicy;
use sqlx::{Connection, Executor, SqliteConnection};
use store::{Company, DataDir, OpenError, Store, StoreConfig};
use testkit::{Postgres, build};

use crate::child;
use crate::support::{database, postgres, postgres_config, sql, sqlite};

async fn refused(config: &StoreConfig) -> String {
    let error = Store::open(config).await.unwrap_err().to_string();
    assert!(!error.contains('\n'), "one sentence: {error}");
    assert!(!error.contains("secret"), "no password: {error}");
    error
}

async fn on_file(path: &Path, statements: &'static str) {
    let url = format!("sqlite:{}?mode=rwc", path.display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    connection.execute(statements).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_store_opens_again_with_what_it_had() {
    let opened = sqlite().await;
    let pool = build::pool("web");
    let written = opened.store.ensure(&pool, &PoolPolicy::default(), build::NOW_MS).await.unwrap();
    opened.store.close().await;
    let again = Store::open(&opened.config).await.unwrap();
    assert_eq!(again.list().await.unwrap(), [written]);
    assert!(format!("{again:?}").contains("evenkeel.db"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_that_start_at_once_on_something_new_all_get_it_open() {
    let dir = tempfile::tempdir().unwrap();
    for config in [
        StoreConfig::sqlite(dir.path().join("evenkeel.db")),
        postgres_config(database().await),
    ] {
        let starts = (0..6).map(|_| {
            let config = config.clone();
            tokio::spawn(async move { Store::open(&config).await.map(|_| ()) })
        });
        let opened: Vec<_> = join_all(starts).await.into_iter().map(Result::unwrap).collect();
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
    }
    // Processes do not share what threads do.
    let path = dir.path().join("other.db");
    let starts: Vec<_> = (0..4)
        .map(|_| child::command("open", path.to_str().unwrap()).spawn().unwrap())
        .collect();
    for mut start in starts {
        let said = child::answers(&mut start).last();
        start.wait().unwrap();
        assert_eq!(said.as_deref(), Some("opened"));
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("notes.txt");
    fs::write(&path, "my notes, worth more than any database").unwrap();
    let said = refused(&StoreConfig::sqlite(&path)).await;
    assert_eq!(
        said,
        format!("{} is not an SQLite database: choose another file, or move it away", path.display())
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), "my notes, worth more than any database");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was put beside it");
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bookmarks.db");
    on_file(&path, "CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (1)").await;
    let before = fs::read(&path).unwrap();
    let said = refused(&StoreConfig::sqlite(&path)).await;
    assert!(
        said.ends_with("bookmarks.db belongs to another program: give Evenkeel a database of its own"),
        "{said}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
}

/// The newest step there is.
fn known() -> usize {
    let steps = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite");
    fs::read_dir(steps).unwrap().count()
}

#[tokio::test]
async fn a_newer_schema_is_left_alone() {
    let opened = sqlite().await;
    opened.store.close().await;
    on_file(
        &opened.file(),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (7000, 'later', TRUE, x'00', 0)",
    )
    .await;
    let before = fs::read(opened.file()).unwrap();
    let said = refused(&opened.config).await;
    assert_eq!(
        said,
        format!(
            "{} was written by a newer Evenkeel (schema 7000, this one knows {}): start that version, or choose another one",
            opened.file().display(),
            known()
        )
    );
    assert_eq!(fs::read(opened.file()).unwrap(), before);
}

#[tokio::test]
async fn a_newer_schema_in_postgres_is_said_so() {
    let opened = postgres().await;
    let newer =
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (7000, 'later', TRUE, '', 0)";
    sql(opened.database(), newer).await;
    let said = refused(&opened.config).await;
    assert!(
        said.contains(&format!(
            "was written by a newer Evenkeel (schema 7000, this one knows {})",
            known()
        )),
        "{said}"
    );
}

#[tokio::test]
async fn an_altered_schema_is_said_so() {
    let opened = sqlite().await;
    opened.store.close().await;
    on_file(&opened.file(), "UPDATE _sqlx_migrations SET checksum = x'BAD0'").await;
    let said = refused(&opened.config).await;
    assert!(
        said.contains("was made by a different build of Evenkeel (step 1 of its schema is not the one known here)"),
        "{said}"
    );
}

#[tokio::test]
async fn a_start_that_was_cut_off_before_its_first_step_is_taken_up() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("evenkeel.db");
    on_file(
        &path,
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT
         CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)",
    )
    .await;
    let store = Store::open(&StoreConfig::sqlite(&path)).await.unwrap();
    assert_eq!(store.list().await.unwrap(), []);
    let empty = dir.path().join("empty.db");
    fs::write(&empty, "").unwrap();
    assert!(Store::open(&StoreConfig::sqlite(&empty)).await.is_ok());
}

#[tokio::test]
async fn a_damaged_file_is_said_so() {
    let opened = sqlite().await;
    opened.store.close().await;
    let mut bytes = fs::read(opened.file()).unwrap();
    bytes[100..4096].fill(0xEE);
    fs::write(opened.file(), &bytes).unwrap();
    let said = refused(&opened.config).await;
    assert!(said.contains("is damaged"), "{said}");
    assert_eq!(fs::read(opened.file()).unwrap(), bytes);
}

#[tokio::test]
async fn a_missing_directory_and_a_directory_in_place_of_a_file_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let said = refused(&StoreConfig::sqlite(dir.path().join("no/such/evenkeel.db"))).await;
    assert!(
        said.contains("no/such/evenkeel.db cannot be used: no such file or directory"),
        "{said}"
    );
    let said = refused(&StoreConfig::sqlite(dir.path())).await;
    assert!(said.contains("cannot be used: is a directory"), "{said}");
    fs::write(dir.path().join("data"), "a file").unwrap();
    let said = DataDir::open(dir.path().join("data")).unwrap_err().to_string();
    assert!(said.contains("data/ cannot be used: "), "{said}");
}

#[tokio::test]
async fn a_file_too_small_for_the_schema_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::sqlite(dir.path().join("evenkeel.db"));
    config.sqlite_max_pages = Some(4);
    let said = refused(&config).await;
    assert!(
        said.starts_with("the disk or quota of ") && said.ends_with("is full: free some space and start again"),
        "{said}"
    );
    config.sqlite_max_pages = None;
    assert!(Store::open(&config).await.is_ok(), "with room, the same file is taken up");
}

#[tokio::test]
async fn a_locked_file_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut config = StoreConfig::sqlite(dir.path().join("evenkeel.db"));
    on_file(&dir.path().join("evenkeel.db"), "PRAGMA journal_mode = DELETE").await;
    config.answer_within = std::time::Duration::from_millis(200);
    let mut other = SqliteConnection::connect(dir.path().join("evenkeel.db").to_str().unwrap())
        .await
        .unwrap();
    other.execute("BEGIN EXCLUSIVE").await.unwrap();
    let said = refused(&config).await;
    assert!(said.contains("evenkeel.db is locked by another program"), "{said}");
}

#[tokio::test]
async fn postgres_says_who_what_and_where() {
    let server = tokio::task::spawn_blocking(Postgres::shared).await.unwrap();
    let port = server.port();
    let with = |url: String| postgres_config(url);

    let said = refused(&with(format!("postgres://evenkeel:secret@127.0.0.1:{port}/postgres"))).await;
    let place = format!("PostgreSQL at 127.0.0.1:{port}/postgres");
    assert!(
        said.starts_with(&format!("{place} refuses the user \"evenkeel\" or its password")),
        "{said}"
    );

    let said = refused(&with(server.url("nowhere"))).await;
    assert!(
        said.starts_with(&format!("PostgreSQL at 127.0.0.1:{port}/nowhere does not exist")),
        "{said}"
    );

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let said = refused(&with(format!("postgres://evenkeel:secret@127.0.0.1:{free}/x"))).await;
    assert!(said.contains("cannot be reached (connection refused)"), "{said}");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = with(format!("postgres://evenkeel:secret@{}/x", silent.local_addr().unwrap()));
    config.connect_timeout = std::time::Duration::from_millis(200);
    let said = refused(&config).await;
    assert!(said.contains("cannot be reached (no answer within 0.2 s)"), "{said}");

    let said = refused(&with("postgres://evenkeel:secret@127.0.0.1:notaport/x".into())).await;
    assert!(said.starts_with("the database URL cannot be understood"), "{said}");
}

#[tokio::test]
async fn a_postgres_database_of_another_program_is_left_alone() {
    let url = database().await;
    let name = url.rsplit('/').next().unwrap();
    sql(name, "CREATE TABLE users (id INTEGER); INSERT INTO users VALUES (1)").await;
    let said = refused(&postgres_config(url.clone())).await;
    assert!(
        said.ends_with("belongs to another program: give Evenkeel a database of its own"),
        "{said}"
    );
    sql(
        name,
        "DO $$ BEGIN ASSERT (SELECT count(*) FROM users) = 1; ASSERT to_regclass('events') IS NULL; END $$",
    )
    .await;
}

#[tokio::test]
async fn a_read_only_postgres_database_is_said_so() {
    let url = database().await;
    let name = url.rsplit('/').next().unwrap();
    sql("postgres", &format!("ALTER DATABASE {name} SET default_transaction_read_only = on")).await;
    let said = refused(&postgres_config(url)).await;
    assert!(said.contains("is read-only"), "{said}");
}

#[tokio::test]
async fn one_console_claims_a_database() {
    for opened in [sqlite().await, postgres().await] {
        let claim = opened.store.claim(Company::Alone).await.unwrap();
        let refused = opened.store.claim(Company::Alone).await.unwrap_err();
        assert!(matches!(refused, OpenError::InUse { .. }), "{refused:?}");
        assert!(
            refused.to_string().contains(&format!("(process {}", std::process::id())),
            "{refused}"
        );
        drop(claim);
        testkit::wait_until("the claim is free again", crate::support::SOON, async || {
            opened.store.claim(Company::Alone).await.is_ok()
        })
        .await;
    }
}

#[tokio::test]
async fn consoles_that_elect_a_leader_share_a_database_and_one_that_does_not_stays_away() {
    let opened = postgres().await;
    let replicas = [
        opened.store.claim(Company::Replicas).await.unwrap(),
        opened.store.claim(Company::Replicas).await.unwrap(),
    ];
    let refused = opened.store.claim(Company::Alone).await.unwrap_err();
    assert!(matches!(refused, OpenError::InUse { .. }), "{refused:?}");
    drop(replicas);
    testkit::wait_until("the claims are free again", crate::support::SOON, async || {
        opened.store.claim(Company::Alone).await.is_ok()
    })
    .await;
}
