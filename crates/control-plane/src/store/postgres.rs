use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres,
    postgres::{PgConnectOptions, PgListener, PgPoolOptions},
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    StoreError,
    engine::{Engine, Row, Sql, Transaction, Value, bind},
    migrations,
    wakeup::{News, Wakeups},
};
use crate::secret::Secret;

/// The queue in PostgreSQL, shared by any number of replicas of the Control Plane.
pub(super) struct PostgresEngine {
    pool: PgPool,
    wakeups: Wakeups,
    listener: AbortOnDropHandle<()>,
}

const CHANNEL: &str = "export_control_plane";
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the first connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Whatever the database's defaults are: guarded updates wait for the row and look at it
/// again. The limits free the locks of a process that hangs, and do not outlast the
/// transaction, so that a pooler may give its connection to anybody, and a migration may
/// take its time. One message carries them all.
const BEGIN_WRITE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; \
     SET LOCAL statement_timeout = '30s'; \
     SET LOCAL idle_in_transaction_session_timeout = '15s'";
/// As for writes; all statements see one state of the database.
const BEGIN_READ: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
     SET LOCAL statement_timeout = '30s'; \
     SET LOCAL idle_in_transaction_session_timeout = '15s'";
/// How long to leave a database alone that refused to be listened to.
const LISTEN_AGAIN: Duration = Duration::from_secs(1);

impl PostgresEngine {
    /// Connects, and listens for news of other replicas.
    pub(super) async fn connect(url: &Secret, max_connections: u32) -> Result<Self, StoreError> {
        let url = url
            .read()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let options = options(&url).ok_or_else(|| {
            StoreError::Unavailable(
                "the database's URL cannot be read; expected postgres://user:password@host/database"
                    .to_owned(),
            )
        })?;
        try_once(&options).await?;
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options)
            .await?;
        let wakeups = Wakeups::default();
        // Listening before anything waits: the first wake-up is not missed.
        let listener = listen(&pool).await?;
        let task = tokio::spawn(follow(listener, pool.clone(), wakeups.clone()));
        Ok(Self {
            pool,
            wakeups,
            listener: AbortOnDropHandle::new(task),
        })
    }
}

/// Whether this is the URL of a PostgreSQL.
pub(crate) fn is_postgres(url: &SecretString) -> bool {
    options(url).is_some()
}

fn options(url: &SecretString) -> Option<PgConnectOptions> {
    let text = url.expose_secret();
    if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
        return None;
    }
    let options = PgConnectOptions::from_str(text).ok()?;
    Some(options.application_name("export-control-plane"))
}

/// One connection says at once what is wrong; a pool tries until its time is over and
/// then says only that.
async fn try_once(options: &PgConnectOptions) -> Result<(), StoreError> {
    let host = options.get_host();
    let failed = |why: &dyn std::fmt::Display| {
        StoreError::Unavailable(format!("cannot connect to PostgreSQL at {host}: {why}"))
    };
    match tokio::time::timeout(CONNECT_TIMEOUT, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => {
            // It was of use already, however it ends.
            let _ = connection.close().await;
            Ok(())
        }
        Ok(Err(error)) => Err(failed(&error)),
        Err(_) => Err(failed(&"no answer in time")),
    }
}

async fn listen(pool: &PgPool) -> Result<PgListener, sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.ignore_pool_close_event(true);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Passes news on to the long polls of this process. A connection that was lost may
/// have swallowed some, so everybody looks again after it.
async fn follow(mut listener: PgListener, pool: PgPool, wakeups: Wakeups) {
    loop {
        match listener.try_recv().await {
            Ok(Some(notification)) => match notification.payload() {
                "pending" => wakeups.wake(News::Pending),
                "pollable" => wakeups.wake(News::Pollable),
                other => tracing::debug!(payload = other, "unknown notification"),
            },
            Ok(None) => {
                wakeups.wake(News::Pending);
                wakeups.wake(News::Pollable);
            }
            Err(error) => {
                tracing::warn!(%error, "lost the connection that listens for jobs; long polls look by themselves meanwhile");
                listener = loop {
                    tokio::time::sleep(LISTEN_AGAIN).await;
                    if let Ok(listener) = listen(&pool).await {
                        break listener;
                    }
                };
                wakeups.wake(News::Pending);
                wakeups.wake(News::Pollable);
            }
        }
    }
}

#[async_trait]
impl Engine for PostgresEngine {
    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(PostgresTransaction {
            inner: self.pool.begin_with(BEGIN_WRITE).await?,
        }))
    }

    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(PostgresTransaction {
            inner: self.pool.begin_with(BEGIN_READ).await?,
        }))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        migrations::run(&self.pool, migrations::POSTGRES).await
    }

    fn wakeups(&self) -> &Wakeups {
        &self.wakeups
    }

    async fn close(&self) {
        // It holds a connection, and the pool waits for every one of them.
        self.listener.abort();
        self.pool.close().await;
    }
}

struct PostgresTransaction {
    inner: sqlx::Transaction<'static, Postgres>,
}

#[async_trait]
impl Transaction for PostgresTransaction {
    async fn execute(&mut self, sql: &Sql, values: &[Value]) -> Result<u64, StoreError> {
        let done = bind!(sql.postgres, values)
            .execute(&mut *self.inner)
            .await?;
        Ok(done.rows_affected())
    }

    async fn fetch(&mut self, sql: &Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = bind!(sql.postgres, values)
            .fetch_all(&mut *self.inner)
            .await?;
        Ok(rows.into_iter().map(Row::Postgres).collect())
    }

    async fn announce(&mut self, news: News) -> Result<(), StoreError> {
        let payload = match news {
            News::Pending => "pending",
            News::Pollable => "pollable",
        };
        // Delivered on commit; equal ones of a transaction are folded into one.
        sqlx::query("SELECT pg_notify($1, $2)")
            .bind(CHANNEL)
            .bind(payload)
            .execute(&mut *self.inner)
            .await?;
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        Ok(self.inner.commit().await?)
    }
}
