//! SELECTs, run by SQLite on threads that block.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, InterruptHandle};
use tokio::sync::Semaphore;

use crate::parquet::{Column, ColumnType, Value};
use crate::tpch::dialect::{Names, Translated, translate};
use crate::tpch::{Database, SqlError, SqlErrorKind};

/// Values looked at before the types of computed columns are settled, about.
const HEAD_VALUES: usize = 200_000;

/// One row, a value per column.
pub(super) type Row = Vec<Value>;

/// A row of `system.runtime.queries`.
pub(super) type RuntimeQuery = [Option<String>; 8];

/// The columns of `system.runtime.queries`, in the order of [`RuntimeQuery`].
const RUNTIME_QUERIES: &str = "CREATE TEMP TABLE queries (query_id varchar, state varchar, \
    \"user\" varchar, source varchar, query varchar, created varchar, \"end\" varchar, \
    error_code varchar)";

/// Runs SELECTs, some at once.
pub(super) struct Executor {
    scale: f64,
    /// Generated on first use.
    database: Arc<Mutex<Option<Arc<Database>>>>,
    slots: Arc<Semaphore>,
}

/// A SELECT ready to run.
#[derive(Clone)]
pub(super) struct Task {
    pub(super) translated: Arc<Translated>,
    /// What `system.runtime.queries` shows, if it is read.
    pub(super) queries: Arc<Vec<RuntimeQuery>>,
}

/// Stops the SELECT of a thread when the future that waits for it is dropped.
#[derive(Default)]
struct Stop {
    stopped: AtomicBool,
    running: Mutex<Option<InterruptHandle>>,
}

struct StopOnDrop(Arc<Stop>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stopped.store(true, Ordering::Release);
        let running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = running.as_ref() {
            handle.interrupt();
        }
    }
}

impl Executor {
    pub(super) fn new(scale: f64, slots: usize) -> Self {
        Self {
            scale,
            database: Arc::default(),
            slots: Arc::new(Semaphore::new(slots.max(1))),
        }
    }

    /// Generates the tables, if they are not there yet.
    pub(super) async fn warm_up(&self) -> Result<(), SqlError> {
        let nothing = Names {
            catalogs: &[],
            catalog: None,
            schema: None,
        };
        let task = Task {
            translated: Arc::new(translate("SELECT 1", nothing)?),
            queries: Arc::default(),
        };
        self.analyse(&task).await.map(drop)
    }

    /// The names of the columns it selects, or why it cannot be run.
    pub(super) async fn analyse(&self, task: &Task) -> Result<Vec<String>, SqlError> {
        self.block(task, |connection, translated, _| {
            let statement = connection
                .prepare(&translated.sql)
                .map_err(|error| said(&error, translated))?;
            Ok(statement
                .column_names()
                .into_iter()
                .map(str::to_owned)
                .collect())
        })
        .await
    }

    /// Runs it. `begin` gets the columns, and the first rows, which may be all;
    /// `push` gets every later row.
    pub(super) async fn read<S: Send + 'static>(
        &self,
        task: &Task,
        begin: impl FnOnce(Vec<Column>, Vec<Row>, bool) -> Result<S, SqlError> + Send + 'static,
        push: impl FnMut(&mut S, Row) -> Result<(), SqlError> + Send + 'static,
        end: impl FnOnce(S) -> Result<S, SqlError> + Send + 'static,
    ) -> Result<S, SqlError> {
        self.block(task, move |connection, translated, stop| {
            read(connection, translated, stop, begin, push).and_then(end)
        })
        .await
    }

    async fn block<T: Send + 'static>(
        &self,
        task: &Task,
        job: impl FnOnce(&Connection, &Translated, &Stop) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, SqlError> {
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(SqlError::internal)?;
        let stop = Arc::new(Stop::default());
        let _stop_on_drop = StopOnDrop(Arc::clone(&stop));
        let (task, scale, database) = (task.clone(), self.scale, Arc::clone(&self.database));
        let blocking = tokio::task::spawn_blocking(move || {
            // Held by the thread: a dropped future does not end it at once.
            let _slot = slot;
            let database = {
                let mut held = database.lock().unwrap_or_else(PoisonError::into_inner);
                match &*held {
                    Some(database) => Arc::clone(database),
                    None => Arc::clone(held.insert(Database::at_scale(scale)?)),
                }
            };
            let connection = database.connect(task.translated.prefixed_columns)?;
            if task.translated.reads_queries {
                show_queries(&connection, &task.queries).map_err(SqlError::internal)?;
            }
            let handle = connection.get_interrupt_handle();
            *stop.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(handle);
            stop.check()?;
            job(&connection, &task.translated, &stop)
        });
        blocking.await.map_err(SqlError::internal)?
    }
}

