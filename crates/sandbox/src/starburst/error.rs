//! Why a query failed, in Trino's names and codes.

use serde_json::{Value, json};

use crate::tpch::lexer::line_and_column;
use crate::tpch::{SqlError, SqlErrorKind};

/// An error that ended a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Trino's name of it.
    pub name: &'static str,
    /// What it says.
    pub message: String,
    /// Line and column, from 1.
    pub location: Option<(u32, u32)>,
}

/// Names, codes and types: Trino's `StandardErrorCode` and the Hive connector's.
const CODES: [(&str, u32, &str); 46] = [
    ("SYNTAX_ERROR", 1, "USER_ERROR"),
    ("ABANDONED_QUERY", 2, "USER_ERROR"),
    ("USER_CANCELED", 3, "USER_ERROR"),
    ("PERMISSION_DENIED", 4, "USER_ERROR"),
    ("FUNCTION_NOT_FOUND", 6, "USER_ERROR"),
    ("DIVISION_BY_ZERO", 8, "USER_ERROR"),
    ("INVALID_CAST_ARGUMENT", 9, "USER_ERROR"),
    ("NOT_SUPPORTED", 13, "USER_ERROR"),
    ("TRANSACTION_CONFLICT", 17, "USER_ERROR"),
    ("PROCEDURE_NOT_FOUND", 29, "USER_ERROR"),
    ("INVALID_PROCEDURE_ARGUMENT", 30, "USER_ERROR"),
    ("QUERY_REJECTED", 31, "USER_ERROR"),
    ("QUERY_TEXT_TOO_LARGE", 35, "USER_ERROR"),
    ("ADMINISTRATIVELY_KILLED", 38, "USER_ERROR"),
    ("CATALOG_NOT_FOUND", 44, "USER_ERROR"),
    ("SCHEMA_NOT_FOUND", 45, "USER_ERROR"),
    ("TABLE_NOT_FOUND", 46, "USER_ERROR"),
    ("COLUMN_NOT_FOUND", 47, "USER_ERROR"),
    ("DUPLICATE_COLUMN_NAME", 54, "USER_ERROR"),
    ("MISSING_CATALOG_NAME", 56, "USER_ERROR"),
    ("MISSING_SCHEMA_NAME", 57, "USER_ERROR"),
    ("TYPE_MISMATCH", 58, "USER_ERROR"),
    ("AMBIGUOUS_NAME", 62, "USER_ERROR"),
    ("INVALID_ARGUMENTS", 76, "USER_ERROR"),
    ("GENERIC_INTERNAL_ERROR", 65_536, "INTERNAL_ERROR"),
    ("TOO_MANY_REQUESTS_FAILED", 65_537, "INTERNAL_ERROR"),
    ("PAGE_TRANSPORT_ERROR", 65_539, "INTERNAL_ERROR"),
    ("PAGE_TRANSPORT_TIMEOUT", 65_540, "INTERNAL_ERROR"),
    ("NO_NODES_AVAILABLE", 65_541, "INTERNAL_ERROR"),
    ("REMOTE_TASK_ERROR", 65_542, "INTERNAL_ERROR"),
    ("COMPILER_ERROR", 65_543, "INTERNAL_ERROR"),
    ("SERVER_SHUTTING_DOWN", 65_545, "INTERNAL_ERROR"),
    ("SERVER_STARTING_UP", 65_548, "INTERNAL_ERROR"),
    ("REMOTE_HOST_GONE", 65_558, "INTERNAL_ERROR"),
    ("GENERIC_INSUFFICIENT_RESOURCES", 131_072, "INSUFFICIENT_RESOURCES"),
    ("EXCEEDED_GLOBAL_MEMORY_LIMIT", 131_073, "INSUFFICIENT_RESOURCES"),
    ("QUERY_QUEUE_FULL", 131_074, "INSUFFICIENT_RESOURCES"),
    ("EXCEEDED_TIME_LIMIT", 131_075, "INSUFFICIENT_RESOURCES"),
    ("CLUSTER_OUT_OF_MEMORY", 131_076, "INSUFFICIENT_RESOURCES"),
    ("EXCEEDED_CPU_LIMIT", 131_077, "INSUFFICIENT_RESOURCES"),
    ("EXCEEDED_LOCAL_MEMORY_LIMIT", 131_079, "INSUFFICIENT_RESOURCES"),
    ("ADMINISTRATIVELY_PREEMPTED", 131_080, "INSUFFICIENT_RESOURCES"),
    ("HIVE_METASTORE_ERROR", 16_777_216, "EXTERNAL"),
    ("HIVE_FILESYSTEM_ERROR", 16_777_220, "EXTERNAL"),
    ("HIVE_UNSUPPORTED_FORMAT", 16_777_229, "EXTERNAL"),
    ("HIVE_WRITER_CLOSE_ERROR", 16_777_232, "EXTERNAL"),
];

