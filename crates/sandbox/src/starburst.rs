//! A stand-in for Starburst: the statement protocol of Trino over real sockets,
//! SELECTs that SQLite runs over TPC-H tables, and UNLOADs that really write
//! Parquet files to an object store.
//!
//! Where nothing is documented (file names, the row an unload returns), it does
//! something plausible that no client may rely on.

mod config;
mod coordinator;
mod error;
mod execute;
mod groups;
mod life;
mod pages;
mod query;
mod record;
mod routes;
mod session;
mod state;
mod statement;
mod switches;
mod unload;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;

pub use config::{PlainHttp, ResourceGroup, StandinConfig};
pub use coordinator::Stores;
pub use error::QueryError;
pub use record::{QueryRecord, RequestCounts};
pub use session::Session;
pub use state::QueryState;
pub use switches::{Hold, Switches};

use crate::tpch::SqlError;
use coordinator::Coordinator;

/// A coordinator that stands in for Starburst's.
pub struct Standin {
    coordinator: Arc<Coordinator>,
}

impl Standin {
    /// A stand-in that writes to the stores behind the buckets' names.
    pub fn new(config: StandinConfig, stores: Stores) -> Arc<Self> {
        Arc::new(Self {
            coordinator: Arc::new(Coordinator::new(config, stores)),
        })
    }

    /// Its endpoints. The origin of a nextUri is what the request's Host or
    /// X-Forwarded-* headers say.
    pub fn router(&self) -> Router {
        routes::router(Arc::clone(&self.coordinator))
    }

    /// Generates the TPC-H tables now, not on the first query that needs SQLite.
    pub async fn warm_up(&self) -> Result<(), SqlError> {
        self.coordinator.executor.warm_up().await
    }

    /// What can be set while it runs.
    pub fn switches(&self) -> &Switches {
        &self.coordinator.switches
    }

    /// Forgets all queries, as a coordinator does that was restarted. What they
    /// wrote stays.
    pub fn restart(&self) {
        self.coordinator.restart();
    }

    /// The last queries, oldest first, also those that are over or forgotten.
    pub fn queries(&self) -> Vec<QueryRecord> {
        self.coordinator.record.queries()
    }

    /// Waits until `met` holds of [`Self::queries`]; looks at every change. The
    /// record is locked meanwhile: `met` must not call the stand-in.
    pub async fn wait_until(&self, met: impl Fn(&[QueryRecord]) -> bool) {
        self.coordinator.record.wait_until(met).await;
    }

    /// Requests answered so far.
    pub fn requests(&self) -> RequestCounts {
        self.coordinator.counters.counts()
    }
}
