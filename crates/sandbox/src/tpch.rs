//! TPC-H tables in SQLite, and the little of Trino's SQL that SQLite lacks.

mod database;
pub mod dialect;
mod error;
pub mod lexer;
mod load;
pub mod schema;

pub use database::Database;
pub use error::{SqlError, SqlErrorKind};

/// Catalogs that hold the tables unless configured otherwise.
pub const CATALOGS: [&str; 2] = ["tpch", "starburst"];

/// Rows that `sql` selects over the tables at `scale`, counted directly: what an
/// export of it must have written. Unqualified names are those of `tpch.tiny`.
/// Blocks, and generates the tables on first use.
pub fn count(scale: f64, sql: &str) -> Result<u64, SqlError> {
    let names = dialect::Names {
        catalogs: &CATALOGS.map(str::to_owned),
        catalog: Some("tpch"),
        schema: Some("tiny"),
    };
    Database::at_scale(scale)?.count(sql, names)
}
