use thiserror::Error;

use super::ErrorKind;

/// An `error` object of Trino, classified by name, then by type.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name} ({error_type}, {code}): {message}{}", location_suffix(*.location))]
pub struct QueryError {
    /// `errorName`, or `UNKNOWN`.
    pub name: String,
    /// `errorType`, or `UNKNOWN`.
    pub error_type: String,
    /// `errorCode`.
    pub code: i64,
    /// Its message.
    pub message: String,
    /// Line and column, where known.
    pub location: Option<(u64, u64)>,
}

fn location_suffix(location: Option<(u64, u64)>) -> String {
    location.map_or_else(String::new, |(line, column)| {
        format!(" (line {line}, column {column})")
    })
}

/// What helps against a query's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Run it again.
    Retry,
    /// Run it again, but give the cluster time: it is full.
    RetryLater,
    /// Run it again once; a second time says that the query is too big.
    RetryOnce,
    /// Nothing: the statement itself, or what it may use, is the reason.
    Fail,
}

impl Remedy {
    /// What happens to the job, while it has attempts left.
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Retry | Self::RetryLater | Self::RetryOnce => ErrorKind::Transient,
            Self::Fail => ErrorKind::Permanent,
        }
    }
}

impl QueryError {
    /// What helps, by name, and where the name is unknown by type.
    ///
    /// `USER_CANCELED` counts as somebody else's doing: whoever asked for it
    /// himself knows better. Names as in Trino's `StandardErrorCode` and the
    /// Hive connector's `HiveErrorCode`.
    pub fn remedy(&self) -> Remedy {
        self.by_name().unwrap_or_else(|| self.by_type())
    }

    fn by_name(&self) -> Option<Remedy> {
        let remedy = match self.name.as_str() {
            "GENERIC_INTERNAL_ERROR"
            | "TOO_MANY_REQUESTS_FAILED"
            | "PAGE_TRANSPORT_ERROR"
            | "PAGE_TRANSPORT_TIMEOUT"
            | "NO_NODES_AVAILABLE"
            | "REMOTE_TASK_ERROR"
            | "REMOTE_TASK_MISMATCH"
            | "REMOTE_TASK_FAILED"
            | "REMOTE_BUFFER_CLOSE_FAILED"
            | "REMOTE_HOST_GONE"
            | "SERVER_SHUTTING_DOWN"
            | "SERVER_STARTING_UP"
            | "ABANDONED_TASK"
            | "ABANDONED_QUERY"
            | "OPTIMIZER_TIMEOUT"
            | "OUT_OF_SPILL_SPACE"
            | "CONFIGURATION_UNAVAILABLE"
            | "CATALOG_NOT_AVAILABLE"
            | "CATALOG_UNAVAILABLE"
            | "CATALOG_STORE_ERROR"
            | "TRANSACTION_CONFLICT"
            | "HIVE_METASTORE_ERROR"
            | "HIVE_CANNOT_OPEN_SPLIT"
            | "HIVE_FILESYSTEM_ERROR"
            | "USER_CANCELED" => Remedy::Retry,
            "QUERY_QUEUE_FULL"
            | "CLUSTER_OUT_OF_MEMORY"
            | "ADMINISTRATIVELY_PREEMPTED"
            | "GENERIC_INSUFFICIENT_RESOURCES" => Remedy::RetryLater,
            "EXCEEDED_GLOBAL_MEMORY_LIMIT"
            | "EXCEEDED_LOCAL_MEMORY_LIMIT"
            | "EXCEEDED_SPILL_LIMIT"
            | "EXCEEDED_TIME_LIMIT" => Remedy::RetryOnce,
            // By type some would be tried again; of others system.runtime.queries
            // gives the name alone.
            "EXCEEDED_CPU_LIMIT"
            | "EXCEEDED_SCAN_LIMIT"
            | "EXCEEDED_WRITE_LIMIT"
            | "COMPILER_ERROR"
            | "ADMINISTRATIVELY_KILLED"
            | "QUERY_REJECTED"
            | "HIVE_PATH_ALREADY_EXISTS"
            | "HIVE_UNSUPPORTED_FORMAT"
            | "SYNTAX_ERROR"
            | "PERMISSION_DENIED"
            | "NOT_SUPPORTED"
            | "FUNCTION_NOT_FOUND"
            | "CATALOG_NOT_FOUND"
            | "SCHEMA_NOT_FOUND"
            | "TABLE_NOT_FOUND"
            | "COLUMN_NOT_FOUND"
            | "MISSING_CATALOG_NAME"
            | "MISSING_SCHEMA_NAME"
            | "MISSING_COLUMN_NAME"
            | "DUPLICATE_COLUMN_NAME"
            | "COLUMN_TYPE_UNKNOWN"
            | "INVALID_CAST_ARGUMENT"
            | "INVALID_SESSION_PROPERTY"
            | "DIVISION_BY_ZERO"
            | "QUERY_TEXT_TOO_LARGE" => Remedy::Fail,
            name if name.starts_with("HIVE_WRITER_") => Remedy::Retry,
            _ => return None,
        };
        Some(remedy)
    }

