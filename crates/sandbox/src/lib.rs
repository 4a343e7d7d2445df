//! x

pub mod parquet;
pub mod starburst;
pub mod tpch;
