use std::time::Duration;

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
    http::{StatusCode, request::Parts},
};
use export_api::ErrorCode;
use serde::de::DeserializeOwned;

use super::answer::Refusal;

/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body of at most `MAX` bytes.
pub(super) struct Body<T, const MAX: usize>(pub(super) T);

impl<S, T, const MAX: usize> FromRequest<S> for Body<T, MAX>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let body = request.into_body();
        let read = tokio::time::timeout(BODY_TIMEOUT, to_bytes(body, MAX)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(error)) => return Err(unreadable(&error, MAX)),
            Err(_) => {
                return Err(Refusal::invalid(
                    StatusCode::REQUEST_TIMEOUT,
                    format!(
                        "the body did not arrive within {} s",
                        BODY_TIMEOUT.as_secs()
                    ),
                ));
            }
        };
        let mut json = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            let field = if path == "." { "body" } else { &path };
            let problem = format!("{field}: {}", error.inner());
            if error.inner().is_data() {
                Refusal::unprocessable(problem)
            } else {
                Refusal::invalid(StatusCode::BAD_REQUEST, problem)
            }
        })?;
        json.end()
            .map_err(|error| Refusal::invalid(StatusCode::BAD_REQUEST, format!("body: {error}")))?;
        Ok(Self(value))
    }
}

fn unreadable(error: &axum::Error, max: usize) -> Refusal {
    let too_large = std::error::Error::source(error)
        .is_some_and(|source| source.to_string().contains("length limit"));
    if too_large {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::PayloadTooLarge,
            format!("the body is larger than {max} bytes"),
        )
    } else {
        Refusal::invalid(StatusCode::BAD_REQUEST, "the body broke off")
    }
}

/// The query string.
pub(super) struct Asked<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for Asked<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        Query::try_from_uri(&parts.uri)
            .map(|Query(value)| Self(value))
            .map_err(|error| Refusal::unprocessable(format!("query string: {}", error.body_text())))
    }
}
