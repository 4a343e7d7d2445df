//! Real Parquet files for tests.

use std::sync::Arc;

use bytes::Bytes;
use parquet::{
    data_type::Int64Type,
    file::{
        metadata::{
            FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataWriter, RowGroupMetaData,
        },
        properties::WriterProperties,
        writer::SerializedFileWriter,
    },
    schema::{
        parser::parse_message_type,
        types::{SchemaDescriptor, Type},
    },
};

fn schema(message: &str) -> Arc<Type> {
    Arc::new(parse_message_type(message).unwrap())
}

/// A file of one column and so many rows; its footer holds `padding` bytes more than it needs.
pub(crate) fn parquet(rows: i64, padding: usize) -> Bytes {
    let schema = schema("message m { required int64 n; }");
    let note = KeyValue::new("note".to_owned(), "x".repeat(padding));
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![note]))
        .build();
    let mut file = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut file, schema, Arc::new(properties)).unwrap();
    // Two row groups, where there are rows for two.
    for group in [0..rows / 2, rows / 2..rows] {
        if group.is_empty() {
            continue;
        }
        let values: Vec<i64> = group.collect();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let typed = column.typed::<Int64Type>();
        typed.write_batch(&values, None, None).unwrap();
        column.close().unwrap();
        group.close().unwrap();
    }
    writer.close().unwrap();
    file.into()
}

/// A file whose footer claims so many rows, without any.
pub(crate) fn claiming(rows: i64) -> Bytes {
    let schema = Arc::new(SchemaDescriptor::new(schema("message m { }")));
    let group = RowGroupMetaData::builder(Arc::clone(&schema))
        .set_num_rows(rows)
        .set_total_byte_size(0)
        .build()
        .unwrap();
    let file = FileMetaData::new(2, rows, None, None, schema, None);
    let metadata = ParquetMetaData::new(file, vec![group]);
    let mut bytes = b"PAR1".to_vec();
    ParquetMetaDataWriter::new(&mut bytes, &metadata)
        .finish()
        .unwrap();
    bytes.into()
}
