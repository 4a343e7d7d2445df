use url::Url;

use super::{
    reader::Reader,
    setting::{Default, Group, Kind, Setting},
};

/// Where the Parquet files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageConfig {
    /// `GCP_PROJECT`, default none: named in the start log; buckets are found without it.
    pub gcp_project: Option<String>,
    /// `STORAGE_EMULATOR_HOST`, default none: a GCS emulator in place of Google's service.
    pub emulator: Option<Url>,
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
const COUNT_CONCURRENCY: Setting = Setting {
    variable: "COUNT_CONCURRENCY",
    kind: Kind::Number { min: 1, max: 1024 },
    default: Default::Value("32"),
    help: "Parquet footers read at once, per inventory",
};

/// The settings of this section.
pub(super) const GROUP: Group = Group {
    title: "Storage",
    settings: &[GCP_PROJECT, EMULATOR, COUNT_CONCURRENCY],
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
        let count_concurrency = reader.count(&COUNT_CONCURRENCY);
        Some(Self {
            gcp_project,
            emulator,
            count_concurrency: count_concurrency?,
        })
    }
}
