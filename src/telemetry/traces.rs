//! Traces of this process, by the configuration.

use std::sync::Arc;

use export_traces::{Exporting, Settings};

use super::Metrics;
use crate::config::TracesConfig;

/// Switches traces on. What keeps them off is logged, and nothing else depends on it.
pub fn start(config: &TracesConfig, worker_id: &str, metrics: &Arc<Metrics>) -> Option<Exporting> {
    let (headers, metrics) = (config.headers.clone(), Arc::clone(metrics));
    let started = export_traces::start(Settings {
        endpoint: config.endpoint.clone(),
        headers: Arc::new(move || {
            let secret = headers.as_ref()?;
            // A file that cannot be read leaves the headers as they were.
            let _ = secret.reload();
            secret.current().ok()
        }),
        service: config.service.clone(),
        version: env!("CARGO_PKG_VERSION"),
        instance: Some(worker_id.to_owned()),
        share: config.share,
        on_dropped: Arc::new(move |spans| metrics.spans_dropped.add((), spans)),
    });
    started
        .inspect_err(|error| tracing::warn!(%error, "going on without traces"))
        .ok()
}
