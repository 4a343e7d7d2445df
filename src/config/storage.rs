use url::Url;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};
use crate::ports::{Folder, FolderError};

/// Where a bucket is examined that is named without a folder: nothing is ever
/// listed or written at a bucket's root.
const FOLDER_OF_CHECKS: &str = ".export-worker";

/// Where the Parquet files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageConfig {
    /// `GCP_PROJECT`, default none: named in the start log; buckets are found without it.
    pub gcp_project: Option<String>,
    /// `STORAGE_EMULATOR_HOST`, default none: a GCS emulator in place of Google's service.
    pub emulator: Option<Url>,
    /// `EXPORT_BUCKET`, default none: what must be reached before the worker is
    /// ready, and what `doctor` examines. Jobs may name other buckets.
    pub export_bucket: Option<Folder>,
    /// `COUNT_CONCURRENCY`, default `32`: footers read at once, per inventory.
    pub count_concurrency: usize,
}

const GCP_PROJECT: Setting = Setting {
    variable: "GCP_PROJECT",
    kind: Kind::Text,
    default: Default::Otherwise("none"),
    help: "Google Cloud project, named in the log; buckets are found without it",
};
const EMULATOR: Setting = Setting {
    variable: "STORAGE_EMULATOR_HOST",
    kind: Kind::Url,
    default: Default::Otherwise("Google Cloud Storage"),
    help: "GCS emulator in place of Google's service; host:port will do",
};
const EXPORT_BUCKET: Setting = Setting {
    variable: "EXPORT_BUCKET",
    kind: Kind::Bucket,
    default: Default::Otherwise("none"),
    help: "bucket, or folder of one, that must be reached before the worker is ready; jobs may name others",
};
const COUNT_CONCURRENCY: Setting = Setting {
    variable: "COUNT_CONCURRENCY",
    kind: Kind::Number { min: 1, max: 1024 },
    default: Default::Value("32"),
    help: "Parquet footers read at once, per inventory",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Storage",
    settings: &[GCP_PROJECT, EMULATOR, EXPORT_BUCKET, COUNT_CONCURRENCY],
};

impl StorageConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let gcp_project = reader.text(&GCP_PROJECT);
        let emulator = reader.text(&EMULATOR).and_then(|text| {
            // Google's own clients take host:port here, so deployments have it.
            if text.contains("://") {
                reader.parse_url(&EMULATOR, &text)
            } else {
                reader.parse_url(&EMULATOR, &format!("http://{text}"))
            }
        });
        let export_bucket = read_bucket(reader);
        let count_concurrency = reader.count(&COUNT_CONCURRENCY);
        Some(Self {
            gcp_project,
            emulator,
            export_bucket,
            count_concurrency: count_concurrency?,
        })
    }
}

fn read_bucket(reader: &mut Reader<'_>) -> Option<Folder> {
    let text = reader.text(&EXPORT_BUCKET)?;
    match examined(&text) {
        Ok(folder) => Some(folder),
        Err(error) => {
            reader.unexpected(&EXPORT_BUCKET, text, error.problem());
            None
        }
    }
}

/// The folder in which a bucket is examined: the one that is named, or one that
/// no job exports to.
pub fn examined(bucket: &str) -> Result<Folder, FolderError> {
    let is_bare = bucket
        .strip_prefix("gs://")
        .map(|rest| rest.trim_end_matches('/'))
        .is_some_and(|name| !name.is_empty() && !name.contains('/'));
    if is_bare {
        Folder::parse(&format!(
            "{}/{FOLDER_OF_CHECKS}",
            bucket.trim_end_matches('/')
        ))
    } else {
        Folder::parse(bucket)
    }
}