    fn by_type(&self) -> Remedy {
        match self.error_type.as_str() {
            "USER_ERROR" => Remedy::Fail,
            "INSUFFICIENT_RESOURCES" => Remedy::RetryLater,
            // INTERNAL_ERROR, EXTERNAL, and types there are none of today.
            _ => Remedy::Retry,
        }
    }

    /// Whether the cluster has no UNLOAD under the name `function`
    /// (`io.unload`, `starburst.io.unload`, …), rather than that the caller's
    /// own SQL names something that is not there.
    pub fn is_unload_missing(&self, function: &str) -> bool {
        let plain = |text: &str| text.replace(['\'', '"'], "").to_lowercase();
        let (message, function) = (plain(&self.message), plain(function));
        let catalog = match function.split('.').collect::<Vec<_>>().as_slice() {
            [catalog, _, _] => Some((*catalog).to_owned()),
            _ => None,
        };
        match self.name.as_str() {
            // Old servers put no quotes around the name.
            "FUNCTION_NOT_FOUND" => message
                .split_once("table function ")
                .is_some_and(|(_, rest)| rest.split_whitespace().next() == Some(&function)),
            // A name of three parts needs no session catalog: then it is the caller's SQL.
            "MISSING_CATALOG_NAME" => catalog.is_none(),
            "CATALOG_NOT_FOUND" => catalog.is_some_and(|catalog| {
                message
                    .split(|c: char| c.is_whitespace() || c == ':')
                    .any(|word| word == catalog)
            }),
            _ => false,
        }
    }

