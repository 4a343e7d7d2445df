use std::borrow::Cow;

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::{
    StoreError,
    engine::{Sql, Transaction},
};

/// Version, what it does, its statements.
type Step = (i64, &'static str, &'static str);

/// The tables of the SQLite store.
pub(super) const SQLITE: &[Step] = &[
    (
        1,
        "queue",
        include_str!("../../migrations/0001_queue.sqlite.sql"),
    ),
    (
        2,
        "job traces",
        include_str!("../../migrations/0002_job_traces.sqlite.sql"),
    ),
    (
        3,
        "watch",
        include_str!("../../migrations/0003_watch.sqlite.sql"),
    ),
];

/// The tables of the PostgreSQL store.
pub(super) const POSTGRES: &[Step] = &[
    (
        1,
        "queue",
        include_str!("../../migrations/0001_queue.postgres.sql"),
    ),
    (
        2,
        "job traces",
        include_str!("../../migrations/0002_job_traces.postgres.sql"),
    ),
    (
        3,
        "watch",
        include_str!("../../migrations/0003_watch.postgres.sql"),
    ),
];

/// Brings a database up to date. Safe to run by several processes at once, of versions
/// that do not know each other's newest steps: each step only adds.
pub(super) async fn run<'a, A>(database: A, steps: &[Step]) -> Result<(), StoreError>
where
    A: sqlx::Acquire<'a>,
    <A::Connection as std::ops::Deref>::Target: sqlx::migrate::Migrate,
{
    let migrations = steps
        .iter()
        .map(|(version, description, sql)| {
            Migration::new(
                *version,
                Cow::Borrowed(description),
                MigrationType::Simple,
                sql.into_sql_str(),
                false,
            )
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    // A step of a later version may be there: who goes back to this one finds more than
    // it needs. Steps only ever add, so that it need not mind.
    migrator.set_ignore_missing(true);
    migrator.run(database).await.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error) => error.into(),
        other => StoreError::Internal(format!("the tables cannot be brought up to date: {other}")),
    })
}

const APPLIED: Sql = Sql::same("SELECT version FROM _sqlx_migrations WHERE success");

/// Refuses tables that lack a step of this version.
pub(super) async fn check(tx: &mut dyn Transaction) -> Result<(), StoreError> {
    let applied = tx
        .fetch(&APPLIED, &[])
        .await
        .map_err(|error| match error {
            StoreError::Internal(error) => StoreError::Internal(format!(
                "its tables cannot be read; where there are none, run `export-control-plane migrate`: {error}"
            )),
            other => other,
        })?
        .iter()
        .map(|row| row.int("version"))
        .collect::<Result<Vec<_>, _>>()?;
    // Both stores have the same steps.
    match SQLITE
        .iter()
        .find(|(version, ..)| !applied.contains(version))
    {
        None => Ok(()),
        Some((version, what, _)) => Err(StoreError::Unavailable(format!(
            "its tables lack step {version} ({what}); run `export-control-plane migrate`"
        ))),
    }
}
