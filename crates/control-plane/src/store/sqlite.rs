use std::{path::Path, time::Duration};

use async_trait::async_trait;
use sqlx::{
    Sqlite, SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::{
    StoreError,
    engine::{Engine, Row, Sql, Transaction, Value, bind},
    migrations,
    wakeup::{News, Wakeups},
};

/// The queue in a file, in this process.
///
/// One connection writes, so that writers queue up here and not inside SQLite;
/// the others read the last committed state beside it (WAL).
pub(super) struct SqliteEngine {
    writer: SqlitePool,
    readers: SqlitePool,
    wakeups: Wakeups,
}

const READERS: u32 = 4;
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

impl SqliteEngine {
    /// Opens the file, making it where there is none.
    pub(super) async fn open(path: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A report that was acknowledged outlives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5));
        let failed = |error: sqlx::Error| {
            StoreError::Unavailable(format!("{} cannot be opened: {error}", path.display()))
        };
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .min_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.clone())
            .await
            .map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(failed)?;
        Ok(Self {
            writer,
            readers,
            wakeups: Wakeups::default(),
        })
    }
}

#[async_trait]
impl Engine for SqliteEngine {
    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError> {
        // IMMEDIATE takes the write lock now: a transaction that read first and
        // writes later cannot find its snapshot outdated.
        Ok(Box::new(SqliteTransaction {
            inner: self.writer.begin_with("BEGIN IMMEDIATE").await?,
            wakeups: self.wakeups.clone(),
            news: Vec::new(),
        }))
    }

    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError> {
        Ok(Box::new(SqliteTransaction {
            inner: self.readers.begin().await?,
            wakeups: self.wakeups.clone(),
            news: Vec::new(),
        }))
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        migrations::run(&self.writer, migrations::SQLITE).await
    }

    fn wakeups(&self) -> &Wakeups {
        &self.wakeups
    }

    async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

struct SqliteTransaction {
    inner: sqlx::Transaction<'static, Sqlite>,
    wakeups: Wakeups,
    news: Vec<News>,
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn execute(&mut self, sql: &Sql, values: &[Value]) -> Result<u64, StoreError> {
        let done = bind!(sql.sqlite, values).execute(&mut *self.inner).await?;
        Ok(done.rows_affected())
    }

    async fn fetch(&mut self, sql: &Sql, values: &[Value]) -> Result<Vec<Row>, StoreError> {
        let rows = bind!(sql.sqlite, values)
            .fetch_all(&mut *self.inner)
            .await?;
        Ok(rows.into_iter().map(Row::Sqlite).collect())
    }

    async fn announce(&mut self, news: News) -> Result<(), StoreError> {
        if !self.news.contains(&news) {
            self.news.push(news);
        }
        Ok(())
    }

    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        self.inner.commit().await?;
        for news in self.news {
            self.wakeups.wake(news);
        }
        Ok(())
    }
}
