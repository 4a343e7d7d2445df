use futures::TryStreamExt as _;

use super::Verdict;
use crate::ports::{Folder, Storage, StorageError};

/// The first object of a folder, or that there is none.
pub async fn listing(storage: &dyn Storage, folder: &Folder) -> Verdict {
    match storage.list(folder).try_next().await {
        Ok(Some(object)) => Ok(format!(
            "{folder} can be listed; it holds {} and maybe more",
            object.file_name()
        )),
        Ok(None) => Ok(format!("{folder} can be listed; it is empty")),
        Err(error) => Err(with_advice(&error)),
    }
}

/// Writes a small object and deletes it again: for `doctor` alone.
pub async fn writing(storage: &dyn Storage, folder: &Folder) -> Verdict {
    match storage.check_writable(folder).await {
        Ok(()) => Ok(format!("{folder} can be written to")),
        Err(error) => Err(with_advice(&error)),
    }
}

fn with_advice(error: &StorageError) -> String {
    let advice = match error {
        StorageError::NotFound { .. } => "; create it, or check the name in EXPORT_BUCKET",
        StorageError::Unavailable { .. }
        | StorageError::Denied { .. }
        | StorageError::Refused { .. }
        | StorageError::UnreadableParquet { .. }
        | StorageError::Interrupted => "",
    };
    format!("{error}{advice}")
}
