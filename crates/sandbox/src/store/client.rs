use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder};

/// A Google Cloud Storage client for one bucket of a store at `url`, as any
/// program would make it for an emulator: without credentials.
pub fn client(url: &str, bucket: &str) -> object_store::Result<GoogleCloudStorage> {
    // A service account with OAuth switched off: also puts and deletes then go
    // out without asking Google for a token.
    let account = serde_json::json!({
        "gcs_base_url": url,
        "disable_oauth": true,
        "client_email": "",
        "private_key": "",
        "private_key_id": "",
    });
    GoogleCloudStorageBuilder::new()
        .with_service_account_key(account.to_string())
        .with_bucket_name(bucket)
        .build()
}
