use std::time::Duration;

use bytes::Bytes;
use http::Method;
use url::Url;

/// The largest list of jobs we read: 100 jobs of some 600 KiB of SQL each.
pub(super) const LIST_LIMIT: usize = 64 * 1024 * 1024;
/// The largest other answer we read.
pub(super) const ANSWER_LIMIT: usize = 1024 * 1024;

/// One call, as often as it has to be sent.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) url: Url,
    /// JSON, or nothing.
    pub(super) body: Option<Bytes>,
    /// How long the answer may take, its body included.
    pub(super) timeout: Duration,
    /// How large the answer may be, in bytes.
    pub(super) limit: usize,
    /// The same for every time it is sent, so that the other side's log shows them as one.
    pub(super) request_id: String,
}

/// An address below `{url}/api/internal`, its segments encoded.
pub(super) fn internal(base: &Url, segments: &[&str]) -> Url {
    let mut url = base.clone();
    // An http address always has segments; it was checked when the client was built.
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty()
            .extend(["api", "internal"])
            .extend(segments);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_keep_a_path_of_the_base_and_encode_ids() {
        for (base, expected) in [
            (
                "http://cp:8080",
                "http://cp:8080/api/internal/export-jobs/a%2Fb",
            ),
            (
                "http://cp:8080/",
                "http://cp:8080/api/internal/export-jobs/a%2Fb",
            ),
            (
                "https://x/cp/",
                "https://x/cp/api/internal/export-jobs/a%2Fb",
            ),
        ] {
            let url = internal(&Url::parse(base).unwrap(), &["export-jobs", "a/b"]);
            assert_eq!(url.as_str(), expected);
        }
    }
}
