//! Parquet files for tests and benchmarks: whole ones, odd ones, broken ones.

use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    basic::{Compression, Repetition, Type as PhysicalType},
    data_type::Int64Type,
    errors::{ParquetError, Result},
    file::{
        metadata::{
            FileMetaData, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
            RowGroupMetaData,
        },
        properties::{EnabledStatistics, WriterProperties},
        writer::SerializedFileWriter,
    },
    schema::types::{Type, TypePtr},
};

fn schema(columns: usize) -> Result<TypePtr> {
    let fields = (0..columns)
        .map(|column| {
            Type::primitive_type_builder(&format!("column_{column:04}"), PhysicalType::INT64)
                .with_repetition(Repetition::REQUIRED)
                .build()
                .map(Arc::new)
        })
        .collect::<Result<Vec<_>>>()?;
    let group = Type::group_type_builder("sample").with_fields(fields);
    group.build().map(Arc::new)
}

fn write(columns: usize, row_groups: usize, rows_per_group: u64) -> Result<Bytes> {
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_dictionary_enabled(false)
        .build();
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema(columns)?, Arc::new(properties))?;
    let rows = i64::try_from(rows_per_group)?;
    let values: Vec<i64> = (0..rows).collect();
    for _ in 0..row_groups {
        let mut group = writer.next_row_group()?;
        while let Some(mut column) = group.next_column()? {
            column
                .typed::<Int64Type>()
                .write_batch(&values, None, None)?;
            column.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(file.into())
}

/// A small Parquet file of `rows` rows: one column of numbers, one row group
/// (none for zero rows).
pub fn parquet(rows: u64) -> Result<Bytes> {
    write(1, usize::from(rows > 0), rows)
}

/// A Parquet file of `rows` rows whose footer alone is larger than `bytes`: many
/// columns, one row per row group.
pub fn large_footer(rows: u64, bytes: usize) -> Result<Bytes> {
    let row_groups = usize::try_from(rows)?.max(1);
    let rows_per_group = u64::from(rows > 0);
    // Each column costs at least 16 bytes of schema alone.
    let columns = bytes / 16 + 1;
    write(columns.div_ceil(row_groups), row_groups, rows_per_group)
}

/// A Parquet file whose footer says it has `rows` rows, and which holds next to
/// nothing: for counts no test could write.
pub fn claiming_rows(rows: i64) -> Result<Bytes> {
    let honest = parquet(1)?;
    let metadata = ParquetMetaDataReader::new().parse_and_finish(&honest)?;
    let file = metadata.file_metadata();
    let groups = metadata
        .row_groups()
        .iter()
        .map(|group| group.clone().into_builder().set_num_rows(rows).build())
        .collect::<Result<Vec<RowGroupMetaData>>>()?;
    let claimed = ParquetMetaData::new(
        FileMetaData::new(
            file.version(),
            rows,
            file.created_by().map(str::to_owned),
            None,
            file.schema_descr_ptr(),
            None,
        ),
        groups,
    );
    let data = honest.len() - footer_size(&honest)?;
    let mut bytes = honest[..data].to_vec();
    ParquetMetaDataWriter::new(&mut bytes, &claimed).finish()?;
    Ok(bytes.into())
}

/// The size of a file's footer, with its length and magic bytes.
fn footer_size(file: &Bytes) -> Result<usize> {
    let tail = file
        .len()
        .checked_sub(8)
        .and_then(|at| file.get(at..at + 4))
        .and_then(|length| <[u8; 4]>::try_from(length).ok())
        .ok_or_else(|| ParquetError::General("shorter than a footer".to_owned()))?;
    Ok(usize::try_from(u32::from_le_bytes(tail))? + 8)
}

/// A Parquet file that was cut in half: it does not end in magic bytes.
pub fn truncated() -> Result<Bytes> {
    let file = parquet(1000)?;
    Ok(file.slice(..file.len() / 2))
}

/// Four bytes, `PAR1`: the magic bytes and nothing else.
pub fn magic_only() -> Bytes {
    Bytes::from_static(b"PAR1")
}

/// Ends in magic bytes, but its footer is no metadata.
pub fn broken_footer() -> Bytes {
    Bytes::from_static(b"PAR1\xff\xff\xff\xff\xff\xff\xff\xff\x08\x00\x00\x00PAR1")
}