impl Stop {
    fn check(&self) -> Result<(), SqlError> {
        if !self.stopped.load(Ordering::Acquire) {
            return Ok(());
        }
        Err(SqlError {
            kind: SqlErrorKind::Interrupted,
            message: "the query was interrupted".to_owned(),
            offset: None,
        })
    }
}

fn said(error: &rusqlite::Error, translated: &Translated) -> SqlError {
    SqlError::from_sqlite(error, |offset| translated.original(offset))
}

fn show_queries(connection: &Connection, queries: &[RuntimeQuery]) -> rusqlite::Result<()> {
    connection.execute(RUNTIME_QUERIES, [])?;
    let mut insert = connection.prepare("INSERT INTO queries VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    for query in queries {
        insert.execute(rusqlite::params_from_iter(query))?;
    }
    Ok(())
}

fn read<S>(
    connection: &Connection,
    translated: &Translated,
    stop: &Stop,
    begin: impl FnOnce(Vec<Column>, Vec<Row>, bool) -> Result<S, SqlError>,
    mut push: impl FnMut(&mut S, Row) -> Result<(), SqlError>,
) -> Result<S, SqlError> {
    let mut statement = connection
        .prepare(&translated.sql)
        .map_err(|error| said(&error, translated))?;
    if let Some(offset) = translated.divides_by_zero {
        let kind = SqlErrorKind::DivisionByZero;
        return Err(SqlError::at(kind, offset, "Division by zero"));
    }
    let declared: Vec<(String, Option<ColumnType>)> = statement
        .columns()
        .iter()
        .map(|column| {
            let kind = column.decl_type().and_then(ColumnType::declared);
            (column.name().to_owned(), kind)
        })
        .collect();
    let mut rows = statement
        .query([])
        .map_err(|error| said(&error, translated))?;
    let mut next = || -> Result<Option<Row>, SqlError> {
        stop.check()?;
        let row = rows.next().map_err(|error| said(&error, translated))?;
        row.map(|row| {
            (0..declared.len())
                .map(|index| row.get_ref(index).map(value).map_err(SqlError::internal))
                .collect()
        })
        .transpose()
    };
    let mut head = Vec::new();
    let mut whole = false;
    while head.len() * declared.len() < HEAD_VALUES {
        let Some(row) = next()? else {
            whole = true;
            break;
        };
        head.push(row);
    }
    let columns = declared
        .iter()
        .enumerate()
        .map(|(index, (name, kind))| Column {
            name: name.clone(),
            kind: kind.unwrap_or_else(|| inferred(head.iter().map(|row| &row[index]))),
        })
        .collect();
    let mut sink = begin(columns, head, whole)?;
    while !whole {
        match next()? {
            Some(row) => push(&mut sink, row)?,
            None => whole = true,
        }
    }
    Ok(sink)
}

fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Double(number),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            Value::Text(String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

/// The type of a computed column, by its first values.
fn inferred<'v>(values: impl Iterator<Item = &'v Value>) -> ColumnType {
    let mut kind = None;
    for value in values {
        kind = match (value, kind) {
            (Value::Null, kind) => kind,
            (Value::Text(_), _) | (_, Some(ColumnType::Varchar)) => return ColumnType::Varchar,
            (Value::Double(_), _) | (_, Some(ColumnType::Double)) => Some(ColumnType::Double),
            (Value::Integer(_), _) => Some(ColumnType::Bigint),
        };
    }
    kind.unwrap_or(ColumnType::Varchar)
}
