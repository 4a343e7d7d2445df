use http::Method;

use super::Service;

/// The name a request is counted under. Ids are replaced and anything unknown
/// is `other`, so that the names are a closed set.
pub(super) fn endpoint(service: Service, method: &Method, path: &str, query: &str) -> String {
    match service {
        Service::Store => of_store(method, path, query).to_owned(),
        Service::Starburst => {
            of_starburst(path).map_or_else(|| "other".to_owned(), |path| format!("{method} {path}"))
        }
        Service::ControlPlane => of_control_plane(path)
            .map_or_else(|| "other".to_owned(), |path| format!("{method} {path}")),
    }
}

fn of_store(method: &Method, path: &str, query: &str) -> &'static str {
    let has = |name: &str| {
        query
            .split('&')
            .any(|pair| pair.split('=').next() == Some(name))
    };
    let is_object = path
        .trim_start_matches('/')
        .split_once('/')
        .is_some_and(|(_, key)| !key.is_empty());
    match (method, is_object) {
        (&Method::GET, false) => "list",
        (&Method::PUT, false) => "create_bucket",
        (&Method::GET, true) => "get",
        (&Method::HEAD, true) => "head",
        (&Method::DELETE, true) if has("uploadId") => "abort",
        (&Method::DELETE, true) => "delete",
        (&Method::PUT, true) if has("uploadId") => "put_part",
        (&Method::PUT, true) => "put",
        (&Method::POST, true) if has("uploads") => "initiate",
        (&Method::POST, true) => "complete",
        _ => "other",
    }
}

fn of_starburst(path: &str) -> Option<&'static str> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["v1", "statement"] => Some("/v1/statement"),
        ["v1", "statement", "queued", ..] => Some("/v1/statement/queued"),
        ["v1", "statement", "executing", ..] => Some("/v1/statement/executing"),
        ["v1", "query", _] => Some("/v1/query/{id}"),
        ["v1", "info"] => Some("/v1/info"),
        _ => None,
    }
}

fn of_control_plane(path: &str) -> Option<&'static str> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["api", "internal", rest @ ..] => match rest {
            ["export-jobs", "claim"] => Some("/api/internal/export-jobs/claim"),
            ["export-jobs", "pollable"] => Some("/api/internal/export-jobs/pollable"),
            ["export-jobs", _] => Some("/api/internal/export-jobs/{id}"),
            ["snapshots", _, "export-jobs"] => Some("/api/internal/snapshots/{id}/export-jobs"),
            ["snapshots", _, "status"] => Some("/api/internal/snapshots/{id}/status"),
            _ => None,
        },
        ["api", "snapshots"] => Some("/api/snapshots"),
        ["api", "snapshots", _] => Some("/api/snapshots/{id}"),
        ["api", "snapshots", _, "cancel"] => Some("/api/snapshots/{id}/cancel"),
        ["api", "export-jobs", "pending-count"] => Some("/api/export-jobs/pending-count"),
        ["healthz"] => Some("/healthz"),
        ["readyz"] => Some("/readyz"),
        ["metrics"] => Some("/metrics"),
        _ => None,
    }
}
