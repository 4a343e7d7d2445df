//! The course of one query, from its first GET to its end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::coordinator::Coordinator;
use super::error::QueryError;
use super::execute::{Row, Task};
use super::groups::ResourceGroups;
use super::query::{Query, Results};
use super::state::QueryState;
use super::statement::{Scope, Select, Statement, Unload, parse};
use super::switches::Course;
use super::unload::{Destination, UnloadError, unload};
use crate::parquet::{Column, ColumnType, Value};
use crate::tpch::SqlError;
use crate::tpch::dialect::{Names, translate};

/// Characters of a statement, at most.
const MAX_SQL: usize = 1_000_000;
/// Rows that a plain SELECT may return: they are held until they are fetched.
const MAX_ROWS: usize = 200_000;

impl Coordinator {
    /// Waits for the first GET, then runs the query, unless it is cancelled or its
    /// client goes away.
    pub(super) async fn live(self: Arc<Self>, query: &Arc<Query>, groups: &ResourceGroups) {
        let timeout = self.config.client_timeout;
        let mut kicked = query.progress.subscribe();
        let kicked = kicked.wait_for(|progress| progress.started);
        let dropped = tokio::select! {
            _ = kicked => false,
            () = query.abandoned(timeout) => true,
        };
        if dropped {
            // A GET may come just now: then the query lives after all.
            if !query.progress.borrow().started {
                self.forget(query);
                return;
            }
        }
        let mut ended = query.progress.subscribe();
        let ended = async {
            ended
                .wait_for(|progress| progress.state.is_done())
                .await
                .map(drop)
        };
        let failure = tokio::select! {
            biased;
            _ = ended => None,
            () = query.abandoned(timeout) => Some(abandoned(query, timeout)),
            outcome = self.run(query, groups) => outcome.err(),
        };
        if let Some(error) = failure {
            self.fail(query, error);
        }
        self.remember(query);
        self.leave_debris(query).await;
    }

    async fn run(&self, query: &Arc<Query>, groups: &ResourceGroups) -> Result<(), QueryError> {
        let length = query.sql.chars().count();
        if length > MAX_SQL {
            let message =
                format!("Query text length ({length}) exceeds the maximum length ({MAX_SQL})");
            return Err(QueryError::new("QUERY_TEXT_TOO_LARGE", message));
        }
        let scope = Scope {
            unload_qualifiers: &self.config.unload_qualifiers,
            catalogs: &self.config.catalogs,
            catalog: query.session.catalog.as_deref(),
        };
        let statement = parse(&query.sql, &scope)?;
        if let (Some(location), Some(number)) = (statement.location(), query.number.get()) {
            self.record
                .change(*number, |record| record.location = Some(location.into()));
        }
        let slot = groups.enter(&query.session).await?;
        self.enter_state(query, QueryState::WaitingForResources);
        self.enter_state(query, QueryState::Dispatching);
        self.advance(query, |progress| {
            progress.dispatched = true;
            progress.dispatched_at = Some(tokio::time::Instant::now());
            progress.state = QueryState::Planning;
        });
        let results = self.results(query, &statement).await?;
        self.advance(query, |progress| progress.results = Some(results));
        // Open until its client has turned the last page, and so long it counts.
        let mut drained = query.progress.subscribe();
        let _ = drained.wait_for(|progress| progress.state.is_done()).await;
        drop(slot);
        Ok(())
    }

    fn enter_state(&self, query: &Query, state: QueryState) {
        self.advance(query, |progress| progress.state = state);
    }

    /// Stays RUNNING for as long as the switches say.
    async fn pass_time(&self, query: &Query) -> Result<Course, QueryError> {
        self.enter_state(query, QueryState::Starting);
        self.enter_state(query, QueryState::Running);
        let mut course = self.switches.course(&query.sql);
        if !course.lasts.is_zero() {
            tokio::time::sleep(course.lasts).await;
        }
        for hold in &mut course.holds {
            // Released when its other end is dropped.
            while hold.changed().await.is_ok() {}
        }
        match course.fails.take() {
            Some(error) => Err(error),
            None => Ok(course),
        }
    }

