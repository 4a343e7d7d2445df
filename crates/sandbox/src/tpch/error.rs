//! Why a SELECT cannot be run, in the kinds Trino tells apart.

/// What is wrong with a SELECT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlErrorKind {
    /// It is not SQL.
    Syntax,
    /// A name without a schema, and the session has none.
    MissingSchema,
    /// A name without a catalog, and the session has none.
    MissingCatalog,
    /// No such catalog.
    CatalogNotFound,
    /// No such schema.
    SchemaNotFound,
    /// No such table.
    TableNotFound,
    /// No such column.
    ColumnNotFound,
    /// No such function.
    FunctionNotFound,
    /// A column that two tables have.
    AmbiguousName,
    /// A division by a literal zero.
    DivisionByZero,
    /// SQLite cannot do it.
    NotSupported,
    /// It was interrupted.
    Interrupted,
    /// The database itself failed.
    Internal,
}

/// A SELECT that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SqlError {
    /// What is wrong.
    pub kind: SqlErrorKind,
    /// Trino's message, without its `line 1:1: `.
    pub message: String,
    /// Byte offset in the SELECT, where it is known.
    pub offset: Option<usize>,
}

impl SqlError {
    /// An error at a place in the SELECT.
    pub fn at(kind: SqlErrorKind, offset: usize, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            offset: Some(offset),
        }
    }

    /// An error of the database, not of the SELECT.
    pub fn internal(message: impl std::fmt::Display) -> Self {
        Self {
            kind: SqlErrorKind::Internal,
            message: message.to_string(),
            offset: None,
        }
    }

    /// Says SQLite's error in Trino's words. `original` maps an offset in the text
    /// SQLite saw to one in the text the caller wrote.
    pub fn from_sqlite(error: &rusqlite::Error, original: impl Fn(usize) -> usize) -> Self {
        if error.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) {
            return Self {
                kind: SqlErrorKind::Interrupted,
                message: "the query was interrupted".to_owned(),
                offset: None,
            };
        }
        let (said, offset) = match error {
            rusqlite::Error::SqlInputError { msg, offset, .. } => {
                (msg.clone(), usize::try_from(*offset).ok().map(original))
            }
            other => (other.to_string(), None),
        };
        let (kind, message) = in_trinos_words(&said);
        Self {
            kind,
            message,
            offset,
        }
    }
}

fn in_trinos_words(said: &str) -> (SqlErrorKind, String) {
    let after = |head: &str| said.strip_prefix(head).map(str::to_owned);
    if let Some(column) = after("no such column: ") {
        let message = format!("Column '{column}' cannot be resolved");
        (SqlErrorKind::ColumnNotFound, message)
    } else if let Some(table) = after("no such table: ") {
        let message = format!("Table '{table}' does not exist");
        (SqlErrorKind::TableNotFound, message)
    } else if let Some(column) = after("ambiguous column name: ") {
        let message = format!("Column '{column}' is ambiguous");
        (SqlErrorKind::AmbiguousName, message)
    } else if let Some(function) = after("no such function: ") {
        let message = format!("Function '{}' not registered", function.to_lowercase());
        (SqlErrorKind::FunctionNotFound, message)
    } else if let Some(near) = said
        .strip_prefix("near \"")
        .and_then(|rest| rest.strip_suffix("\": syntax error"))
    {
        let message = format!("mismatched input '{near}'");
        (SqlErrorKind::Syntax, message)
    } else if said.contains("incomplete input") {
        let message = "mismatched input '<EOF>'".to_owned();
        (SqlErrorKind::Syntax, message)
    } else if said.contains("unrecognized token") {
        (SqlErrorKind::Syntax, said.to_owned())
    } else {
        (SqlErrorKind::NotSupported, said.to_owned())
    }
}
