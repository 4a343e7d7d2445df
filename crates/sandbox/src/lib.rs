//! x

pub mod parquet;
pub mod tpch;
