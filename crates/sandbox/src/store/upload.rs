use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use uuid::Uuid;

use super::objects::Incoming;

/// A multipart upload that was begun.
pub(super) struct Upload {
    pub(super) bucket: String,
    pub(super) name: String,
    pub(super) content_type: Option<String>,
    /// By number.
    pub(super) parts: BTreeMap<i32, Part>,
}

/// One part of an upload.
pub(super) struct Part {
    pub(super) etag: String,
    pub(super) bytes: Incoming,
}

/// The multipart uploads under way.
#[derive(Default)]
pub(super) struct Uploads {
    by_id: Mutex<HashMap<String, Upload>>,
}

impl Uploads {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Upload>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an upload and names it.
    pub(super) fn begin(&self, upload: Upload) -> String {
        let id = Uuid::new_v4().simple().to_string();
        self.lock().insert(id.clone(), upload);
        id
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        self.lock().contains_key(id)
    }

    /// Adds a part, in place of an earlier one of its number; false if there is no such upload.
    pub(super) fn add(&self, id: &str, number: i32, part: Part) -> bool {
        match self.lock().get_mut(id) {
            Some(upload) => {
                upload.parts.insert(number, part);
                true
            }
            None => false,
        }
    }

    /// Takes an upload out, to complete or to forget it.
    pub(super) fn take(&self, id: &str) -> Option<Upload> {
        self.lock().remove(id)
    }
}
