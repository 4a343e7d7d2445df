use std::sync::Arc;

use axum::{Router, body::Body, extract::Request, response::Response};
use http::{StatusCode, header};
use s3s::{
    service::{S3Service, S3ServiceBuilder},
    validation::NameValidation,
};

use super::{Store, gcs::Gcs};

/// GCS allows more bucket names than S3 does.
struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, name: &str) -> bool {
        !name.is_empty()
    }
}

/// The store behind s3s behind axum.
pub(super) fn router(store: Arc<Store>) -> Router {
    let mut builder = S3ServiceBuilder::new(Gcs::new(store));
    builder.set_validation(AnyName);
    let service = builder.build();
    Router::new().fallback(move |request| call(service.clone(), request))
}

async fn call(service: S3Service, request: Request) -> Response {
    let mut request = request.map(s3s::Body::http_body_unsync);
    // Bearer tokens are Google's; s3s would take them for signatures of AWS.
    request.headers_mut().remove(header::AUTHORIZATION);
    match service.call(request).await {
        Ok(response) => response.map(Body::new),
        Err(error) => {
            tracing::error!(error = ?error, "store did not answer");
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
