//! Which value of the chart sets which variable.

/// Which value sets which variable of the worker. A secret's is the Secret that holds it.
pub const WORKER: &[(&str, &str)] = &[
    ("STARBURST_URL", "starburst.url"),
    ("STARBURST_USER", "starburst.user"),
    ("STARBURST_PASSWORD", "starburst.password.secretName"),
    ("STARBURST_TOKEN", "starburst.token.secretName"),
    ("STARBURST_CATALOG", "starburst.catalog"),
    ("STARBURST_SCHEMA", "starburst.schema"),
    ("STARBURST_CLIENT_TAGS", "starburst.clientTags"),
    ("STARBURST_SOURCE", "starburst.source"),
    ("STARBURST_ROLE", "starburst.role"),
    ("STARBURST_SSL_VERIFY", "starburst.sslVerify"),
    ("STARBURST_CA_FILE", "starburst.ca.configMapName"),
    (
        "STARBURST_REQUEST_TIMEOUT_SECONDS",
        "starburst.requestTimeoutSeconds",
    ),
    ("STARBURST_REWRITE_NEXT_URI", "starburst.rewriteNextUri"),
    ("STARBURST_UNLOAD_FUNCTION", "starburst.unloadFunction"),
    ("STARBURST_SETTLE_SECONDS", "starburst.settleSeconds"),
    ("CONTROL_PLANE_URL", "controlPlane.url"),
    (
        "CONTROL_PLANE_TIMEOUT_SECONDS",
        "controlPlane.timeoutSeconds",
    ),
    ("CONTROL_PLANE_MAX_RETRIES", "controlPlane.maxRetries"),
    ("CONTROL_PLANE_AUTH", "controlPlane.auth"),
    (
        "GRAPH_OLAP_INTERNAL_API_KEY",
        "controlPlane.apiKey.secretName",
    ),
    ("EXPORT_BUCKET", "storage.bucket"),
    ("GCP_PROJECT", "storage.gcpProject"),
    ("STORAGE_EMULATOR_HOST", "storage.emulatorHost"),
    ("COUNT_CONCURRENCY", "storage.countConcurrency"),
    ("EXPORT_STRATEGY", "export.strategy"),
    ("DIRECT_EXPORT", "export.directExport"),
    ("ROLE", "mode"),
    ("POLL_INTERVAL_SECONDS", "loops.pollIntervalSeconds"),
    (
        "EMPTY_POLL_BACKOFF_SECONDS",
        "loops.emptyPollBackoffSeconds",
    ),
    ("CLAIM_LIMIT", "loops.claimLimit"),
    ("POLL_LIMIT", "loops.pollLimit"),
    ("SUBMIT_CONCURRENCY", "loops.submitConcurrency"),
    ("POLL_CONCURRENCY", "loops.pollConcurrency"),
    ("LEASE_SECONDS", "loops.leaseSeconds"),
    ("CLAIM_WAIT_SECONDS", "loops.claimWaitSeconds"),
    ("SHUTDOWN_GRACE_SECONDS", "loops.shutdownGraceSeconds"),
    ("DRY_RUN", "loops.dryRun"),
    ("LOG_LEVEL", "log.level"),
    ("LOG_FORMAT", "log.format"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces.endpoint"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "traces.headers.secretName"),
    ("OTEL_SERVICE_NAME", "traces.serviceName"),
    ("OTEL_TRACES_SAMPLER_ARG", "traces.samplerArg"),
    ("LISTEN_ADDR", "metrics.port"),
];

/// Which value sets which variable of the Control Plane, with one that it takes.
pub const CONTROL_PLANE: &[(&str, &str, &str)] = &[
    (
        "DATABASE_URL_FILE",
        "controlPlaneServer.postgresql.url.secretName",
        "\"database\"",
    ),
    (
        "DATABASE_MAX_CONNECTIONS",
        "controlPlaneServer.postgresql.maxConnections",
        "7",
    ),
    ("NO_MIGRATE", "controlPlaneServer.migrate", "\"hook\""),
    (
        "GRAPH_OLAP_INTERNAL_API_KEY_FILE",
        "controlPlane.apiKey.secretName",
        "\"key\"",
    ),
    ("LEASE_SECONDS", "controlPlaneServer.leaseSeconds", "77"),
    ("MAX_ATTEMPTS", "controlPlaneServer.maxAttempts", "7"),
    (
        "REAP_INTERVAL_SECONDS",
        "controlPlaneServer.reapIntervalSeconds",
        "7",
    ),
    (
        "SHUTDOWN_GRACE_SECONDS",
        "controlPlaneServer.shutdownGraceSeconds",
        "77",
    ),
    (
        "METRICS_SNAPSHOTS",
        "controlPlaneServer.metricsSnapshots",
        "7",
    ),
    ("LISTEN_ADDR", "controlPlaneServer.service.port", "7777"),
    ("LOG_LEVEL", "log.level", "\"debug\""),
    ("LOG_FORMAT", "log.format", "\"text\""),
    (
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "traces.endpoint",
        "\"http://collector:4318\"",
    ),
    (
        "OTEL_EXPORTER_OTLP_HEADERS_FILE",
        "traces.headers.secretName",
        "\"collector\"",
    ),
    (
        "OTEL_SERVICE_NAME",
        "controlPlaneServer.tracesServiceName",
        "\"queue\"",
    ),
    ("OTEL_TRACES_SAMPLER_ARG", "traces.samplerArg", "0.25"),
];

/// Those that no value sets: secrets themselves, and what the store decides.
pub const CONTROL_PLANE_WITHOUT_VALUE: &[&str] = &[
    "DATABASE_URL",
    "GRAPH_OLAP_INTERNAL_API_KEY",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "SQLITE_PATH",
    "INSECURE",
];

/// The value that sets a variable of the worker.
pub fn value_of(variable: &str) -> &'static str {
    let row = WORKER.iter().find(|(name, _)| *name == variable);
    row.unwrap_or_else(|| panic!("{variable} cannot be set by a value of the chart"))
        .1
}
