//! stub
use crate::ports::*;
use futures::TryStreamExt;
#[derive(Clone, Debug, PartialEq)]
pub struct Inventory {
    pub rows: u64,
    pub bytes: u64,
    pub files: u64,
    pub debris: Vec<StoredObject>,
    names: Vec<String>,
}
impl Inventory {
    pub fn agrees_with(&self, o: &Self) -> bool {
        self.names == o.names
    }
}
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    #[error(transparent)]
    Storage(#[from] StorageError),
}
impl InventoryError {
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Storage(e) => e.kind(),
        }
    }
}
pub async fn take(
    storage: &dyn Storage,
    folder: &Folder,
    own: Option<&QueryId>,
    _c: usize,
) -> Result<Inventory, InventoryError> {
    let all: Vec<StoredObject> = storage.list(folder).try_collect().await?;
    let mut i = Inventory {
        rows: 0,
        bytes: 0,
        files: 0,
        debris: vec![],
        names: vec![],
    };
    for o in all {
        i.names.push(o.name.clone());
        if own.is_some_and(|q| !o.file_name().starts_with(q.as_str())) {
            i.debris.push(o);
            continue;
        }
        if let Footer::Parquet { rows } = storage.footer(&o).await? {
            i.rows += rows;
            i.bytes += o.size;
            i.files += 1;
        }
    }
    Ok(i)
}
