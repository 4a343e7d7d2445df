use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;
use url::Url;

const GOOGLE: &str = "https://storage.googleapis.com";

/// Where the XML API is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    emulated: bool,
}

/// A `STORAGE_EMULATOR_HOST` that is no address.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{host:?} is no address of a storage emulator: {problem}; expected host:port or http://host:port"
)]
pub struct EndpointError {
    host: String,
    problem: String,
}

impl Endpoint {
    /// Google Cloud Storage itself.
    pub fn google() -> Self {
        Self {
            base: GOOGLE.to_owned(),
            emulated: false,
        }
    }

    /// An emulator, as `STORAGE_EMULATOR_HOST` names it: with or without a
    /// scheme. Nothing sent there carries credentials.
    pub fn emulator(host: &str) -> Result<Self, EndpointError> {
        let refused = |problem: &str| EndpointError {
            host: host.to_owned(),
            problem: problem.to_owned(),
        };
        let text = if host.contains("://") {
            host.to_owned()
        } else {
            format!("http://{host}")
        };
        let url = Url::parse(&text).map_err(|error| refused(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refused("another scheme than http and https"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refused("a query or fragment in it"));
        }
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            emulated: true,
        })
    }

    /// Whether requests go without credentials.
    pub fn is_emulated(&self) -> bool {
        self.emulated
    }

    /// The address of a bucket, to list it.
    pub(super) fn bucket(&self, bucket: &str) -> String {
        format!("{}/{}", self.base, encoded(bucket))
    }

    /// The address of an object. The whole name is one encoded segment, slashes
    /// too: an address with `..` or `//` in it would not arrive as it was sent.
    pub(super) fn object(&self, bucket: &str, name: &str) -> String {
        format!("{}/{}", self.bucket(bucket), encoded(name))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emulator_is_named_with_or_without_a_scheme() {
        for host in [
            "localhost:4443",
            "http://localhost:4443",
            "http://localhost:4443/",
        ] {
            let endpoint = Endpoint::emulator(host).unwrap();
            assert_eq!(endpoint.bucket("b"), "http://localhost:4443/b", "{host}");
            assert!(endpoint.is_emulated());
        }
        assert_eq!(
            Endpoint::emulator("https://gw/gcs/").unwrap().bucket("b"),
            "https://gw/gcs/b"
        );
        assert!(!Endpoint::google().is_emulated());
    }

    #[test]
    fn what_is_no_address_is_refused_by_name() {
        for host in ["", "ftp://x", "http://", "http://h?x=1", "host:port"] {
            let error = Endpoint::emulator(host).unwrap_err().to_string();
            assert!(error.contains(&format!("{host:?}")), "{error}");
            assert!(error.contains("expected host:port"), "{error}");
        }
    }

    #[test]
    fn a_name_arrives_as_it_is_however_odd() {
        let endpoint = Endpoint::google();
        for name in ["a/../b", "a//b/", "a b=%2F?#&+", "ä/.", "a/./b"] {
            let url = Url::parse(&endpoint.object("bucket", name)).unwrap();
            let sent = url.path().strip_prefix("/bucket/").unwrap();
            let read = percent_encoding::percent_decode_str(sent).decode_utf8();
            assert_eq!(read.unwrap(), name);
            assert_eq!((url.query(), url.fragment()), (None, None));
        }
    }
}