    async fn results(&self, query: &Query, statement: &Statement) -> Result<Results, QueryError> {
        match statement {
            Statement::Select(select) => {
                let task = self.plan(query, select).await?.0;
                self.pass_time(query).await?;
                self.select(query, select, &task).await
            }
            Statement::Unload(unload) => {
                let (task, columns) = self.plan(query, &unload.select).await?;
                check_columns(&columns)?;
                let destination = Destination::parse(&unload.location)?;
                let course = self.pass_time(query).await?;
                self.unload(query, unload, &task, &destination, course.files)
                    .await
            }
            Statement::Explain(inner) => {
                let select = match inner.as_ref() {
                    Statement::Select(select) | Statement::Unload(Unload { select, .. }) => select,
                    Statement::Explain(_) | Statement::Kill { .. } => {
                        let message = "only a query can be explained";
                        return Err(QueryError::new("NOT_SUPPORTED", message));
                    }
                };
                self.plan(query, select).await?;
                self.enter_state(query, QueryState::Running);
                Ok(one_row(&[("Valid", "boolean", Json::Bool(true))]))
            }
            Statement::Kill { query_id, message } => {
                self.enter_state(query, QueryState::Running);
                let Some(victim) = self.find_started(query_id) else {
                    let message = format!("Target query not found: {query_id}");
                    return Err(QueryError::new("INVALID_PROCEDURE_ARGUMENT", message));
                };
                let message = format!("Query killed. Message: {message}");
                self.fail(&victim, QueryError::new("ADMINISTRATIVELY_KILLED", message));
                Ok(Results {
                    columns: json!([]),
                    rows: Vec::new().into_iter(),
                    update_type: Some("CALL"),
                })
            }
        }
    }

    /// The SELECT as SQLite takes it, analysed, and the names of its columns.
    async fn plan(
        &self,
        query: &Query,
        select: &Select,
    ) -> Result<(Task, Vec<String>), QueryError> {
        let failed = |error: SqlError| QueryError::from_sql(&error, &query.sql, select.start);
        let names = Names {
            catalogs: &self.config.catalogs,
            catalog: query.session.catalog.as_deref(),
            schema: query.session.schema.as_deref(),
        };
        let translated = translate(&select.sql, names).map_err(failed)?;
        let queries = if translated.reads_queries {
            self.runtime_queries()
        } else {
            Vec::new()
        };
        let task = Task {
            translated: Arc::new(translated),
            queries: Arc::new(queries),
        };
        let columns = self.executor.analyse(&task).await.map_err(failed)?;
        Ok((task, columns))
    }

    async fn select(
        &self,
        query: &Query,
        select: &Select,
        task: &Task,
    ) -> Result<Results, QueryError> {
        let read = self.executor.read(
            task,
            |columns, head, _| Ok((columns, head)),
            |(_, rows), row| {
                rows.push(row);
                if rows.len() <= MAX_ROWS {
                    return Ok(());
                }
                let message = format!("the stand-in returns at most {MAX_ROWS} rows");
                Err(SqlError::internal(message))
            },
            Ok,
        );
        let (columns, rows) = read
            .await
            .map_err(|error| QueryError::from_sql(&error, &query.sql, select.start))?;
        self.change(query, |progress| progress.rows = rows.len() as u64);
        let kinds: Vec<ColumnType> = columns.iter().map(|column| column.kind).collect();
        let rows: Vec<Json> = rows.into_iter().map(|row| json_row(row, &kinds)).collect();
        Ok(Results {
            columns: columns.iter().map(json_column).collect(),
            rows: rows.into_iter(),
            update_type: None,
        })
    }

