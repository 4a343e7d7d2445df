//! Files back into rows, to compare with what was asked for.

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{FileReader, SerializedFileReader};
use ::parquet::record::Row;
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};

/// What lies in a folder of Parquet files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FolderCounts {
    /// Rows, each of them decoded.
    pub rows: u64,
    /// Bytes of the files.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

/// Rows of a file by its footer.
pub fn count_rows(file: Bytes) -> Result<u64> {
    let reader = SerializedFileReader::new(file)?;
    Ok(reader.metadata().file_metadata().num_rows().unsigned_abs())
}

/// All rows of a file, every value decoded.
pub fn read_rows(file: Bytes) -> Result<Vec<Row>> {
    SerializedFileReader::new(file)?
        .get_row_iter(None)?
        .collect()
}

/// Reads every object under the folder `prefix` (no leading or trailing slash)
/// as a Parquet file, all its rows decoded. Fails, naming the object, if one is
/// unreadable or its footer counts other rows than it holds.
pub async fn count_folder(store: &dyn ObjectStore, prefix: &str) -> Result<FolderCounts> {
    let folder = Path::parse(prefix).map_err(outside)?;
    let objects: Vec<_> = store
        .list(Some(&folder))
        .try_collect()
        .await
        .map_err(outside)?;
    let mut counts = FolderCounts::default();
    for object in objects {
        let name = object.location;
        let file = match store.get(&name).await {
            Ok(found) => found.bytes().await,
            Err(error) => Err(error),
        }
        .map_err(outside)?;
        let unreadable =
            |error: ParquetError| ParquetError::General(format!("{name} is unreadable: {error}"));
        let footer = count_rows(file.clone()).map_err(unreadable)?;
        let mut decoded = 0;
        let reader = SerializedFileReader::new(file).map_err(unreadable)?;
        for row in reader.get_row_iter(None).map_err(unreadable)? {
            row.map_err(unreadable)?;
            decoded += 1;
        }
        if footer != decoded {
            return Err(ParquetError::General(format!(
                "{name} holds {decoded} rows, but its footer says {footer}"
            )));
        }
        counts.rows += decoded;
        counts.bytes += object.size;
        counts.files += 1;
    }
    Ok(counts)
}

fn outside(error: impl std::error::Error + Send + Sync + 'static) -> ParquetError {
    ParquetError::External(Box::new(error))
}
