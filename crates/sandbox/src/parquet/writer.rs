//! Rows into one Parquet file, SNAPPY, held in memory until it is finished.

use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::errors::Result;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;
use bytes::Bytes;

use super::columns::{Column, Gathered, Value};

/// Rows of a row group, at most.
const ROW_GROUP_ROWS: usize = 20_000;
/// Bytes gathered before a row group is written, about.
const ROW_GROUP_BYTES: usize = 8 << 20;

/// Writes one file, row by row.
pub struct RowWriter {
    file: SerializedFileWriter<Vec<u8>>,
    gathered: Vec<Gathered>,
    gathered_rows: usize,
    gathered_bytes: usize,
    rows: u64,
}

impl RowWriter {
    /// A new file with these columns. `compressed` means SNAPPY.
    pub fn new(columns: &[Column], compressed: bool) -> Result<Self> {
        let fields = columns.iter().map(Column::field).collect::<Result<_>>()?;
        let schema = Type::group_type_builder("trino_schema")
            .with_fields(fields)
            .build()?;
        let compression = if compressed {
            Compression::SNAPPY
        } else {
            Compression::UNCOMPRESSED
        };
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_created_by("export-sandbox".to_owned())
            .build();
        Ok(Self {
            file: SerializedFileWriter::new(Vec::new(), Arc::new(schema), Arc::new(properties))?,
            gathered: columns
                .iter()
                .map(|column| Gathered::new(column.kind))
                .collect(),
            gathered_rows: 0,
            gathered_bytes: 0,
            rows: 0,
        })
    }

    /// Adds one row: one value per column, in their order.
    pub fn push(&mut self, row: &[Value]) -> Result<()> {
        for (gathered, value) in self.gathered.iter_mut().zip(row) {
            self.gathered_bytes += gathered.push(value)?;
        }
        self.rows += 1;
        self.gathered_rows += 1;
        if self.gathered_rows >= ROW_GROUP_ROWS || self.gathered_bytes >= ROW_GROUP_BYTES {
            self.write_row_group()?;
        }
        Ok(())
    }

    /// Rows added so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Bytes written or gathered so far, about.
    pub fn size(&self) -> usize {
        self.file.bytes_written() + self.gathered_bytes
    }

    /// Ends the file with its footer.
    pub fn finish(mut self) -> Result<Bytes> {
        if self.gathered_rows > 0 {
            self.write_row_group()?;
        }
        self.file.into_inner().map(Bytes::from)
    }

    fn write_row_group(&mut self) -> Result<()> {
        let mut group = self.file.next_row_group()?;
        for gathered in &mut self.gathered {
            if let Some(mut writer) = group.next_column()? {
                gathered.write(&mut writer)?;
                writer.close()?;
            }
        }
        group.close()?;
        self.gathered_rows = 0;
        self.gathered_bytes = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ::parquet::record::Field;

    use super::super::{ColumnType, count_rows, read_rows};
    use super::*;

    fn column(name: &str, kind: ColumnType) -> Column {
        Column {
            name: name.to_owned(),
            kind,
        }
    }

    #[test]
    fn every_type_comes_back_as_it_was_written() {
        let columns = [
            column("int", ColumnType::Integer),
            column("a \"quoted\", name", ColumnType::Bigint),
            column("double", ColumnType::Double),
            column("text", ColumnType::Varchar),
            column("day", ColumnType::Date),
            column("truth", ColumnType::Boolean),
        ];
        let mut writer = RowWriter::new(&columns, true).unwrap();
        writer
            .push(&[
                Value::Integer(-1),
                Value::Integer(1 << 40),
                Value::Double(0.5),
                Value::Text("ä".to_owned()),
                Value::Text("1970-01-03".to_owned()),
                Value::Integer(1),
            ])
            .unwrap();
        writer.push(&vec![Value::Null; 6]).unwrap();
        let rows = read_rows(writer.finish().unwrap()).unwrap();
        let fields: Vec<Vec<Field>> = rows
            .into_iter()
            .map(|row| {
                row.into_columns()
                    .into_iter()
                    .map(|(_, field)| field)
                    .collect()
            })
            .collect();
        let written = vec![
            Field::Int(-1),
            Field::Long(1 << 40),
            Field::Double(0.5),
            Field::Str("ä".to_owned()),
            Field::Date(2),
            Field::Bool(true),
        ];
        assert_eq!(fields, [written, vec![Field::Null; 6]]);
    }

    #[test]
    fn many_rows_make_several_row_groups_of_one_file() {
        let mut writer = RowWriter::new(&[column("n", ColumnType::Bigint)], true).unwrap();
        for n in 0..50_000 {
            writer.push(&[Value::Integer(n)]).unwrap();
        }
        let file = writer.finish().unwrap();
        assert_eq!(count_rows(file.clone()).unwrap(), 50_000);
        assert_eq!(read_rows(file).unwrap().len(), 50_000);
    }

    #[test]
    fn a_value_of_another_type_is_an_error() {
        let mut writer = RowWriter::new(&[column("n", ColumnType::Bigint)], true).unwrap();
        let error = writer.push(&[Value::Text("x".to_owned())]).unwrap_err();
        assert!(error.to_string().contains("for an integer"), "{error}");
    }
}