impl QueryError {
    /// An error without a place in the statement.
    pub fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            location: None,
        }
    }

    /// An error at a byte of the statement; its message begins `line 1:21: `.
    pub fn at(name: &'static str, sql: &str, offset: usize, message: &str) -> Self {
        let (line, column) = line_and_column(sql, offset);
        Self {
            name,
            message: format!("line {line}:{column}: {message}"),
            location: Some((line, column)),
        }
    }

    /// The error of a SELECT that stands at byte `start` of the statement.
    pub fn from_sql(error: &SqlError, statement: &str, start: usize) -> Self {
        let name = match error.kind {
            SqlErrorKind::Syntax => "SYNTAX_ERROR",
            SqlErrorKind::MissingSchema => "MISSING_SCHEMA_NAME",
            SqlErrorKind::MissingCatalog => "MISSING_CATALOG_NAME",
            SqlErrorKind::CatalogNotFound => "CATALOG_NOT_FOUND",
            SqlErrorKind::SchemaNotFound => "SCHEMA_NOT_FOUND",
            SqlErrorKind::TableNotFound => "TABLE_NOT_FOUND",
            SqlErrorKind::ColumnNotFound => "COLUMN_NOT_FOUND",
            SqlErrorKind::FunctionNotFound => "FUNCTION_NOT_FOUND",
            SqlErrorKind::AmbiguousName => "AMBIGUOUS_NAME",
            SqlErrorKind::DivisionByZero => "DIVISION_BY_ZERO",
            SqlErrorKind::NotSupported => "NOT_SUPPORTED",
            SqlErrorKind::Interrupted => "USER_CANCELED",
            SqlErrorKind::Internal => "GENERIC_INTERNAL_ERROR",
        };
        match error.offset {
            // Trino has no place for what happens while it runs.
            Some(offset) if error.kind != SqlErrorKind::DivisionByZero => {
                Self::at(name, statement, start + offset, &error.message)
            }
            _ => Self::new(name, error.message.clone()),
        }
    }

    /// Its code and its type.
    pub fn code(&self) -> (u32, &'static str) {
        CODES
            .iter()
            .find(|(name, _, _)| *name == self.name)
            .map_or((65_536, "INTERNAL_ERROR"), |(_, code, kind)| (*code, *kind))
    }

    /// Trino's `ErrorCode`, as it stands in a query's information.
    pub(super) fn error_code(&self) -> Value {
        let (code, kind) = self.code();
        json!({"code": code, "name": self.name, "type": kind, "fatal": false})
    }

    /// Trino's `failureInfo`.
    pub(super) fn failure_info(&self) -> Value {
        let mut info = json!({
            "type": "io.trino.spi.TrinoException",
            "message": self.message,
            "suppressed": [],
            "stack": [],
            "errorInfo": self.error_code(),
        });
        if let Some(location) = self.error_location() {
            info["errorLocation"] = location;
        }
        info
    }

    /// The `error` of a page.
    pub(super) fn page(&self) -> Value {
        let (code, kind) = self.code();
        let mut error = json!({
            "message": self.message,
            "errorCode": code,
            "errorName": self.name,
            "errorType": kind,
            "failureInfo": self.failure_info(),
        });
        if let Some(location) = self.error_location() {
            error["errorLocation"] = location;
        }
        error
    }

    fn error_location(&self) -> Option<Value> {
        self.location
            .map(|(line, column)| json!({"lineNumber": line, "columnNumber": column}))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_trinos_codes_and_types() {
        assert_eq!(QueryError::new("QUERY_QUEUE_FULL", "x").code(), (131_074, "INSUFFICIENT_RESOURCES"));
        assert_eq!(QueryError::new("FUNCTION_NOT_FOUND", "x").code(), (6, "USER_ERROR"));
    }

    #[test]
    fn a_page_has_every_documented_key() {
        let page = QueryError::at("SYNTAX_ERROR", "SELECT ;", 7, "mismatched input ';'").page();
        for key in ["message", "errorCode", "errorName", "errorType", "failureInfo", "errorLocation"] {
            assert!(page.get(key).is_some(), "{key}");
        }
        assert_eq!(page["message"], "line 1:8: mismatched input ';'");
        assert_eq!(page["errorLocation"], json!({"lineNumber": 1, "columnNumber": 8}));
    }
}
