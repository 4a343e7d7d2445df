use url::Url;

use crate::{
    http::origin,
    ports::{QueryId, StarburstError},
};

/// Where requests may go: one origin, the configured one. Our credentials go
/// nowhere else, because no request does.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    base: Url,
    rewrite: bool,
}

impl Endpoint {
    pub(super) fn new(base: Url, rewrite: bool) -> Self {
        Self { base, rewrite }
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> String {
        origin(&self.base)
    }

    pub(super) fn is_plain_http(&self) -> bool {
        self.base.scheme() == "http"
    }

    /// Where statements are posted.
    pub(super) fn statement(&self) -> Url {
        self.below(&["v1", "statement"])
    }

    /// What the coordinator knows of one query, in short.
    pub(super) fn query_info(&self, query: &QueryId) -> Url {
        let mut url = self.query(query);
        url.set_query(Some("pruned=true"));
        url
    }

    /// One query.
    pub(super) fn query(&self, query: &QueryId) -> Url {
        self.below(&["v1", "query", query.as_str()])
    }

    fn below(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        // Only an address that cannot be a base has no segments; settings refuse those.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Reads an address the coordinator named, and says whether we go there.
    /// `from` is what a relative one (of a redirect) is relative to.
    pub(super) fn admit(&self, uri: &str, from: Option<&Url>) -> Result<Url, StarburstError> {
        let mut url = Url::options()
            .base_url(from)
            .parse(uri)
            // The address itself is a secret, a wrong one perhaps too.
            .map_err(|error| StarburstError::Unreadable {
                status: 200,
                problem: format!("a nextUri that is no address ({error})"),
            })?;
        // They would become an Authorization header.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        if url.origin() == self.base.origin() {
            return Ok(url);
        }
        if self.rewrite && matches!(url.scheme(), "http" | "https") {
            return Ok(self.rewritten(&url));
        }
        Err(StarburstError::ForeignOrigin {
            found: origin(&url),
            expected: self.origin(),
        })
    }

    /// The same path at our own address, below the path a gateway wants.
    fn rewritten(&self, url: &Url) -> Url {
        let prefix = self.base.path().trim_end_matches('/');
        let below = url
            .path()
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with('/'));
        let mut rewritten = self.base.clone();
        rewritten.set_path(&if below {
            url.path().to_owned()
        } else {
            format!("{prefix}{}", url.path())
        });
        rewritten.set_query(url.query());
        rewritten
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(base: &str, rewrite: bool) -> Endpoint {
        Endpoint::new(Url::parse(base).unwrap(), rewrite)
    }

    #[test]
    fn addresses_are_built_below_the_path_a_gateway_wants() {
        for base in ["https://gate/trino", "https://gate/trino/"] {
            let endpoint = endpoint(base, false);
            assert_eq!(
                endpoint.statement().as_str(),
                "https://gate/trino/v1/statement"
            );
            assert_eq!(
                endpoint.query_info(&QueryId::new("a/../b?c")).as_str(),
                "https://gate/trino/v1/query/a%2F..%2Fb%3Fc?pruned=true"
            );
        }
    }

    #[test]
    fn our_own_origin_is_admitted_however_it_is_written() {
        let endpoint = endpoint("https://starburst", false);
        for uri in [
            "https://starburst/v1/x",
            "https://STARBURST:443/v1/x",
            "https://user:word@starburst/v1/x",
        ] {
            let url = endpoint.admit(uri, None).unwrap();
            assert_eq!(url.as_str(), "https://starburst/v1/x");
        }
    }

    #[test]
    fn another_origin_is_refused_with_both_named() {
        let endpoint = endpoint("https://starburst", false);
        for (uri, found) in [
            ("http://starburst/v1/secret", "http://starburst"),
            ("https://starburst:8443/v1/secret", "https://starburst:8443"),
            ("https://starburst.evil/v1/secret", "https://starburst.evil"),
        ] {
            let error = endpoint.admit(uri, None).unwrap_err();
            assert_eq!(
                error,
                StarburstError::ForeignOrigin {
                    found: found.to_owned(),
                    expected: "https://starburst".to_owned()
                }
            );
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_foreign_address_is_rewritten_where_that_is_wanted() {
        let endpoint = endpoint("https://gate/trino", true);
        for (uri, rewritten) in [
            (
                "http://internal:8080/v1/x?a=b",
                "https://gate/trino/v1/x?a=b",
            ),
            ("http://gate/trino/v1/x", "https://gate/trino/v1/x"),
            ("http://gate/trinox/v1", "https://gate/trino/trinox/v1"),
        ] {
            assert_eq!(endpoint.admit(uri, None).unwrap().as_str(), rewritten);
        }
        assert!(endpoint.admit("file:///etc/passwd", None).is_err());
    }

    #[test]
    fn what_is_no_address_is_not_repeated_in_the_error() {
        let endpoint = endpoint("https://gate", true);
        let error = endpoint.admit("secret slug", None).unwrap_err();
        assert!(!error.to_string().contains("slug"), "{error}");
    }
}
