//! Parquet without arrow: rows into files, and files back into rows.

mod columns;
mod reader;
mod writer;

pub use columns::{Column, Value};
pub use reader::{FolderCounts, count_folder, count_rows, read_rows};
pub use writer::RowWriter;

pub use crate::tpch::schema::ColumnType;