    /// The same error; where the UNLOAD function is missing its message says
    /// which setting mends it.
    pub fn advise_on_unload(mut self, function: &str) -> Self {
        if self.is_unload_missing(function) {
            self.message = format!(
                "{}; this cluster has no unload function {function}: set STARBURST_UNLOAD_FUNCTION to the name it has there (io.unload, starburst.io.unload or <catalog>.system.unload), and STARBURST_CATALOG for a name of two parts",
                self.message
            );
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(name: &str, error_type: &str, message: &str) -> QueryError {
        QueryError {
            name: name.to_owned(),
            error_type: error_type.to_owned(),
            code: 7,
            message: message.to_owned(),
            location: None,
        }
    }

    #[test]
    fn a_known_name_decides_whatever_its_type() {
        for (name, error_type, remedy) in [
            ("ABANDONED_QUERY", "USER_ERROR", Remedy::Retry),
            ("USER_CANCELED", "USER_ERROR", Remedy::Retry),
            ("TRANSACTION_CONFLICT", "USER_ERROR", Remedy::Retry),
            ("HIVE_WRITER_CLOSE_ERROR", "EXTERNAL", Remedy::Retry),
            ("HIVE_WRITER_DATA_ERROR", "USER_ERROR", Remedy::Retry),
            (
                "QUERY_QUEUE_FULL",
                "INSUFFICIENT_RESOURCES",
                Remedy::RetryLater,
            ),
            (
                "EXCEEDED_TIME_LIMIT",
                "INSUFFICIENT_RESOURCES",
                Remedy::RetryOnce,
            ),
            ("EXCEEDED_CPU_LIMIT", "INSUFFICIENT_RESOURCES", Remedy::Fail),
            ("COMPILER_ERROR", "INTERNAL_ERROR", Remedy::Fail),
            ("HIVE_PATH_ALREADY_EXISTS", "EXTERNAL", Remedy::Fail),
            ("HIVE_UNSUPPORTED_FORMAT", "EXTERNAL", Remedy::Fail),
            ("SYNTAX_ERROR", "UNKNOWN", Remedy::Fail),
        ] {
            assert_eq!(error(name, error_type, "").remedy(), remedy, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_is_judged_by_its_type() {
        for (error_type, remedy) in [
            ("USER_ERROR", Remedy::Fail),
            ("INTERNAL_ERROR", Remedy::Retry),
            ("EXTERNAL", Remedy::Retry),
            ("INSUFFICIENT_RESOURCES", Remedy::RetryLater),
            ("A_TYPE_OF_TOMORROW", Remedy::Retry),
        ] {
            assert_eq!(
                error("NEW", error_type, "").remedy(),
                remedy,
                "{error_type}"
            );
        }
    }

    #[test]
    fn only_a_remedy_of_none_fails_the_job() {
        for (remedy, kind) in [
            (Remedy::Retry, ErrorKind::Transient),
            (Remedy::RetryLater, ErrorKind::Transient),
            (Remedy::RetryOnce, ErrorKind::Transient),
            (Remedy::Fail, ErrorKind::Permanent),
        ] {
            assert_eq!(remedy.kind(), kind);
        }
    }

    #[test]
    fn a_missing_unload_is_told_from_the_callers_own_slips() {
        let not_registered = "line 1:21: Table function 'io.unload' not registered";
        let unquoted = "line 1:21: Table function io.unload not registered";
        let no_session = "line 1:21: Catalog must be specified when session catalog is not set";
        let no_catalog = "line 1:21: Catalog 'starburst' not found";
        for (name, message, function, missing) in [
            ("FUNCTION_NOT_FOUND", not_registered, "io.unload", true),
            ("FUNCTION_NOT_FOUND", unquoted, "io.unload", true),
            ("FUNCTION_NOT_FOUND", not_registered, "system.unload", false),
            (
                "FUNCTION_NOT_FOUND",
                "line 4:8: Function 'lowr' not registered",
                "io.unload",
                false,
            ),
            ("MISSING_CATALOG_NAME", no_session, "io.unload", true),
            (
                "MISSING_CATALOG_NAME",
                no_session,
                "starburst.io.unload",
                false,
            ),
            ("CATALOG_NOT_FOUND", no_catalog, "starburst.io.unload", true),
            (
                "CATALOG_NOT_FOUND",
                "line 4:8: Catalog 'hvie' not found",
                "starburst.io.unload",
                false,
            ),
            ("CATALOG_NOT_FOUND", no_catalog, "io.unload", false),
            ("TABLE_NOT_FOUND", not_registered, "io.unload", false),
        ] {
            let error = error(name, "USER_ERROR", message);
            assert_eq!(
                error.is_unload_missing(function),
                missing,
                "{name} {message} {function}"
            );
            let advised = error.clone().advise_on_unload(function);
            assert_eq!(
                advised.message.contains("STARBURST_UNLOAD_FUNCTION"),
                missing
            );
            assert_eq!(advised.remedy(), Remedy::Fail);
        }
    }

    #[test]
    fn the_text_keeps_name_type_code_and_location() {
        let mut error = error("SYNTAX_ERROR", "USER_ERROR", "mismatched input");
        error.location = Some((4, 9));
        assert_eq!(
            error.to_string(),
            "SYNTAX_ERROR (USER_ERROR, 7): mismatched input (line 4, column 9)"
        );
    }
}
