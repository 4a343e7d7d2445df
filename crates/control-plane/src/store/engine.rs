use async_trait::async_trait;
use sqlx::{Row as _, postgres::PgRow, sqlite::SqliteRow};

use super::{
    StoreError,
    wakeup::{News, Wakeups},
};

/// A database the queue lives in: what differs between SQLite and PostgreSQL.
/// The rules of the queue are written once, above it.
#[async_trait]
pub(crate) trait Engine: Send + Sync {
    /// Begins a transaction that writes.
    async fn write(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// Begins a transaction that only reads, on one state of the database.
    async fn read(&self) -> Result<Box<dyn Transaction>, StoreError>;

    /// Brings the tables up to date.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Wakes long polls, whichever process made the job due.
    fn wakeups(&self) -> &Wakeups;

    /// Ends every connection, once nobody uses it any more.
    async fn close(&self);
}

/// One transaction. Dropped without [`commit`](Self::commit), it changes nothing.
#[async_trait]
pub(crate) trait Transaction: Send {
    /// Runs a statement and returns how many rows it changed.
    async fn execute(&mut self, sql: &Sql, values: &[Value]) -> Result<u64, StoreError>;

    /// Runs a statement and returns its rows.
    async fn fetch(&mut self, sql: &Sql, values: &[Value]) -> Result<Vec<Row>, StoreError>;

    /// Wakes long polls once the transaction is committed.
    async fn announce(&mut self, news: News) -> Result<(), StoreError>;

    /// Makes it all lasting.
    async fn commit(self: Box<Self>) -> Result<(), StoreError>;
}

/// One statement, in the words of each database. Placeholders are `$1`, `$2`, ….
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sql {
    pub(super) sqlite: &'static str,
    pub(super) postgres: &'static str,
}

impl Sql {
    /// A statement both databases understand.
    pub(super) const fn same(sql: &'static str) -> Self {
        Self {
            sqlite: sql,
            postgres: sql,
        }
    }
}

/// A statement with row locks where the database has them. SQLite has one writer at a
/// time, so there the write transaction itself is the lock.
macro_rules! locking {
    ($before:expr, $lock:literal, $after:expr) => {
        $crate::store::engine::Sql {
            sqlite: concat!($before, " ", $after),
            postgres: concat!($before, " ", $lock, " ", $after),
        }
    };
}
pub(super) use locking;

/// A value bound to a placeholder.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<String>),
    /// BOOLEAN.
    Bool(bool),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Int(Some(i64::from(value)))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

/// Binds values to a query of either database.
macro_rules! bind {
    ($sql:expr, $values:expr) => {{
        let mut query = sqlx::query($sql);
        for value in $values {
            query = match value {
                $crate::store::engine::Value::Int(value) => query.bind(*value),
                $crate::store::engine::Value::Text(value) => query.bind(value.clone()),
                $crate::store::engine::Value::Bool(value) => query.bind(*value),
            };
        }
        query
    }};
}
pub(super) use bind;

/// A row of either database.
pub(crate) enum Row {
    /// SQLite's.
    Sqlite(SqliteRow),
    /// PostgreSQL's.
    Postgres(PgRow),
}

macro_rules! column {
    ($row:expr, $name:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($name)?,
            Row::Postgres(row) => row.try_get($name)?,
        }
    };
}

impl Row {
    /// A BIGINT, or NULL.
    pub(super) fn int_or_null(&self, name: &str) -> Result<Option<i64>, StoreError> {
        Ok(column!(self, name))
    }

    /// A BIGINT.
    pub(super) fn int(&self, name: &str) -> Result<i64, StoreError> {
        Ok(column!(self, name))
    }

    /// A BIGINT that counts something.
    pub(super) fn count(&self, name: &str) -> Result<u64, StoreError> {
        let value = self.int(name)?;
        u64::try_from(value)
            .map_err(|_| StoreError::Internal(format!("{name} is {value}, below zero")))
    }

    /// A BIGINT that counts something, or NULL.
    pub(super) fn count_or_null(&self, name: &str) -> Result<Option<u64>, StoreError> {
        self.int_or_null(name)?
            .map(|_| self.count(name))
            .transpose()
    }

    /// A BIGINT that counts attempts or polls.
    pub(super) fn small_count(&self, name: &str) -> Result<u32, StoreError> {
        let value = self.int(name)?;
        u32::try_from(value)
            .map_err(|_| StoreError::Internal(format!("{name} is {value}, out of range")))
    }

    /// A TEXT, or NULL.
    pub(super) fn text_or_null(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(column!(self, name))
    }

    /// A TEXT.
    pub(super) fn text(&self, name: &str) -> Result<String, StoreError> {
        Ok(column!(self, name))
    }

    /// A BOOLEAN.
    pub(super) fn bool(&self, name: &str) -> Result<bool, StoreError> {
        Ok(column!(self, name))
    }
}
