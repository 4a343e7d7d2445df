use axum::{
    extract::{FromRequestParts, Path},
    http::{StatusCode, request::Parts},
};
use export_api::ErrorCode;

use super::answer::Refusal;

/// The id in a path. One with a control character in it names nothing: the store is
/// not asked, for PostgreSQL keeps no NUL.
pub(super) struct PathId<T>(pub(super) T);

impl<S, T> FromRequestParts<S> for PathId<T>
where
    S: Send + Sync,
    T: From<String>,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let nothing = |message| Refusal::new(StatusCode::NOT_FOUND, ErrorCode::NotFound, message);
        let Path(id) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_| nothing("the id in the path is no text".to_owned()))?;
        if id.chars().any(char::is_control) {
            return Err(nothing(format!(
                "there is nothing with the id {id:?}; it has a control character in it"
            )));
        }
        Ok(Self(T::from(id)))
    }
}
