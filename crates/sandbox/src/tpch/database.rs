//! The generated tables, as read-only SQLite connections.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

use rusqlite::config::DbConfig;
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::dialect::{Names, translate};
use super::error::SqlError;
use super::load::load;
use super::schema::TABLES;

/// TPC-H tables at one scale, generated once per process while anybody holds them.
#[derive(Debug)]
pub struct Database {
    path: PathBuf,
    _directory: TempDir,
}

impl Database {
    /// The tables at `scale` (1 is about 1 GB). Generates them on first use, which
    /// blocks: about a second at 0.01.
    pub fn at_scale(scale: f64) -> Result<Arc<Self>, SqlError> {
        static LOADED: LazyLock<Mutex<HashMap<u64, Weak<Database>>>> =
            LazyLock::new(Mutex::default);
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = loaded.get(&scale.to_bits()).and_then(Weak::upgrade) {
            return Ok(database);
        }
        let directory = tempfile::Builder::new()
            .prefix("tpch-")
            .tempdir()
            .map_err(SqlError::internal)?;
        let path = directory.path().join("tpch.sqlite");
        load(&path, scale).map_err(SqlError::internal)?;
        let database = Arc::new(Self {
            path,
            _directory: directory,
        });
        loaded.retain(|_, held| held.strong_count() > 0);
        loaded.insert(scale.to_bits(), Arc::downgrade(&database));
        Ok(database)
    }

    /// A connection of its own, read-only. With `prefixed_columns` the tables show
    /// `c_custkey` for `custkey`, and so on.
    pub fn connect(&self, prefixed_columns: bool) -> Result<Connection, SqlError> {
        // Nobody writes to the file any more, so no locks are needed either.
        let uri = format!("file:{}?immutable=1", self.path.display());
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || -> rusqlite::Result<Connection> {
            let connection = Connection::open_with_flags(uri, flags)?;
            // Else a misspelt "column" is a text.
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
            connection.execute_batch("PRAGMA temp_store = MEMORY")?;
            register_functions(&connection)?;
            if prefixed_columns {
                for table in &TABLES {
                    connection.execute(&table.prefixed_view(), [])?;
                }
            }
            Ok(connection)
        };
        open().map_err(SqlError::internal)
    }

    /// Rows that `sql` selects, counted by SQLite itself. Blocks.
    pub fn count(&self, sql: &str, names: Names<'_>) -> Result<u64, SqlError> {
        let translated = translate(sql, names)?;
        let connection = self.connect(translated.prefixed_columns)?;
        let head = "SELECT count(*) FROM (\n";
        connection
            .query_row(&format!("{head}{}\n)", translated.sql), [], |row| {
                row.get::<_, i64>(0)
            })
            .map(i64::unsigned_abs)
            .map_err(|error| {
                SqlError::from_sqlite(&error, |offset| {
                    translated.original(offset.saturating_sub(head.len()))
                })
            })
    }
}

/// Trino's functions on dates; the rest SQLite has under the same names.
fn register_functions(connection: &Connection) -> rusqlite::Result<()> {
    let parts: [(&str, std::ops::Range<usize>); 3] =
        [("year", 0..4), ("month", 5..7), ("day", 8..10)];
    for (name, range) in parts {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection.create_scalar_function(name, 1, flags, move |context| {
            let day: Option<String> = context.get(0)?;
            let number = day.and_then(|day| day.get(range.clone())?.parse::<i64>().ok());
            Ok(number)
        })?;
    }
    Ok(())
}
