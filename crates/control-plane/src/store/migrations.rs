use std::borrow::Cow;

use sqlx::{
    SqlSafeStr as _,
    migrate::{Migration, MigrationType, Migrator},
};

use super::StoreError;

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
        3,
        "watch",
        include_str!("../../migrations/0003_watch.postgres.sql"),
    ),
];

/// Brings a database up to date. Safe to run by several processes at once.
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
    Migrator::with_migrations(migrations)
        .run(database)
        .await
        .map_err(|error| match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            other => {
                StoreError::Internal(format!("the tables cannot be brought up to date: {other}"))
            }
        })
}
