//! The two schemas mean the same.

use sqlx::{Connection, PgConnection, SqliteConnection};
use store::DatabaseUrl;

use crate::support::{postgres, sqlite};

type Column = (String, String, bool);

#[tokio::test]
async fn both_databases_have_the_same_tables_columns_and_nulls() {
    let (lite, post) = (sqlite().await, postgres().await);
    let mut connection = SqliteConnection::connect(lite.file().to_str().unwrap()).await.unwrap();
    let mut in_sqlite: Vec<Column> = sqlx::query_as(
        "SELECT m.name, c.name, NOT c.\"notnull\" FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND m.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let DatabaseUrl::Postgres { url } = &post.config.url else {
        unreachable!()
    };
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut in_postgres: Vec<Column> = sqlx::query_as(
        "SELECT table_name::text, column_name::text, is_nullable = 'YES' FROM information_schema.columns
         WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    in_sqlite.sort();
    in_postgres.sort();
    assert!(
        in_sqlite
            .iter()
            .any(|(table, column, _)| table == "pool_policies" && column == "announced_version")
    );
    assert_eq!(in_sqlite, in_postgres);
}
