//! How the stand-in is set up.

use std::time::Duration;

use crate::tpch::CATALOGS;

/// What the server does with requests over plain http.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlainHttp {
    /// Takes them, with or without a password.
    #[default]
    Accepted,
    /// Refuses a password over them: 401.
    PasswordRefused,
    /// Refuses them altogether: 403.
    Refused,
}

/// A resource group and the selector that leads to it.
#[derive(Clone, Debug)]
pub struct ResourceGroup {
    /// Its name, as errors tell it.
    pub name: String,
    /// Client tags a query must carry, all of them; none takes every query.
    pub tags: Vec<String>,
    /// Queries that may run at once.
    pub concurrency: usize,
    /// Queries that may wait.
    pub max_queued: usize,
}

/// Set-up of a stand-in.
#[derive(Clone, Debug)]
pub struct StandinConfig {
    /// Scale of the TPC-H tables; 1 is about 1 GB.
    pub scale: f64,
    /// User and password, if Basic authentication is asked for.
    pub password: Option<(String, String)>,
    /// A bearer token that is taken instead of a password.
    pub token: Option<String>,
    /// What happens over plain http.
    pub plain_http: PlainHttp,
    /// Whether X-Forwarded-* headers are honoured; where not, they get a 406.
    pub process_forwarded: bool,
    /// Roles that users hold; `None`: any.
    pub roles: Option<Vec<String>>,
    /// Catalogs with the TPC-H tables.
    pub catalogs: Vec<String>,
    /// What may stand before `.unload`.
    pub unload_qualifiers: Vec<String>,
    /// In order, the first match counts. None at all: no limits.
    pub resource_groups: Vec<ResourceGroup>,
    /// A query whose client has not called for so long is abandoned.
    pub client_timeout: Duration,
    /// How long a GET waits for something new.
    pub page_wait: Duration,
    /// Rows of a page of results, at most.
    pub page_rows: usize,
    /// Pages in state FINISHED that still carry a nextUri.
    pub finished_pages: u32,
    /// How long an ended query is still known.
    pub purge_after: Duration,
    /// How many ended queries are known, at most.
    pub max_history: usize,
    /// Queries kept in the record for tests, at most.
    pub max_records: usize,
    /// SELECTs that SQLite runs at once.
    pub executors: usize,
}

impl Default for StandinConfig {
    fn default() -> Self {
        Self {
            scale: 0.01,
            password: None,
            token: None,
            plain_http: PlainHttp::Accepted,
            process_forwarded: true,
            roles: None,
            catalogs: CATALOGS.map(str::to_owned).to_vec(),
            unload_qualifiers: vec!["io".to_owned(), "starburst.io".to_owned()],
            resource_groups: Vec::new(),
            client_timeout: Duration::from_secs(300),
            page_wait: Duration::from_secs(1),
            page_rows: 1_000,
            finished_pages: 2,
            purge_after: Duration::from_secs(15 * 60),
            max_history: 20_000,
            max_records: 100_000,
            executors: 4,
        }
    }
}
