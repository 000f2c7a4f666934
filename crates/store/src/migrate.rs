//! The schema: the same numbers and the same meaning in `migrations/sqlite` and `migrations/postgres`, embedded in the binary.

use sqlx::{
    Connection, Database, Executor, IntoArguments,
    migrate::{Migrate, MigrateError, Migrator},
};

use crate::OpenError;

pub(crate) static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
pub(crate) static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// The newest step that this binary knows.
pub(crate) fn known(migrator: &Migrator) -> i64 {
    migrator.iter().map(|step| step.version).max().unwrap_or_default()
}

/// Brings the schema up to date. Give it a connection of its own: after a failure it may still hold a lock, until it is closed.
pub(crate) async fn run<C>(migrator: &Migrator, connection: &mut C, what: &str, user: &str) -> Result<(), OpenError>
where
    C: Connection + Migrate,
    for<'c> &'c mut C: Executor<'c, Database = C::Database>,
    <C::Database as Database>::Arguments: IntoArguments<C::Database>,
    (i64,): for<'r> sqlx::FromRow<'r, <C::Database as Database>::Row>,
{
    let what = what.to_owned();
    match migrator.run_direct(None, connection, false).await {
        Ok(()) => Ok(()),
        Err(MigrateError::VersionMissing(step)) => {
            let newest: Result<(i64,), _> = sqlx::query_as("SELECT max(version) FROM _sqlx_migrations")
                .fetch_one(connection)
                .await;
            let (found, known) = (newest.map_or(step, |(newest,)| newest), known(migrator));
            Err(if found > known {
                OpenError::Newer { what, found, known }
            } else {
                OpenError::Altered { what, step }
            })
        }
        Err(MigrateError::VersionMismatch(step) | MigrateError::Dirty(step)) => Err(OpenError::Altered { what, step }),
        Err(MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _)) => Err(OpenError::database(what, user, &e)),
        Err(other) => Err(OpenError::Other {
            what,
            why: other.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_the_same_steps() {
        let steps = |migrator: &Migrator| migrator.iter().map(|m| (m.version, m.description.clone())).collect::<Vec<_>>();
        assert_eq!(steps(&SQLITE), steps(&POSTGRES));
        assert!(known(&SQLITE) >= 1);
    }
}
