//! The UNLOAD statement of one export job.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
};

use export_api::{JobId, SnapshotId};
use thiserror::Error;

use super::{FunctionName, GuardError, guard};
use crate::ports::Folder;

/// The longest statement a coordinator takes by default (`query.max-length`),
/// counted as Java counts: in UTF-16 units.
pub const LONGEST_STATEMENT: usize = 1_000_000;

/// How the pages of the Parquet files are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Fast, and what readers expect.
    #[default]
    Snappy,
    /// Smaller.
    Zstd,
    /// Smaller, slower.
    Gzip,
    /// As they are.
    None,
}

impl Compression {
    /// The codec's name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Snappy => "SNAPPY",
            Self::Zstd => "ZSTD",
            Self::Gzip => "GZIP",
            Self::None => "NONE",
        }
    }
}

/// Everything an UNLOAD is made of.
#[derive(Clone, Copy, Debug)]
pub struct Unload<'a> {
    /// Goes into the leading comment, by which people find the query.
    pub snapshot: &'a SnapshotId,
    /// Likewise.
    pub job: &'a JobId,
    /// Likewise; `None` where the Control Plane does not count attempts.
    pub attempt: Option<u32>,
    /// What UNLOAD is called on this cluster.
    pub function: &'a FunctionName,
    /// Columns of the SELECT to export, in this order.
    pub columns: &'a [String],
    /// The caller's SELECT.
    pub sql: &'a str,
    /// Where the Parquet files go.
    pub destination: &'a Folder,
    /// How they are packed.
    pub compression: Compression,
}

/// A job no statement can be made of. Permanent.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum UnloadError {
    /// The SELECT would not stay in its place.
    #[error(transparent)]
    Guard(#[from] GuardError),
    /// No columns.
    #[error("the job names no columns; give it at least one")]
    NoColumns,
    /// A column whose name is empty or holds a NUL.
    #[error("column {position} has the name {name:?}, which no column can have")]
    ColumnName {
        /// From 1.
        position: usize,
        /// Its name.
        name: String,
    },
    /// Two columns of one name; Trino tells names apart without regard to case.
    #[error("column {name:?} is named twice, at {first} and {second}; give one another alias")]
    DuplicateColumn {
        /// The name, as it stands the second time.
        name: String,
        /// From 1.
        first: usize,
        /// From 1.
        second: usize,
    },
    /// Beyond [`LONGEST_STATEMENT`].
    #[error(
        "the statement has {length} characters, starburst takes {LONGEST_STATEMENT}; shorten the sql"
    )]
    TooLong {
        /// In UTF-16 units.
        length: usize,
    },
}

impl Unload<'_> {
    /// Writes the statement.
    pub fn to_sql(&self) -> Result<String, UnloadError> {
        let sql = guard(self.sql)?;
        check_columns(self.columns)?;
        let statement = format!(
            "{comment}\nSELECT * FROM TABLE({function}(input => TABLE(SELECT {columns} FROM (\n{sql}\n)), location => {location}, format => 'PARQUET', compression => '{compression}'))",
            comment = self.comment(),
            function = self.function,
            columns = Columns(self.columns),
            location = Literal(&self.destination.to_string()),
            compression = self.compression.as_str(),
        );
        let length = statement.encode_utf16().count();
        if length > LONGEST_STATEMENT {
            return Err(UnloadError::TooLong { length });
        }
        Ok(statement)
    }

    fn comment(&self) -> String {
        let mut comment = format!(
            "/* export snapshot={} job={}",
            InComment(self.snapshot.as_str()),
            InComment(self.job.as_str()),
        );
        if let Some(attempt) = self.attempt {
            // Writing to a String does not fail.
            let _ = write!(comment, " attempt={attempt}");
        }
        comment + " */"
    }
}

fn check_columns(columns: &[String]) -> Result<(), UnloadError> {
    if columns.is_empty() {
        return Err(UnloadError::NoColumns);
    }
    let mut seen = HashMap::with_capacity(columns.len());
    for (position, name) in (1..).zip(columns) {
        if name.is_empty() || name.contains('\0') {
            return Err(UnloadError::ColumnName {
                position,
                name: name.clone(),
            });
        }
        if let Some(first) = seen.insert(name.to_lowercase(), position) {
            return Err(UnloadError::DuplicateColumn {
                name: name.clone(),
                first,
                second: position,
            });
        }
    }
    Ok(())
}

/// An id, cut to what can neither end a comment nor fill a log line.
struct InComment<'a>(&'a str);

impl fmt::Display for InComment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().take(128).try_for_each(|c| {
            let harmless = c.is_ascii_alphanumeric() || "-_.:".contains(c);
            f.write_char(if harmless { c } else { '_' })
        })
    }
}

struct Columns<'a>(&'a [String]);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}\"{}\"", name.replace('"', "\"\""))?;
        }
        Ok(())
    }
}

/// A string in single quotes.
pub(super) struct Literal<'a>(pub(super) &'a str);

impl fmt::Display for Literal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "'{}'", self.0.replace('\'', "''"))
    }
}

#[cfg(test)]
mod tests;