    async fn unload(
        &self,
        query: &Query,
        asked: &Unload,
        task: &Task,
        destination: &Destination,
        files: Option<usize>,
    ) -> Result<Results, QueryError> {
        let store = (self.stores)(&destination.bucket);
        let (id, compressed) = (query.id.as_ref(), asked.compressed);
        let written = unload(
            &self.executor,
            task,
            destination,
            store,
            id,
            compressed,
            files,
        )
        .await
        .map_err(|error| match error {
            UnloadError::Select(error) => {
                QueryError::from_sql(&error, &query.sql, asked.select.start)
            }
            UnloadError::Files(error) => error,
        })?;
        self.change(query, |progress| {
            progress.rows = written.rows;
            progress.bytes = written.bytes;
        });
        Ok(one_row(&[
            ("rows", "bigint", Json::from(written.rows)),
            ("files", "bigint", Json::from(written.files)),
            ("bytes", "bigint", Json::from(written.bytes)),
        ]))
    }

    /// A writer that has not yet heard of the cancel still leaves an object.
    async fn leave_debris(&self, query: &Query) {
        let cancelled = {
            let progress = query.progress.borrow();
            let by_order = progress.error.as_ref().is_some_and(|error| {
                matches!(error.name, "USER_CANCELED" | "ADMINISTRATIVELY_KILLED")
            });
            by_order && progress.failed_in == Some(QueryState::Running)
        };
        let Some(after) = self.switches.debris_after_cancel().filter(|_| cancelled) else {
            return;
        };
        let scope = Scope {
            unload_qualifiers: &self.config.unload_qualifiers,
            catalogs: &self.config.catalogs,
            catalog: query.session.catalog.as_deref(),
        };
        let Ok(Statement::Unload(unload)) = parse(&query.sql, &scope) else {
            return;
        };
        tokio::time::sleep(after).await;
        if let Ok(destination) = Destination::parse(&unload.location) {
            let store = (self.stores)(&destination.bucket);
            if let Err(error) = destination.leave_debris(store.as_ref(), &query.id).await {
                tracing::warn!(query_id = %query.id, error = %error.message, "debris could not be written");
            }
        }
    }
}

fn abandoned(query: &Query, timeout: Duration) -> QueryError {
    let message = format!(
        "Query {} was abandoned by the client, as it may have exited or stopped checking for \
         query results. Query results have not been accessed for {} ms",
        query.id,
        timeout.as_millis()
    );
    QueryError::new("ABANDONED_QUERY", message)
}

/// A file cannot have two columns of one name.
fn check_columns(columns: &[String]) -> Result<(), QueryError> {
    let mut seen = std::collections::HashSet::new();
    match columns
        .iter()
        .find(|name| !seen.insert(name.to_lowercase()))
    {
        Some(twice) => {
            let message = format!("Column name '{twice}' specified more than once");
            Err(QueryError::new("DUPLICATE_COLUMN_NAME", message))
        }
        None => Ok(()),
    }
}

fn signature(name: &str, kind: &str) -> Json {
    json!({"name": name, "type": kind, "typeSignature": {"rawType": kind, "arguments": []}})
}

fn json_column(column: &Column) -> Json {
    signature(&column.name, column.kind.name())
}

fn one_row(fields: &[(&str, &str, Json)]) -> Results {
    let columns = fields
        .iter()
        .map(|(name, kind, _)| signature(name, kind))
        .collect();
    let row: Json = fields.iter().map(|(_, _, value)| value.clone()).collect();
    Results {
        columns,
        rows: vec![row].into_iter(),
        update_type: None,
    }
}

fn json_row(row: Row, kinds: &[ColumnType]) -> Json {
    row.into_iter()
        .zip(kinds)
        .map(|(value, kind)| match (value, kind) {
            (Value::Null, _) => Json::Null,
            (Value::Integer(n), ColumnType::Boolean) => Json::Bool(n != 0),
            (Value::Integer(n), ColumnType::Varchar) => Json::from(n.to_string()),
            (Value::Integer(n), _) => Json::from(n),
            (Value::Double(x), _) => Json::from(x),
            (Value::Text(text), _) => Json::from(text),
        })
        .collect()
}
