use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header::RETRY_AFTER};
use reqwest::Response;
use thiserror::Error;

use super::describe;
use crate::retry::LONGEST_RETRY_AFTER;

/// A body that could not be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyError {
    /// The connection broke, or the time was over.
    #[error("{0}")]
    Cut(String),
    /// It is larger than anything that was asked for.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
}

/// Reads a body, and stops at `limit` bytes: nobody can fill our memory.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, BodyError> {
    let announced = response.content_length().unwrap_or(0);
    if announced > limit as u64 {
        return Err(BodyError::TooLarge(limit));
    }
    let mut body = BytesMut::with_capacity(usize::try_from(announced).unwrap_or(0));
    while let Some(chunk) = response
        .chunk()
        .await
        .map_err(|error| BodyError::Cut(describe(&error)))?
    {
        if body.len() + chunk.len() > limit {
            return Err(BodyError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads `Retry-After`, in seconds or as a date, clamped to [`LONGEST_RETRY_AFTER`].
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        // A date that is past asks for no delay.
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(SystemTime::now())
            .unwrap_or(Duration::ZERO),
    };
    Some(delay.min(LONGEST_RETRY_AFTER))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn asked(value: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        retry_after(&headers)
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        assert_eq!(asked("7"), Some(Duration::from_secs(7)));
        assert_eq!(asked("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        let soon = SystemTime::now() + Duration::from_secs(30);
        let delay = asked(&httpdate::fmt_http_date(soon)).unwrap();
        assert!(delay <= Duration::from_secs(30), "{delay:?}");
        assert!(delay > Duration::from_secs(20), "{delay:?}");
    }

    #[test]
    fn an_absurd_retry_after_is_cut_and_a_senseless_one_ignored() {
        assert_eq!(asked("86400"), Some(LONGEST_RETRY_AFTER));
        assert_eq!(asked("soon"), None);
        assert_eq!(asked("-1"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    fn response(body: impl Into<reqwest::Body>) -> Response {
        http::Response::new(body.into()).into()
    }

    #[tokio::test]
    async fn a_body_is_read_up_to_its_limit_and_no_further() {
        assert_eq!(read_body(response("12345"), 5).await.unwrap(), "12345");
        assert_eq!(
            read_body(response("123456"), 5).await,
            Err(BodyError::TooLarge(5))
        );
        // A body of unannounced length.
        let chunks = futures::stream::iter(vec![Ok::<_, std::io::Error>("123"), Ok("456")]);
        assert_eq!(
            read_body(response(reqwest::Body::wrap_stream(chunks)), 5).await,
            Err(BodyError::TooLarge(5))
        );
    }
}
