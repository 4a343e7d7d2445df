//! The files an unload writes.

use std::sync::Arc;

use ::parquet::errors::ParquetError;
use bytes::Bytes;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::error::QueryError;
use super::execute::{Executor, Row, Task};
use crate::parquet::{Column, ColumnType, RowWriter, Value};
use crate::tpch::{SqlError, SqlErrorKind};

/// A file is ended at this size and another begun, so that memory stays bounded.
const FILE_BYTES: usize = 64 << 20;

/// Where an unload writes.
pub(super) struct Destination {
    pub(super) bucket: String,
    /// Folder in the bucket, without slashes at its ends.
    folder: String,
}

impl Destination {
    /// From `gs://bucket/folder/`.
    pub(super) fn parse(location: &str) -> Result<Self, QueryError> {
        let unknown = || {
            let message = format!("No factory for location: {location}");
            QueryError::new("GENERIC_INTERNAL_ERROR", message)
        };
        let rest = location
            .strip_prefix("gs://")
            .or_else(|| location.strip_prefix("s3://"))
            .ok_or_else(unknown)?;
        let (bucket, folder) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(unknown());
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            folder: folder.trim_matches('/').to_owned(),
        })
    }

    /// A new file of this query; the name begins with its id.
    fn file(&self, query_id: &str) -> Result<Path, QueryError> {
        let name = format!("{query_id}_{}.parquet", Uuid::new_v4());
        let path = match self.folder.as_str() {
            "" => name,
            folder => format!("{folder}/{name}"),
        };
        Path::parse(path).map_err(|error| filesystem(&error))
    }

    /// One more file, of one row: what a writer leaves that has not yet heard that
    /// its query is over.
    pub(super) async fn leave_debris(
        &self,
        store: &dyn ObjectStore,
        query_id: &str,
    ) -> Result<(), QueryError> {
        let column = Column {
            name: "debris".to_owned(),
            kind: ColumnType::Bigint,
        };
        let file = RowWriter::new(&[column], true)
            .and_then(|mut writer| {
                writer.push(&[Value::Integer(1)])?;
                writer.finish()
            })
            .map_err(|error| filesystem(&error))?;
        put(store, &self.file(query_id)?, file).await
    }
}

/// What an unload wrote.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) files: u64,
}

/// Why an unload failed.
pub(super) enum UnloadError {
    /// The SELECT cannot be run.
    Select(SqlError),
    /// The files cannot be written.
    Files(QueryError),
}

/// Runs `task` and writes its rows: so many `files`, or 2 to 4 by the number of
/// rows; never more files than rows.
pub(super) async fn unload(
    executor: &Executor,
    task: &Task,
    destination: &Destination,
    store: Arc<dyn ObjectStore>,
    query_id: &str,
    compressed: bool,
    files: Option<usize>,
) -> Result<Written, UnloadError> {
    let (sender, mut finished) = mpsc::channel::<Bytes>(1);
    let running = executor.read(
        task,
        move |columns, head, whole| {
            let mut set = FileSet::new(columns, compressed, sender);
            set.open(&head, whole, files)?;
            for row in head {
                set.push(&row)?;
            }
            Ok(set)
        },
        |set, row| set.push(&row),
        FileSet::finish,
    );
    let writing = async {
        let mut written = Written::default();
        while let Some(file) = finished.recv().await {
            written.bytes += file.len() as u64;
            written.files += 1;
            put(store.as_ref(), &destination.file(query_id)?, file).await?;
        }
        Ok(written)
    };
    tokio::pin!(running);
    tokio::pin!(writing);
    // The sender lives in the running SELECT: the files end when it does. If they
    // fail, the SELECT is dropped, which stops it.
    let (set, written) = tokio::select! {
        set = &mut running => (set.map_err(UnloadError::Select)?, None),
        written = &mut writing => {
            let written = written.map_err(UnloadError::Files)?;
            (running.await.map_err(UnloadError::Select)?, Some(written))
        }
    };
    let rows = set.rows;
    drop(set);
    let written = match written {
        Some(written) => written,
        None => writing.await.map_err(UnloadError::Files)?,
    };
    Ok(Written { rows, ..written })
}

/// The files that are being written at once.
struct FileSet {
    columns: Vec<Column>,
    compressed: bool,
    writers: Vec<RowWriter>,
    finished: mpsc::Sender<Bytes>,
    rows: u64,
}

impl FileSet {
    fn new(columns: Vec<Column>, compressed: bool, finished: mpsc::Sender<Bytes>) -> Self {
        Self {
            columns,
            compressed,
            writers: Vec::new(),
            finished,
            rows: 0,
        }
    }

    fn open(&mut self, head: &[Row], whole: bool, files: Option<usize>) -> Result<(), SqlError> {
        let by_rows = if whole {
            (2 + head.len() / 5_000).min(4)
        } else {
            4
        };
        let files = files.unwrap_or(by_rows).max(1).min(head.len());
        for _ in 0..files {
            let writer = RowWriter::new(&self.columns, self.compressed);
            self.writers
                .push(writer.map_err(|error| unwritable(&error))?);
        }
        Ok(())
    }

    fn push(&mut self, row: &Row) -> Result<(), SqlError> {
        let at = usize::try_from(self.rows).unwrap_or(0) % self.writers.len().max(1);
        self.rows += 1;
        let Some(writer) = self.writers.get_mut(at) else {
            return Ok(());
        };
        writer.push(row).map_err(|error| unwritable(&error))?;
        if writer.size() < FILE_BYTES {
            return Ok(());
        }
        let fresh = RowWriter::new(&self.columns, self.compressed);
        let full = std::mem::replace(writer, fresh.map_err(|error| unwritable(&error))?);
        self.send(full)
    }

    fn finish(mut self) -> Result<Self, SqlError> {
        for writer in std::mem::take(&mut self.writers) {
            if writer.rows() > 0 {
                self.send(writer)?;
            }
        }
        Ok(self)
    }

    fn send(&self, writer: RowWriter) -> Result<(), SqlError> {
        let file = writer.finish().map_err(|error| unwritable(&error))?;
        self.finished.blocking_send(file).map_err(|_| SqlError {
            kind: SqlErrorKind::Interrupted,
            message: "nobody takes the files any more".to_owned(),
            offset: None,
        })
    }
}

async fn put(store: &dyn ObjectStore, path: &Path, file: Bytes) -> Result<(), QueryError> {
    match store.put(path, file.into()).await {
        Ok(_) => Ok(()),
        Err(error) => Err(filesystem(&error)),
    }
}

fn unwritable(error: &ParquetError) -> SqlError {
    SqlError::internal(error)
}

fn filesystem(error: &dyn std::fmt::Display) -> QueryError {
    QueryError::new("HIVE_FILESYSTEM_ERROR", error.to_string())
}
