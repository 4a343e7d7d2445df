//! Values, row by row, gathered into the columns Parquet stores.

use ::parquet::basic::{LogicalType, Repetition, Type as PhysicalType};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::writer::SerializedColumnWriter;
use ::parquet::schema::types::{Type, TypePtr};
use chrono::NaiveDate;

use super::ColumnType;

/// Name and type of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, any text.
    pub name: String,
    /// Its type.
    pub kind: ColumnType,
}

impl Column {
    /// Its field in a Parquet schema; every column may hold NULL.
    pub(super) fn field(&self) -> Result<TypePtr> {
        let (physical, logical) = match self.kind {
            ColumnType::Integer => (PhysicalType::INT32, None),
            ColumnType::Bigint => (PhysicalType::INT64, None),
            ColumnType::Double => (PhysicalType::DOUBLE, None),
            ColumnType::Varchar => (PhysicalType::BYTE_ARRAY, Some(LogicalType::String)),
            ColumnType::Date => (PhysicalType::INT32, Some(LogicalType::Date)),
            ColumnType::Boolean => (PhysicalType::BOOLEAN, None),
        };
        Type::primitive_type_builder(&self.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()
            .map(Into::into)
    }
}

/// One value of a row, as SQLite has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// An integer of either width, or a truth.
    Integer(i64),
    /// A float.
    Double(f64),
    /// A text, or a date as `2024-01-31`.
    Text(String),
}

/// The values of one column, for one row group.
#[derive(Debug)]
pub(super) struct Gathered {
    values: Values,
    /// 1 for a value, 0 for NULL.
    levels: Vec<i16>,
}

#[derive(Debug)]
enum Values {
    Bool(Vec<bool>),
    Int(Vec<i32>),
    Long(Vec<i64>),
    Double(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Date(Vec<i32>),
}

impl Gathered {
    pub(super) fn new(kind: ColumnType) -> Self {
        let values = match kind {
            ColumnType::Integer => Values::Int(Vec::new()),
            ColumnType::Bigint => Values::Long(Vec::new()),
            ColumnType::Double => Values::Double(Vec::new()),
            ColumnType::Varchar => Values::Bytes(Vec::new()),
            ColumnType::Date => Values::Date(Vec::new()),
            ColumnType::Boolean => Values::Bool(Vec::new()),
        };
        Self {
            values,
            levels: Vec::new(),
        }
    }

    /// Adds a value; returns about how many bytes it takes.
    pub(super) fn push(&mut self, value: &Value) -> Result<usize> {
        let bytes = match (&mut self.values, value) {
            (_, Value::Null) => {
                self.levels.push(0);
                return Ok(1);
            }
            (Values::Bool(values), Value::Integer(n)) => {
                values.push(*n != 0);
                1
            }
            (Values::Int(values), Value::Integer(n)) => {
                let narrow = i32::try_from(*n)
                    .map_err(|_| mismatch(&format!("{n} does not fit an integer")))?;
                values.push(narrow);
                4
            }
            (Values::Long(values), Value::Integer(n)) => {
                values.push(*n);
                8
            }
            (Values::Double(values), Value::Double(x)) => {
                values.push(*x);
                8
            }
            #[expect(clippy::cast_precision_loss, reason = "as SQL casts bigint to double")]
            (Values::Double(values), Value::Integer(n)) => {
                values.push(*n as f64);
                8
            }
            (Values::Bytes(values), value) => {
                let text = match value {
                    Value::Text(text) => text.clone(),
                    Value::Integer(n) => n.to_string(),
                    Value::Double(x) => x.to_string(),
                    Value::Null => String::new(),
                };
                let length = text.len();
                values.push(ByteArray::from(text.into_bytes()));
                length + 4
            }
            (Values::Date(values), Value::Text(text)) => {
                values.push(days(text)?);
                4
            }
            (Values::Bool(_), other) => return Err(mismatch(&format!("{other:?} for a boolean"))),
            (Values::Int(_) | Values::Long(_), other) => {
                return Err(mismatch(&format!("{other:?} for an integer")));
            }
            (Values::Double(_), other) => return Err(mismatch(&format!("{other:?} for a double"))),
            (Values::Date(_), other) => return Err(mismatch(&format!("{other:?} for a date"))),
        };
        self.levels.push(1);
        Ok(bytes)
    }

    /// Writes what was gathered as one column chunk, and forgets it.
    pub(super) fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        let levels = std::mem::take(&mut self.levels);
        let levels = Some(levels.as_slice());
        match &mut self.values {
            Values::Bool(values) => {
                let values = std::mem::take(values);
                writer
                    .typed::<BoolType>()
                    .write_batch(&values, levels, None)
            }
            Values::Int(values) | Values::Date(values) => {
                let values = std::mem::take(values);
                writer
                    .typed::<Int32Type>()
                    .write_batch(&values, levels, None)
            }
            Values::Long(values) => {
                let values = std::mem::take(values);
                writer
                    .typed::<Int64Type>()
                    .write_batch(&values, levels, None)
            }
            Values::Double(values) => {
                let values = std::mem::take(values);
                writer
                    .typed::<DoubleType>()
                    .write_batch(&values, levels, None)
            }
            Values::Bytes(values) => {
                let values = std::mem::take(values);
                writer
                    .typed::<ByteArrayType>()
                    .write_batch(&values, levels, None)
            }
        }?;
        Ok(())
    }
}

/// Days since 1970-01-01, as Parquet's DATE has them.
fn days(text: &str) -> Result<i32> {
    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .map_err(|_| mismatch(&format!("{text:?} is no date")))?;
    let since = day.signed_duration_since(NaiveDate::default()).num_days();
    i32::try_from(since).map_err(|_| mismatch(&format!("{text} is too far away")))
}

fn mismatch(what: &str) -> ParquetError {
    ParquetError::General(format!("value of another type than its column: {what}"))
}
